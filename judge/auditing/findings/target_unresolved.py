"""Finding target-unresolved."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, count, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample, timed
from judge.inputs.runs.recorded_run import Evaluation


def _pick(audited: AuditedRun) -> str | None:
    failure = audited.timing_failure
    return failure.label if failure is not None and failure.kind == "target-unresolved" else None


def _conclude(picked: Picked) -> Sequence[Observation]:
    first = next(iter(picked.groups))
    message = (
        f"{share(len(picked.runs), picked.among)} evaluations could not find what they were to time; "
        f"{count(len(picked.groups), 'message')}, the most common ({count(len(first.runs), 'run')}): {first.label}"
    )
    return [
        Observation(message=message, runs=picked.runs, recovers=picked.recovers, details=picked.groups.table("message"))
    ]


KIND = FindingKind(
    code="target-unresolved",
    title="The benchmark did not find its target",
    severity="block",
    why="The function or class that the benchmark times is not there under that name at this commit: the benchmark was "
    "written for another one, or the patch's base is not what it was written for. Nothing is known about the patch.",
    mend="Check every benchmark on its base commit before any agent is run, and drop or rewrite those that do not "
    "resolve.",
    bad=FindingExample(
        runs=(
            sample(
                "a",
                repo="vllm",
                evaluation=Evaluation(
                    error="module 'vllm.core' has no attribute 'Gone'",
                    outputs={
                        "baseline_output": {
                            "target_resolved": False,
                            "error": "module 'vllm.core' has no attribute 'Gone'",
                        }
                    },
                ),
            ),
        )
    ),
    good=FindingExample(
        runs=(
            sample("a", evaluation=timed(2.0, 1.0)),
            sample("b", number=1, repo="vllm", evaluation=Evaluation(error="No module named 'cbor2'")),
        )
    ),
    collector=picking(_pick, _conclude, among=lambda audited: audited.run.evaluation is not None),
)
