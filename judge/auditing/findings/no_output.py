"""Finding no-output."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, count, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.inputs.runs.recorded_run import Evaluation


def _pick(audited: AuditedRun) -> str | None:
    failure = audited.timing_failure
    return failure.label if failure is not None and failure.kind == "no-output" else None


def _conclude(picked: Picked) -> Sequence[Observation]:
    first = next(iter(picked.groups))
    message = (
        f"{share(len(picked.runs), picked.among)} evaluations ended without output and without a reason; "
        f"{count(len(picked.groups), 'message')}, the most common ({count(len(first.runs), 'run')}): {first.label}"
    )
    return [
        Observation(message=message, runs=picked.runs, recovers=picked.recovers, details=picked.groups.table("message"))
    ]


KIND = FindingKind(
    code="no-output",
    title="The evaluation left no output and no reason",
    severity="warn",
    why="A process that is killed or ends early leaves nothing to read. Whether the patch, the benchmark or the "
    "machine was the cause cannot be told.",
    mend="Record the return code and the signal of the benchmark's process, and evaluate these runs again.",
    bad=FindingExample(runs=(sample("a", evaluation=Evaluation(error="Baseline test failed to produce output")),)),
    good=FindingExample(
        runs=(
            sample(
                "a",
                evaluation=Evaluation(error="Baseline test failed to produce output", stderr="KeyError: 'x'\n"),
            ),
        )
    ),
    collector=picking(_pick, _conclude, among=lambda audited: audited.run.evaluation is not None),
)
