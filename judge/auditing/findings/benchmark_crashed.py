"""Finding benchmark-crashed."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, count, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.inputs.runs.recorded_run import Evaluation


def _pick(audited: AuditedRun) -> str | None:
    failure = audited.timing_failure
    return failure.label if failure is not None and failure.kind == "benchmark-crashed" else None


def _conclude(picked: Picked) -> Sequence[Observation]:
    first = next(iter(picked.groups))
    message = (
        f"{share(len(picked.runs), picked.among)} evaluations ended because the benchmark itself crashed on the base; "
        f"{count(len(picked.groups), 'message')}, the most common ({count(len(first.runs), 'run')}): {first.label}"
    )
    return [
        Observation(message=message, runs=picked.runs, recovers=picked.recovers, details=picked.groups.table("message"))
    ]


KIND = FindingKind(
    code="benchmark-crashed",
    title="The benchmark crashed on the base",
    severity="block",
    why="It failed before any patch was applied: it calls the code as another commit has it, or it has a bug of its "
    "own. Nothing is known about the patch.",
    mend="Run every benchmark on its base commit before any agent is run; mend or drop those that fail there.",
    bad=FindingExample(
        runs=(
            sample(
                "a",
                evaluation=Evaluation(
                    error="Baseline test failed to produce output",
                    stderr="Traceback (most recent call last):\nTypeError: f() got an unexpected keyword argument "
                    "'x'\n",
                ),
            ),
        )
    ),
    good=FindingExample(
        runs=(
            sample("a", evaluation=Evaluation(baseline_ms=1.0, error="patched test failed", stderr="TypeError: x\n")),
            sample("b", number=1, evaluation=Evaluation(error="No module named 'cbor2'")),
        )
    ),
    collector=picking(_pick, _conclude, among=lambda audited: audited.run.evaluation is not None),
)
