"""What a harness recorded, as evidence for `decide`: it can refute a claim but never confirm one.

A recorded speed-up without an interval is one number of unknown noise, so it is `inconclusive` in both
directions: tables count it, and it decides nothing. In the public ISO-Bench archive 39 tasks were timed more
than once at the same base; 38 baselines agree within a factor of 1.22, and one differs by 15.7. Unchanged code
in two sessions of pytest-codspeed on a busy machine came out at 0.34x and 0.39x. No margin is safe against that.
What a record can show without a time is that the outputs changed, or that the patched code did not run.
"""

from __future__ import annotations

from judge.core.judgement import Abstained, Errored, Judged, Judgement, NotAsked
from judge.core.timing import Broken, NotTimed, Timed, Timing
from judge.inputs.runs.recorded_run import Evaluation, RecordedRun

GAIN = 1.05
"""A speed-up is counted as an improvement above this and as a regression below its mirror; usual in harnesses."""
LOSS = 0.95
_UNKNOWN_DEVICE = "not recorded"


def recorded_timing(run: RecordedRun) -> Timing:
    """Return the recorded timing of a run as evidence, or why there is none."""
    evaluation = run.evaluation
    if evaluation is None:
        return NotTimed(status="skipped", reason="not-recorded", message="no timing was recorded for this run")
    if (speedup := evaluation.known_speedup) is not None:
        return _timed(evaluation, speedup)
    if evaluation.correctness == "changed":
        return Broken(
            reason="recorded-incorrect",
            message=f"recorded: outputs changed or tests failed ({evaluation.status or 'no status'})",
            outputs="changed",
            device=_UNKNOWN_DEVICE,
            source="recorded",
        )
    recorded = ": ".join(filter(None, (evaluation.status or "no status", evaluation.error)))
    if crashed_on_patch(run, evaluation):
        return Broken(
            reason="recorded-crash",
            message=f"recorded: the base ran and the patched code did not ({recorded})",
            outputs="unknown",
            device=_UNKNOWN_DEVICE,
            source="recorded",
        )
    return NotTimed(status="error", reason="recorded-nothing", message=f"the harness recorded no number ({recorded})")


def crashed_on_patch(run: RecordedRun, evaluation: Evaluation) -> bool:
    """Whether the recorded timing shows that the base ran and the patched code did not."""
    timed_base = bool(evaluation.baseline_ms) and not evaluation.patched_ms
    return timed_base and run.patch_state == "yes" and evaluation.error is not None


def direction(speedup: float) -> str:
    """Return what harnesses call a speed-up: improvement, regression or neutral."""
    return "improvement" if speedup > GAIN else "regression" if speedup < LOSS else "neutral"


def _timed(evaluation: Evaluation, speedup: float) -> Timed:
    status = _by_interval(evaluation.interval) if evaluation.interval else "inconclusive"
    return Timed.model_validate(
        {
            "status": status,
            "speedup": speedup,
            "ci": evaluation.interval,
            "baseline_ms": evaluation.baseline_ms or None,
            "candidate_ms": evaluation.patched_ms or None,
            "human_speedup": evaluation.human_speedup
            if evaluation.human_speedup and evaluation.human_speedup > 0
            else None,
            "outputs": evaluation.correctness,
            "outputs_message": f"recorded as {evaluation.correctness}",
            "device": str(_nested(evaluation, "device") or _UNKNOWN_DEVICE),
            "source": "recorded",
        }
    )


def _by_interval(interval: tuple[float, float]) -> str:
    low, high = interval
    if low > GAIN:
        return "improved"
    if high < LOSS:
        return "regressed"
    return "neutral" if high < GAIN else "inconclusive"


def _nested(evaluation: Evaluation, key: str) -> object:
    sides = (side for side in evaluation.outputs.values() if isinstance(side, dict))
    return next((side[key] for side in sides if key in side), None)


def recorded_judgement(run: RecordedRun, own: Judgement | None) -> Judgement:
    """Return the judgement that counts: what was proved here, else what was recorded, else what was said here.

    Of several recorded ones an answer outranks a failure to answer.
    """
    if isinstance(own, Judged):
        return own
    recorded = [stored.judgement for stored in run.judgements]
    answered = [judgement for judgement in recorded if isinstance(judgement, Abstained)]
    failed = [judgement for judgement in recorded if isinstance(judgement, Errored)]
    if answered or failed:
        return (answered or failed)[0]
    return own or NotAsked(reason="audit", message="an audit asks no judge, and none was recorded")
