"""Claims against facts: where a judge asserted something that can be checked, how often it was wrong. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from judge.core.judgement import Judged, Judgement, NotAsked
from judge.lib.proportions import Share, share
from judge.results.record import VerdictRecord

ClaimName = Literal["syntax_correct", "files_match", "is_template_code"]
CLAIMS: tuple[ClaimName, ...] = ("syntax_correct", "files_match", "is_template_code")

FACT_BEHIND: Mapping[ClaimName, str] = {
    "syntax_correct": "gate parse, on the applied tree",
    "files_match": "gate overlap: a file in common",
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


def facts_of_record(record: VerdictRecord) -> PatchFacts:
    """Read the facts off a stored verdict."""
    overlap = record.gates["overlap"].facts if "overlap" in record.gates else {}
    return facts_of({name: gate.status for name, gate in record.gates.items()}, overlap)


@dataclass(frozen=True, kw_only=True)
class CheckedClaim:
    """One assertion of a judge and the fact it is held against; a fact of None could not be checked."""

    name: ClaimName
    claimed: bool
    fact: bool | None


def check_claims(claims: Mapping[str, bool], facts: PatchFacts | None) -> tuple[CheckedClaim, ...]:
    """Hold the assertions of a flat yes/no schema against the facts of the patch; None if it was not found."""
    return tuple(
        CheckedClaim(name=name, claimed=claims[name], fact=facts.of(name) if facts else None)
        for name in CLAIMS
        if name in claims
    )


@dataclass(frozen=True, kw_only=True)
class ClaimRow:
    """How often one thing was asserted, could be checked, and was wrong.

    Attributes:
        claim: what was asserted.
        fact: what it was held against.
        asserted: how often.
        unchecked: how often there was nothing to hold it against.
        wrong: how many of the checked ones were wrong, with the interval.
    """

    claim: str
    fact: str
    asserted: int
    unchecked: int
    wrong: Share


def tabulate(claims: Iterable[CheckedClaim]) -> tuple[ClaimRow, ...]:
    """Count the claims of a flat schema by name and value, in a fixed order; what nobody asserted has no row."""
    listed = list(claims)
    rows = []
    for name in CLAIMS:
        for claimed in (True, False):
            verdicts = [
                None if claim.fact is None else claim.fact is claimed
                for claim in listed
                if claim.name == name and claim.claimed is claimed
            ]
            rows.append(_row(f"{name} = {str(claimed).lower()}", FACT_BEHIND[name], verdicts))
    return tuple(row for row in rows if row.asserted)


def tabulate_own(judgements: Iterable[Judgement]) -> tuple[ClaimRow, ...]:
    """Count what judges of this toolkit asserted and code checked: quotes, units that rest on them, disputed facts."""
    asked_judgements = [judgement for judgement in judgements if not isinstance(judgement, NotAsked)]
    answered = [judgement for judgement in asked_judgements if isinstance(judgement, Judged)]
    quotes = [evidence.verified for judgement in answered for evidence in judgement.evidence]
    units = [unit.claimed is None for judgement in answered for unit in judgement.units]
    concerns = [concern.supported for judgement in answered for concern in judgement.concerns]
    disputed = [False for judgement in asked_judgements for _ in judgement.contradictions]
    rows = (
        _row("a quote is in the named file", "what was sent, verbatim", quotes),
        _row("coverage of a unit", "lowered where no quote held", units),
        _row("a risk, hack sign or extra work", "at least one quote holds", concerns),
        _row("a given fact is wrong", "the gates: the fact stands", disputed),
    )
    return tuple(row for row in rows if row.asserted)


def _row(claim: str, fact: str, verdicts: Iterable[bool | None]) -> ClaimRow:
    """Make a row of what the checks said: right, wrong, or None where nothing could be checked."""
    listed = list(verdicts)
    checked = [right for right in listed if right is not None]
    return ClaimRow(
        claim=claim,
        fact=fact,
        asserted=len(listed),
        unchecked=len(listed) - len(checked),
        wrong=share(checked.count(False), len(checked)),
    )
