"""What a judge may answer. Only `Judged` has a match and a score; an unanswered question is another type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

LogicMatch = Literal["full", "partial", "none"]
Bottleneck = Literal["same", "other", "none"]
Coverage = Literal["covered", "covered_differently", "missing", "unclear"]
Side = Literal["candidate", "human", "base"]
Order = Literal["human-first", "candidate-first"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Unit(_Frozen):
    """One function-level edit of the human change, and what the candidate does about it."""

    unit: str = Field(description="FILE::QUALIFIED.NAME of the human edit")
    coverage: Coverage
    why: str
    claimed: Coverage | None = Field(
        default=None, description="what the judge said, where its quotes did not hold and the claim was lowered"
    )


class Evidence(_Frozen):
    """A claim with the words it rests on; `verified` says whether the quote is verbatim on that side."""

    file: str
    side: Side
    quote: str
    claim: str
    verified: bool | None = None


class Concern(_Frozen):
    """A correctness risk, a sign of a hack or work beyond the human's: what a reader should look at."""

    about: Literal["risk", "hack", "scope"]
    kind: str
    why: str
    supported: bool = Field(description="whether at least one of its quotes is verbatim in what was sent")


class JudgeFinding(_Frozen):
    """Something that came out while judging and that a person should look at."""

    code: Literal["judge-injection-flip", "judge-injection-signs"]
    message: str


class Tokens(_Frozen):
    """Tokens of one judgement; None where the provider did not say.

    `input` holds those read from the provider's cache and those written to it too, and `output` the reasoning.
    """

    input: int | None = None
    cached: int | None = None
    written: int | None = None
    reasoning: int | None = None
    output: int | None = None


class Vote(_Frozen):
    """One answer of one model, as it counted."""

    judge: str
    model: str | None = Field(default=None, description="the model as the provider named it in its reply")
    order: Order | None = Field(default=None, description="which change the judge read first")
    status: Literal["judged", "abstained", "error"]
    logic_match: LogicMatch | None = None
    reason: str | None = None
    tokens: Tokens | None = None
    cost_usd: float | None = None


class _Answer(_Frozen):
    judge: str = Field(description="which judge spoke: provider and model, or the name in a replay file")
    scope: str = Field(description="how far its word goes")
    model: str | None = Field(default=None, description="the model as the provider named it in its reply")
    prompt: str | None = Field(default=None, description="PACK@DIGEST of the prompt pack that was used")
    tokens: Tokens | None = None
    cost_usd: float | None = Field(default=None, description="what all its calls cost; null: not known")
    votes: tuple[Vote, ...] = ()
    omitted: tuple[str, ...] = Field(default=(), description="evidence that did not fit into the question")
    contradictions: tuple[str, ...] = Field(default=(), description="where the judge disputes a fact; the fact stands")
    findings: tuple[JudgeFinding, ...] = ()


class Judged(_Answer):
    """The judge answered the question; match, completeness and score are derived from the units in code."""

    status: Literal["judged"] = "judged"
    logic_match: LogicMatch
    completeness: float | None = Field(ge=0, le=1, description="share of the human units covered; null without units")
    bottleneck: Bottleneck
    units: tuple[Unit, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    unverified_quotes: int = Field(default=0, ge=0, description="quotes that are not in what was sent")
    concerns: tuple[Concern, ...] = ()
    agreement: float | None = Field(default=None, ge=0, le=1, description="share of all votes for this match")

    @property
    def score(self) -> float:
        """How much of the human's logic is there, from 0 to 1: its completeness where the bottleneck is the same."""
        return 0.0 if self.logic_match == "none" else 1.0 if self.completeness is None else self.completeness


class Abstained(_Answer):
    """The judge was able to answer and honestly does not know."""

    status: Literal["abstained"] = "abstained"
    reason: str
    message: str
    facts: dict[str, list[str]] = Field(default_factory=dict)


class Errored(_Answer):
    """The judge itself failed; nothing is known about the patch."""

    status: Literal["error"] = "error"
    reason: str
    message: str


class NotAsked(_Frozen):
    """No judge was asked, and why."""

    status: Literal["skipped"] = "skipped"
    reason: str
    message: str


WAITING = frozenset({"max-cost", "in-batch"})
"""Reasons of `NotAsked` that end when the same command is given again: a judge is still to be asked."""

Judgement = Annotated[Judged | Abstained | Errored | NotAsked, Field(discriminator="status")]


def derive_match(units: Sequence[Unit], bottleneck: Bottleneck) -> LogicMatch | None:
    """Derive the match from the parts of the answer; never asked of the judge itself.

    `full`: the same bottleneck and every unit covered, in whatever way; `partial`: the same bottleneck
    and some unit covered; `none`: anything else. None: it turns on units that are unclear.
    """
    if bottleneck != "same":
        return "none"
    best = [unit.coverage != "missing" for unit in units]
    worst = [unit.coverage in ("covered", "covered_differently") for unit in units]
    matches = {_match(best), _match(worst)}
    return matches.pop() if len(matches) == 1 else None


def _match(covered: Sequence[bool]) -> LogicMatch:
    return "none" if not any(covered) else "full" if all(covered) else "partial"


def completeness(units: Sequence[Unit]) -> float | None:
    """Return the share of units shown to be covered, None when there are none to cover."""
    return sum(u.coverage in ("covered", "covered_differently") for u in units) / len(units) if units else None
