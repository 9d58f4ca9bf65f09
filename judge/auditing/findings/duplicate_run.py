"""Finding duplicate-run."""

import itertools
from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import count, task_label
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.auditing.context import Context
from judge.auditing.stores.grouped_rows import ConcernedRuns, GroupedRows

_MOST_NAMED = 1000


class _Collector:
    def __init__(self, context: Context) -> None:
        self.rows = GroupedRows()

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        if run.started is not None and run.duration_s is not None:
            self.rows.add(f"{task_label(run)}\t{run.duration_s!r}\t{audited.patch_sha256}", audited, value=run.started)

    def result(self) -> Sequence[Observation]:
        again = ConcernedRuns()
        pairs: list[list[str]] = []
        for _, rows in self.rows.groups():
            for before, row in itertools.pairwise(rows):
                if row.value == before.value:
                    again.add(row)
                    if len(pairs) < _MOST_NAMED:
                        pairs.append([before.id, row.id])
        if not again:
            return ()
        message = (
            f"{count(len(again), 'run')} are stored a second time under another name: same task, same patch, same "
            "moment of the start, same duration"
        )
        return [Observation(message=message, runs=again.runs(), details={"same": pairs})]


KIND = FindingKind(
    code="duplicate-run",
    title="One run is stored twice",
    severity="block",
    why="It counts twice in every table, often under another agent's or model's name. Two runs do not start in the "
    "same microsecond and take the same microseconds.",
    mend="Keep one copy, the one whose record names agent and model, and count again.",
    bad=FindingExample(
        runs=(
            sample("archive/a", human="c0ffee", started=1763695277.514598, duration_s=201.25),
            sample("runs/a", number=1, human="c0ffee", agent="x", started=1763695277.514598, duration_s=201.25),
        )
    ),
    good=FindingExample(
        runs=(
            sample("a", human="c0ffee", started=1763695277.514598, duration_s=201.25),
            sample("b", number=1, human="c0ffee", started=1763695277.514598, duration_s=188.5),
            sample("c", number=2, human="c0ffee"),
            sample("d", number=3, human="c0ffee"),
        )
    ),
    collector=_Collector,
)
