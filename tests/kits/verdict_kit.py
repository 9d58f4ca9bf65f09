"""Verdict records for tests of what reads them: any judgement, any gates, without grading anything."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from judge.core.judgement import Judgement, NotAsked
from judge.core.timing import NotTimed, Timing
from judge.core.verdict import decide
from judge.results.keys import PatchText
from judge.results.record import VerdictRecord, make_record
from judge.static_checks.model.case import Candidate, Case
from judge.static_checks.model.finding import GATES, Gate, GateResult, Status, conclude

NOT_TIMED = NotTimed(status="skipped", reason="off", message="not timed")
NOT_ASKED = NotAsked(reason="gates-failed", message="a gate failed")


def verdict(
    name: str = "case/a",
    judgement: Judgement = NOT_ASKED,
    *,
    gates: Mapping[Gate, Status | GateResult] | None = None,
    common: tuple[str, ...] | None = ("a.py",),
    human: str | None = None,
    patch: bytes | None = None,
    timing: Timing = NOT_TIMED,
) -> VerdictRecord:
    """A record whose gates pass unless told otherwise.

    Args:
        name: id of the candidate; what stands before the slash is its case.
        judgement: what the judge said.
        gates: statuses or whole results that are not `pass`.
        common: the files shared with the human side; None where there is none to compare with.
        human: the human commit.
        patch: the patch text, of which the record keeps digest and sizes.
        timing: the timing.
    """
    facts = {} if common is None else {"files": {"common": list(common)}}
    results: dict[Gate, GateResult] = {gate: GateResult(status="pass") for gate in GATES}
    results["overlap"] = conclude((), facts)
    for gate, given in (gates or {}).items():
        results[gate] = given if isinstance(given, GateResult) else GateResult(status=given)
    case = name.partition("/")[0]
    text = None
    if patch is not None:
        chars = len(patch.decode("utf-8", "surrogateescape"))
        text = PatchText(sha256=hashlib.sha256(patch).hexdigest(), bytes=len(patch), chars=chars)
    return make_record(
        key=hashlib.sha256(name.encode()).hexdigest(),
        case=Case(id=case, human=human),
        candidate=Candidate(id=name, case=case, source=f"{name}.diff", patch=None),
        verdict=decide(results, judgement, timing),
        gates=results,
        judgement=judgement,
        timing=timing,
        text=text,
    )
