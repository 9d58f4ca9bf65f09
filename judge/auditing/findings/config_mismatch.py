"""Finding config-mismatch."""

from collections.abc import Mapping, Sequence
from math import log, sqrt

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.collectors import MAX_GROUPS, count, share, task_label
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample, timed
from judge.auditing.context import Context
from judge.auditing.stores.grouped_rows import ConcernedRuns, GroupedRows, Row
from judge.inputs.runs.recorded_run import Evaluation
from judge.reports.wording import figure

SETTINGS = ("device", "dtype", "iters", "warmup", "batch_size", "commit_hash")
"""What both halves of one timing must share, as far as both report it."""
FAR = 1.5
"""Baselines of one commit: of 39 commits timed at least twice in the public ISO-Bench archive 38 agree within a factor
of 1.22, and one differs by 15.7."""
CORRELATED = 0.9
ENOUGH = 8
"""Tasks that two batches must share before a correlation says anything."""
MOST_BATCHES = 40
"""Batches compared with each other; pairs grow with the square."""
MOST_TASKS = 1000
"""Tasks over which they are compared, the first by name."""
_ROWS_NAMED = 20


class _Collector:
    def __init__(self, context: Context) -> None:
        self.timed = 0
        self.within = RunSet()
        self.settings: dict[str, int] = {}
        self.rows = GroupedRows()

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        evaluation = run.evaluation
        if evaluation is None or not evaluation.baseline_ms:
            return
        self.timed += 1
        for name in _unlike(evaluation):
            self.within.add(audited)
            self.settings[name] = self.settings.get(name, 0) + 1
        batch = "/".join(part for part in (run.agent, run.model, run.run) if part)
        self.rows.add(task_label(run), audited, value=evaluation.baseline_ms, word=batch)

    def result(self) -> Sequence[Observation]:
        apart = _Apart()
        batches: dict[str, dict[str, float]] = {}
        for number, (task, rows) in enumerate(self.rows.groups()):
            apart.add(rows)
            for row in rows if number < MOST_TASKS else ():
                if row.word in batches or len(batches) < MOST_BATCHES:
                    batches.setdefault(row.word, {})[task] = log(row.value)
        seen = []
        if len(self.within):
            names = ", ".join(f"{name} {count}" for name, count in sorted(self.settings.items()))
            message = (
                f"{share(len(self.within), self.timed)} timings compare two halves with different settings: {names}"
            )
            title = "Two halves of one timing have different settings"
            seen.append(Observation(message=message, title=title, runs=self.within))
        return [*seen, *apart.conclude(), *_uncorrelated(batches)]


def _unlike(evaluation: Evaluation) -> list[str]:
    base, patched = (evaluation.outputs.get(side) for side in ("baseline_output", "patched_output"))
    if not (isinstance(base, Mapping) and isinstance(patched, Mapping)):
        return []
    return [name for name in SETTINGS if name in base and name in patched and base[name] != patched[name]]


class _Apart:
    """Tasks whose base was timed differently in different runs; of many, the farthest apart are named."""

    def __init__(self) -> None:
        self.tasks = 0
        self.runs = ConcernedRuns()
        self.farthest: list[tuple[float, list[Row]]] = []

    def add(self, rows: list[Row]) -> None:
        ratio = rows[-1].value / rows[0].value
        if ratio <= FAR:
            return
        self.tasks += 1
        for row in rows:
            self.runs.add(row)
        self.farthest.append((ratio, [*rows[:_ROWS_NAMED], rows[-1]]))
        if len(self.farthest) > 2 * MAX_GROUPS:
            self.farthest = self._ranked()[:MAX_GROUPS]

    def _ranked(self) -> list[tuple[float, list[Row]]]:
        return sorted(self.farthest, key=lambda task: (-task[0], task[1][0].group))

    def conclude(self) -> Sequence[Observation]:
        if not self.tasks:
            return ()
        ranked = self._ranked()[:MAX_GROUPS]
        ratio, rows = ranked[0]
        message = (
            f"at {count(self.tasks, 'task')} the baselines of different runs differ by more than {FAR:g}x; most at "
            f"{rows[0].group}: {figure(rows[0].value)} ms to {figure(rows[-1].value)} ms, {ratio:.1f}x"
        )
        tasks = [
            {"task": rows[0].group, "ratio": ratio, "baselines_ms": {row.id: row.value for row in rows}}
            for ratio, rows in ranked
        ]
        title = "The same base was timed differently in different runs"
        return [Observation(message=message, title=title, runs=self.runs.runs(), details={"tasks": tasks})]


def _uncorrelated(batches: Mapping[str, Mapping[str, float]]) -> list[Observation]:
    apart: list[dict[str, object]] = []
    names = sorted(batches)
    for index, batch in enumerate(names):
        for other in names[index + 1 :]:
            shared = sorted(batches[batch].keys() & batches[other].keys())
            if len(shared) < ENOUGH:
                continue
            value = _correlation([batches[batch][task] for task in shared], [batches[other][task] for task in shared])
            if value is not None and value < CORRELATED:
                apart.append({"batches": [batch, other], "tasks": len(shared), "correlation": round(value, 3)})
    if not apart:
        return []
    pairs = "; ".join(f"{' and '.join(map(str, pair['batches']))}: {pair['correlation']}" for pair in apart[:3])  # type: ignore[call-overload]  # a list of two names
    message = (
        f"the baselines of {len(apart)} pairs of batches do not correlate over their common tasks (logarithms): {pairs}"
    )
    title = "The baselines of two batches do not correlate"
    return [Observation(message=message, title=title, details={"pairs": apart[:MAX_GROUPS]})]


def _correlation(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Return Pearson's correlation, None where one side does not vary."""
    mean_left, mean_right = sum(left) / len(left), sum(right) / len(right)
    both = sum((x - mean_left) * (y - mean_right) for x, y in zip(left, right, strict=True))
    spread = sqrt(sum((x - mean_left) ** 2 for x in left) * sum((y - mean_right) ** 2 for y in right))
    return both / spread if spread else None


_CPU, _CUDA = ({"device": device} for device in ("cpu", "cuda"))

KIND = FindingKind(
    code="config-mismatch",
    title="Compared runs were not timed under the same conditions",
    severity="warn",
    why="A baseline is the same code each time. Where it differs between runs by more than noise, machine, device or "
    "settings differ, and speed-ups of these runs cannot be compared; within one timing it makes the speed-up itself "
    "void.",
    mend="Record device, versions and settings with every number, refuse to compare where they differ, and time these "
    "runs again on one machine.",
    bad=FindingExample(
        runs=(
            sample("a", repo="r", human="c0ffee", run="1", evaluation=timed(1.0, 1.0)),
            sample("b", number=1, repo="r", human="c0ffee", run="2", evaluation=timed(12.5, 12.5)),
            sample(
                "c", number=2, evaluation=timed(1.0, 0.1, outputs={"baseline_output": _CPU, "patched_output": _CUDA})
            ),
        )
    ),
    good=FindingExample(
        runs=(
            sample("a", repo="r", human="c0ffee", run="1", evaluation=timed(1.0, 1.0)),
            sample("b", number=1, repo="r", human="c0ffee", run="2", evaluation=timed(1.1, 0.5)),
        )
    ),
    collector=_Collector,
)
