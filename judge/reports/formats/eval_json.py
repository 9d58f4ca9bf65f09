"""`eval.json`: the decision for programs that want nothing else. An unknown score is null, never 0."""

from __future__ import annotations

import json

from judge.core.verdict import LEVELS
from judge.reports.report import Report
from judge.results.record import SCHEMA
from judge.results.score import score, score_entry

FORMAT = "json"
FILE = "eval.json"


def render(report: Report) -> str:
    """Return the decision as JSON; see `score` for how a patch is scored."""
    benchmarks = [score_entry(record, report.q_values.get(record.id)) for record in report.records]
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
