"""What `eval.json` says of one candidate. An unknown score is null, never 0."""

from __future__ import annotations

from judge.core.judgement import Judged
from judge.core.timing import Broken, Timed
from judge.results.record import VerdictRecord


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


def score_entry(record: VerdictRecord, q_value: float | None = None) -> dict[str, object]:
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
