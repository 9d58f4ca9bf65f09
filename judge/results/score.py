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
    """Return what is said of one patch; `q_value` is its false discovery rate among the run's gains, if it is one.

    `human_gain` is what the human's change gained beside it, and `recovered` the patch's share of that.
    """
    timing = record.timing
    timed = timing if isinstance(timing, Timed) else None
    human = timed.human_speedup if timed else None
    outputs = timing.outputs if isinstance(timing, Timed | Broken) else "unknown"
    return {
        "name": record.id,
        "perf_gain": timed.speedup - 1 if timed else None,
        "output_changed": None if outputs == "unknown" else outputs == "changed",
        "q_value": q_value,
        "score": score(record),
        "verdict": record.verdict,
        "logic_score": record.judgement.score if isinstance(record.judgement, Judged) else None,
        "human_gain": human - 1 if human is not None else None,
        "human_gain_ci": [end - 1 for end in timed.human_ci] if timed and timed.human_ci else None,
        "recovered": timed.recovered if timed else None,
        "recovered_ci": list(timed.recovered_ci) if timed and timed.recovered_ci else None,
    }
