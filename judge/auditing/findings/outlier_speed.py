"""Finding outlier-speed."""

from collections.abc import Sequence
from math import log

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import MAX_GROUPS, share, task_label
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample, timed
from judge.auditing.context import Context
from judge.auditing.stores.grouped_rows import ConcernedRuns, GroupedRows, Row

FAR = 2.0
"""A factor from which on a speed-up or slow-down is looked at: a sanity check of ISO-Bench's results calls 2.16
suspicious and 0.12 a sign of breakage; of 107 timed runs there 101 lie within a factor of 1.5 and six beyond 2."""
ALIKE = 1.25
"""Patches whose factors lie within this of each other share a cause that is not in the patches."""


class _Collector:
    def __init__(self, context: Context) -> None:
        self.timed = 0
        self.rows = GroupedRows()

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        speedup = run.evaluation.known_speedup if run.evaluation is not None else None
        if run.evaluation is None or speedup is None:
            return
        self.timed += 1
        human = run.evaluation.human_speedup
        if human is not None and human > 0 and 1 / FAR <= speedup / human <= FAR:
            return  # as far from 1 as the human change is, and so what the task is about
        self.rows.add(
            task_label(run),
            audited,
            value=speedup,
            word=audited.patch_sha256 or run.id,
        )

    def result(self) -> Sequence[Observation]:
        fast, slow = _Far("Speed-ups above", FAR), _Far("Slow-downs below", 1 / FAR)
        for task, rows in self.rows.groups():
            alike = len({row.word for row in rows}) > 2 and rows[-1].value <= ALIKE * rows[0].value
            for side in (fast, slow):
                far = [row for row in rows if side.holds(row.value)]
                side.add(far)
                if far and alike:
                    side.alike.append(f"{task} ({rows[0].value:.2f}x to {rows[-1].value:.2f}x)")
        return [side.conclude(self.timed) for side in (fast, slow) if side.runs]


class _Far:
    """The runs on one side; of many, the farthest are named."""

    def __init__(self, what: str, limit: float) -> None:
        self.what = what
        self.limit = limit
        self.runs = ConcernedRuns()
        self.farthest: list[Row] = []
        self.alike: list[str] = []

    def holds(self, ratio: float) -> bool:
        return ratio > self.limit if self.limit > 1 else ratio < self.limit

    def add(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.runs.add(row)
        self.farthest += rows
        if len(self.farthest) > 2 * MAX_GROUPS:
            self.farthest = self._ranked()[:MAX_GROUPS]

    def _ranked(self) -> list[Row]:
        return sorted(self.farthest, key=lambda row: -abs(log(row.value)))

    def conclude(self, timed: int) -> Observation:
        ranked = self._ranked()
        message = (
            f"{share(len(self.runs), timed)} timed runs: {self.what.lower()} {self.limit:g}x, as far as "
            f"{ranked[0].value:.2f}x ({ranked[0].group})"
        )
        if self.alike:
            names = ", ".join(self.alike[:3])
            message += f"; at {names} different patches have about the same factor, so look at the benchmark first"
        far = [{"task": row.group, "run": row.id, "speedup": row.value} for row in ranked[:MAX_GROUPS]]
        details = {"runs": far, "same_factor": self.alike[:MAX_GROUPS]}
        return Observation(
            message=message, title=f"{self.what} {self.limit:g}x", runs=self.runs.runs(), details=details
        )


KIND = FindingKind(
    code="outlier-speed",
    title="Speed-ups and slow-downs far from all others",
    severity="warn",
    why=f"A factor beyond {FAR:g} is a great discovery, a short-circuited benchmark, or a cost that fell into the "
    "timed part, such as a compilation; a mean over runs is decided by these few.",
    mend="Look at each: time it again, interleaved with its base, and see that the outputs are the same. Where "
    "different patches for one commit have the same factor, mend the benchmark.",
    bad=FindingExample(
        runs=(
            *(
                sample(name, number=number, repo="r", human="c0ffee", evaluation=timed(1.0, 8.0 + number / 10))
                for number, name in enumerate("abc")
            ),
            sample("d", number=3, repo="r", human="beef", evaluation=timed(9.0, 1.0)),
        )
    ),
    good=FindingExample(
        runs=(
            sample("a", evaluation=timed(1.3, 1.0)),
            sample("b", number=1, evaluation=timed(5.0, 1.0, human_speedup=6.0)),
        )
    ),
    collector=_Collector,
)
