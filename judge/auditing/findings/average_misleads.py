"""Finding average-misleads."""

from collections.abc import Mapping, Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample, timed
from judge.auditing.regrading.recorded_evidence import GAIN, LOSS
from judge.inputs.runs.recorded_run import Evaluation


def _pick(audited: AuditedRun) -> str | None:
    evaluation = audited.run.evaluation
    speedup = evaluation.known_speedup if evaluation is not None else None
    median = _median_ratio(evaluation) if evaluation is not None else None
    if speedup is None or median is None or _side(speedup) == _side(median):
        return None
    if 1 / GAIN <= speedup / median <= GAIN:
        return None  # on either side of a threshold, but next to each other
    return f"{_side(speedup)} by the average, {_side(median)} by the median"


def _median_ratio(evaluation: Evaluation) -> float | None:
    sides = [evaluation.outputs.get(side) for side in ("baseline_output", "patched_output")]
    base, patched = (side.get("p50_ms") if isinstance(side, Mapping) else None for side in sides)
    if not isinstance(base, int | float) or not isinstance(patched, int | float) or min(base, patched) <= 0:
        return None
    return base / patched


def _side(ratio: float) -> str:
    return "faster" if ratio > GAIN else "slower" if ratio < LOSS else "the same"


def _conclude(picked: Picked) -> Sequence[Observation]:
    ways = "; ".join(f"{len(group.runs)} {group.label}" for group in picked.groups)
    message = f"{share(len(picked.runs), picked.among)} timed runs come out otherwise by their own median: {ways}"
    return [Observation(message=message, runs=picked.runs, details=picked.groups.table("way"))]


def _outputs(base: float, patched: float) -> Mapping[str, object]:
    return {"baseline_output": {"p50_ms": base}, "patched_output": {"p50_ms": patched}}


KIND = FindingKind(
    code="average-misleads",
    title="Average and median of one timing disagree",
    severity="warn",
    why="A few slow calls, such as a first one that compiles, decide the average and not the code's speed. The "
    "recorded speed-up is then a slow-down of a patch whose typical call is faster, or the other way round.",
    mend="Warm up until the time is steady, report the median with its interval, and keep every sample.",
    bad=FindingExample(runs=(sample("a", evaluation=timed(1.08, 1.62, outputs=_outputs(1.08, 0.80))),)),
    good=FindingExample(
        runs=(
            sample("a", evaluation=timed(1.3, 1.0, outputs=_outputs(1.2, 0.9))),
            sample("b", number=1, evaluation=timed(1.06, 1.0, outputs=_outputs(1.03, 1.0))),
        )
    ),
    collector=picking(
        _pick,
        _conclude,
        among=lambda audited: audited.run.evaluation is not None and audited.run.evaluation.known_speedup is not None,
    ),
)
