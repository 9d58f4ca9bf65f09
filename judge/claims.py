"""Claims against facts: where a judge asserted something that the gates can check, how often it was wrong. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from judge.proportion import Interval, wilson

ClaimName = Literal["syntax_correct", "files_match", "is_template_code"]
CLAIMS: tuple[ClaimName, ...] = ("syntax_correct", "files_match", "is_template_code")

FACT_BEHIND: Mapping[ClaimName, str] = {
    "syntax_correct": "gate parse, on the applied tree",
    "files_match": "gate overlap: a file in common with the human commit",
    "is_template_code": "gate template",
}


@dataclass(frozen=True, kw_only=True)
class PatchFacts:
    """What the gates found of one patch; None is what they could not check."""

    applies: bool | None
    parses: bool | None
    shares_file: bool | None
    template: bool | None

    def of(self, claim: ClaimName) -> bool | None:
        """Return what a claim should have been; None where there is no fact to hold it against."""
        match claim:
            case "syntax_correct":
                return self.parses
            case "files_match":
                return self.shares_file
            case "is_template_code":
                return self.template


def facts_of(statuses: Mapping[str, str], overlap: Mapping[str, object]) -> PatchFacts:
    """Read the facts off the gates.

    Args:
        statuses: status of each gate by name.
        overlap: the facts of the gate `overlap`.
    """

    def passed(gate: str) -> bool | None:
        return {"pass": True, "fail": False}.get(statuses.get(gate, ""))

    files = overlap.get("files")
    template = passed("template")
    return PatchFacts(
        applies=passed("apply"),
        parses=passed("parse"),
        shares_file=bool(files.get("common")) if isinstance(files, Mapping) else None,
        template=None if template is None else not template,
    )


@dataclass(frozen=True, kw_only=True)
class CheckedClaim:
    """One assertion of a judge and the fact it is held against; a fact of None could not be checked."""

    name: ClaimName
    said: bool
    fact: bool | None


def check_claims(claims: Mapping[str, bool], facts: PatchFacts | None) -> tuple[CheckedClaim, ...]:
    """Hold a judge's assertions against the facts of the patch; None where the patch was not found."""
    return tuple(
        CheckedClaim(name=name, said=claims[name], fact=facts.of(name) if facts else None)
        for name in CLAIMS
        if name in claims
    )


@dataclass(frozen=True, kw_only=True)
class ClaimRow:
    """How often one assertion was made, could be checked, and was wrong.

    Attributes:
        claim: what was asserted.
        said: the value asserted.
        asserted: how often.
        checked: how often there was a fact to hold it against.
        wrong: how often the fact was the opposite.
        rate: 95 % interval of wrong / checked; None if nothing was checked.
    """

    claim: str
    said: bool
    asserted: int
    checked: int
    wrong: int
    rate: Interval | None

    @property
    def unchecked(self) -> int:
        """How often nothing could be checked."""
        return self.asserted - self.checked


def tabulate(claims: Iterable[CheckedClaim]) -> tuple[ClaimRow, ...]:
    """Count claims by name and value, in a fixed order; what nobody asserted has no row."""
    listed = list(claims)
    rows = []
    for name in CLAIMS:
        for said in (True, False):
            made = [claim for claim in listed if claim.name == name and claim.said is said]
            checked = [claim for claim in made if claim.fact is not None]
            wrong = sum(claim.fact is not claim.said for claim in checked)
            if made:
                rows.append(
                    ClaimRow(
                        claim=name,
                        said=said,
                        asserted=len(made),
                        checked=len(checked),
                        wrong=wrong,
                        rate=wilson(wrong, len(checked)),
                    )
                )
    return tuple(rows)
