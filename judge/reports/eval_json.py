"""`eval.json`: the decision for programs that want nothing else. An unknown score is null, never 0."""

from __future__ import annotations

import json

from judge.judgement import Judged
from judge.records import SCHEMA, VerdictRecord
from judge.reports import Report
from judge.timing import Broken, Timed
from judge.verdict import LEVELS

FORMAT = "json"
FILE = "eval.json"


def render(report: Report) -> str:
    """Return the decision as JSON; see `score` for how a patch is scored."""
    benchmarks = [entry(record, report.q_values.get(record.id)) for record in report.records]
    scores = [score(record) for record in report.records]
    known = [value for value in scores if value is not None]
    aggregate = min(known) if known and len(known) == len(scores) else None
    decision = {
        "schema": SCHEMA,
        "aggregate_score": aggregate,
        "is_acceptable": aggregate is not None and aggregate > 0,
        "benchmarks": benchmarks,
        "verdicts": report.counts,
        "true_success": sum(record.true_success is True for record in report.records),
        "funnel": dict(zip(LEVELS, report.funnel, strict=True)),
        "judge": report.judge,
        "not_graded": len(report.faults),
    }
    return json.dumps(decision, indent=2, allow_nan=False) + "\n"


def score(record: VerdictRecord) -> float | None:
    """Score one patch: its gain if outputs are unchanged and the logic holds.

    0.0 if the outputs changed, tests of the case fail or the judge found other or incomplete logic; None if one of
    them is unknown.
    """
    timing = record.timing
    if timing.tests is not None and timing.tests.status == "fail":
        return 0.0
    if isinstance(timing, Timed | Broken) and timing.outputs == "changed":
        return 0.0
    if not (isinstance(timing, Timed) and timing.outputs == "same" and isinstance(record.judgement, Judged)):
        return None
    if timing.tests is not None and timing.tests.status != "pass":
        return None
    return timing.speedup - 1 if record.judgement.logic_match == "full" else 0.0


def entry(record: VerdictRecord, q_value: float | None = None) -> dict[str, object]:
    """Return what is said of one patch; `q_value` is its false discovery rate among the run's gains, if it is one."""
    timing = record.timing
    outputs = timing.outputs if isinstance(timing, Timed | Broken) else "unknown"
    return {
        "name": record.id,
        "perf_gain": timing.speedup - 1 if isinstance(timing, Timed) else None,
        "output_changed": None if outputs == "unknown" else outputs == "changed",
        "q_value": q_value,
        "score": score(record),
        "verdict": record.verdict,
        "logic_score": record.judgement.score if isinstance(record.judgement, Judged) else None,
    }
