"""Finding copied-patch."""

from collections import Counter
from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.auditing.context import Context
from judge.auditing.stores.grouped_rows import ConcernedRuns, GroupedRows, Row

LEAST_BYTES = 1000
"""Two authors may write the same small change; a git diff of one line with its context takes about 500 bytes."""


class _Collector:
    """Compares whole patches for one commit; of the same text, the run that started first is taken for its author."""

    def __init__(self, context: Context) -> None:
        self.seen = 0
        self.rows = GroupedRows()

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        if run.human is None or run.started is None or audited.patch_sha256 is None:
            return
        if (audited.patch_bytes or 0) < LEAST_BYTES:
            return
        self.seen += 1
        author = f"{run.agent or 'unknown'}/{run.model or 'unknown'}"
        batch = f"{author}/{run.run}" if run.run else author
        group = f"{audited.patch_sha256}\t{run.repo}\t{run.human[:8]}"
        self.rows.add(group, audited, value=run.started, word=f"{author}\t{batch}")

    def result(self) -> Sequence[Observation]:
        foreign, own = ConcernedRuns(), ConcernedRuns()
        batches: Counter[tuple[str, str]] = Counter()
        for _, rows in self.rows.groups():
            first, *later = rows
            for row in later:
                if row.value == first.value:
                    continue  # started at the same moment: one run that is stored twice
                if _author(row) != _author(first):
                    foreign.add(row)
                    batches[_batch(first), _batch(row)] += 1
                elif _batch(row) != _batch(first):
                    own.add(row)
        seen = []
        if foreign:
            pairs = [{"from": origin, "to": copy, "runs": runs} for (origin, copy), runs in batches.most_common()]
            words = "; ".join(f"{runs} from {origin} to {copy}" for (origin, copy), runs in batches.most_common(3))
            message = (
                f"{share(len(foreign), self.seen)} patches are byte for byte that of an earlier run of another agent "
                f"or model for the same commit: {words}"
            )
            title = "The patch of another model's run is counted as this run's own"
            seen.append(
                Observation(
                    message=message, title=title, runs=foreign.runs(), recovers=0, details={"batches": pairs[:1000]}
                )
            )
        if own:
            message = (
                f"{share(len(own), self.seen)} patches are byte for byte that of an earlier batch of the same agent "
                "and model for the same commit: not an attempt of its own"
            )
            title = "The patch of an earlier batch is counted as this run's own"
            seen.append(Observation(message=message, title=title, runs=own.runs(), severity="warn"))
        return seen


def _author(row: Row) -> str:
    return row.word.partition("\t")[0]


def _batch(row: Row) -> str:
    return row.word.partition("\t")[2]


KIND = FindingKind(
    code="copied-patch",
    title="The patch of another run is counted as this run's own",
    severity="block",
    why="No two models write the same kilobytes for one task. The second run found the first one's work in its working "
    "copy or on its branch, and a model is credited with what another one did. A first edit within a second of "
    f"the start (impossible-duration) points the same way. Patches below {LEAST_BYTES} bytes are not compared.",
    mend="Give every run a fresh checkout and a branch of its own, leave copied patches out of every comparison of "
    "models, and run these tasks again.",
    bad=FindingExample(
        runs=(
            sample(
                "a",
                human="c0ffee00",
                agent="x",
                model="m1",
                run="1",
                started=1.0,
                patch_sha256="1" * 64,
                patch_bytes=4764,
            ),
            sample(
                "b",
                number=1,
                human="c0ffee00",
                agent="x",
                model="m2",
                run="2",
                started=2.0,
                patch_sha256="1" * 64,
                patch_bytes=4764,
            ),
        )
    ),
    good=FindingExample(
        runs=(
            sample("a", human="c0ffee00", agent="x", model="m1", run="1", patch_sha256="1" * 64, patch_bytes=400),
            sample(
                "b", number=1, human="c0ffee00", agent="x", model="m2", run="2", patch_sha256="1" * 64, patch_bytes=400
            ),
            sample(
                "c", number=2, human="c0ffee00", agent="x", model="m2", run="2", patch_sha256="2" * 64, patch_bytes=4000
            ),
        )
    ),
    collector=_Collector,
)
