"""What a judge may answer. Only `Judged` has a match and a score; an unanswered question is another type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

LogicMatch = Literal["full", "partial", "none"]
Bottleneck = Literal["same", "other", "none"]
Coverage = Literal["covered", "covered_differently", "missing"]
Side = Literal["candidate", "human", "base"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Unit(_Frozen):
    """One function-level edit of the human change, and what the candidate does about it."""

    unit: str = Field(description="FILE::QUALIFIED.NAME of the human edit")
    coverage: Coverage
    why: str


class Evidence(_Frozen):
    """A claim with the words it rests on; `verified` says whether the quote is verbatim on that side."""

    file: str
    side: Side
    quote: str
    claim: str
    verified: bool | None = None


class Tokens(_Frozen):
    """Tokens of one judgement; None where the provider did not say."""

    input: int | None = None
    cached: int | None = None
    reasoning: int | None = None
    output: int | None = None


class _Answer(_Frozen):
    judge: str = Field(description="which judge spoke: provider and model, or the name in a replay file")
    scope: str = Field(description="how far its word goes")
    tokens: Tokens | None = None
    cost_usd: float | None = None


class Judged(_Answer):
    """The judge answered the question; match and completeness are derived from the units in code."""

    status: Literal["judged"] = "judged"
    logic_match: LogicMatch
    completeness: float | None = Field(ge=0, le=1, description="share of the human units covered; null without units")
    bottleneck: Bottleneck
    units: tuple[Unit, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    votes: tuple[LogicMatch, ...] = ()
    contradictions: tuple[str, ...] = ()


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


Judgement = Annotated[Judged | Abstained | Errored | NotAsked, Field(discriminator="status")]


def derive_match(units: Sequence[Unit], bottleneck: Bottleneck) -> LogicMatch:
    """Derive the match from the parts of the answer; never asked of the judge itself.

    `full`: the same bottleneck and every unit covered, in whatever way; `partial`: the same bottleneck
    and some unit covered; `none`: anything else.
    """
    covered = [unit.coverage != "missing" for unit in units]
    if bottleneck != "same" or not any(covered):
        return "none"
    return "full" if all(covered) else "partial"


def completeness(units: Sequence[Unit]) -> float | None:
    """Return the share of units covered, None when there are none to cover."""
    return sum(unit.coverage != "missing" for unit in units) / len(units) if units else None
