"""Records for the tests of the reports: every kind of judgement and timing, with hostile text in all of them."""

from __future__ import annotations

from typing import Literal

from judge.bench import SuiteResult
from judge.core.judgement import Abstained, Errored, Judged, Judgement, NotAsked
from judge.core.timing import Broken, NotTimed, Outputs, Timed, Timing
from judge.core.verdict import NECESSARY, Reason, decide
from judge.inputs.batch import Fault
from judge.pipeline import GradeResult
from judge.reports.report import Report, make_report
from judge.results.record import VerdictRecord, make_record
from judge.static_checks.model.case import Candidate, Case
from judge.static_checks.model.finding import Finding, Gate, GateResult

HOSTILE = "x|y`z` <img src=x onerror=alert(1)> [a](b) \x1b[31m\u202e # end\n| new | row |"


def judged(match: str) -> Judged:
    """A judge's answer."""
    return Judged(judge="t", scope="t", logic_match=match, completeness=None, bottleneck="same")  # type: ignore[arg-type]


def timed(status: str, outputs: Outputs) -> Timed:
    """A timing with numbers."""
    faster = 1.5 if status == "improved" else 0.75
    return Timed(
        status=status,  # type: ignore[arg-type]
        speedup=faster,
        ci=(faster - 0.1, faster + 0.1),
        baseline_ms=3.0,
        candidate_ms=2.0,
        outputs=outputs,
        outputs_message=HOSTILE if outputs == "changed" else "",
        device="cpu",
    )


JUDGEMENTS: list[Judgement] = [
    judged("full"),
    judged("partial"),
    judged("none"),
    Abstained(judge="t", scope="t", reason="r", message=HOSTILE),
    Errored(judge="t", scope="t", reason="r", message=HOSTILE),
    NotAsked(reason="r", message="m"),
]


def with_tests(status: Literal["pass", "fail", "error", "skipped"]) -> Timed:
    """A gain with the same outputs, and what the tests of the case say of it, in hostile words."""
    suite = SuiteResult(status=status, reason="x", message=HOSTILE, passed=1, failed=(HOSTILE,))
    return timed("improved", "same").model_copy(update={"tests": suite})


TIMINGS: list[Timing] = [
    timed("improved", "same"),
    timed("improved", "changed"),
    timed("improved", "unknown"),
    timed("regressed", "same"),
    timed("inconclusive", "same"),
    Broken(reason="r", message=HOSTILE, outputs="changed", device="cpu"),
    NotTimed(status="skipped", reason="r", message="m"),
    NotTimed(status="error", reason="r", message="m"),
    with_tests("fail"),
    with_tests("error"),
]


def record(judgement: Judgement, timing: Timing, name: str = "c/one") -> VerdictRecord:
    """A record whose gates pass, with a warning that quotes hostile text."""
    gates: dict[Gate, GateResult] = {gate: GateResult(status="pass") for gate in NECESSARY}
    warning = Finding(code="tamper-x", severity="warn", message=HOSTILE, path=HOSTILE, line=3, quote=HOSTILE)
    gates["tamper"] = GateResult(status="pass", findings=(warning,))
    return make_record(
        key="k" * 64,
        case=Case(id="c"),
        candidate=Candidate(id=name, case="c", source="s", patch=None),
        verdict=decide(gates, judgement, timing),
        gates=gates,
        judgement=judgement,
        timing=timing,
        text=None,
    )


def report() -> Report:
    """A report with every kind of judgement and timing."""
    records = [record(j, t, f"c/{n}-{m}") for n, j in enumerate(JUDGEMENTS) for m, t in enumerate(TIMINGS)]
    return make_report(
        GradeResult(records=tuple(records), faults=(Fault(message=HOSTILE),), resumed=0), judges=["structural"]
    )


def report_of(*records: VerdictRecord, judge: str = "none") -> Report:
    """Make a report of records."""
    return make_report(GradeResult(records=records, faults=(), resumed=0), judges=[judge])


def without_repository(count: int) -> list[VerdictRecord]:
    """Records of candidates whose case has no repository."""
    reasons = (Reason(code="apply-case", message="not checked: case 'c': no repository; give --repo PATH"),)
    return [
        record(judged("full"), TIMINGS[6], f"c/{number}").model_copy(update={"reasons": reasons})
        for number in range(count)
    ]
