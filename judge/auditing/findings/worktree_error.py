"""Finding worktree-error."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, count, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.inputs.runs.recorded_run import Evaluation


def _pick(audited: AuditedRun) -> str | None:
    failure = audited.timing_failure
    return failure.label if failure is not None and failure.kind == "worktree" else None


def _conclude(picked: Picked) -> Sequence[Observation]:
    first = next(iter(picked.groups))
    message = (
        f"{share(len(picked.runs), picked.among)} evaluations could not check out the base; "
        f"{count(len(picked.groups), 'message')}, the most common ({count(len(first.runs), 'run')}): {first.label}"
    )
    return [
        Observation(message=message, runs=picked.runs, recovers=picked.recovers, details=picked.groups.table("message"))
    ]


KIND = FindingKind(
    code="worktree-error",
    title="The base commit could not be checked out",
    severity="block",
    why="The evaluation never started. The commit is not in that clone, or a worktree of an earlier run is in the way: "
    "a fault of the harness, not of the patch.",
    mend="Fetch every base commit before the evaluation, run `git worktree prune`, and evaluate these runs again.",
    bad=FindingExample(
        runs=(
            sample(
                "a",
                patch_state="yes",
                evaluation=Evaluation(
                    error="Command '['git', 'worktree', 'add', '--detach', '/tmp/w', '067c34a1']' returned 128"
                ),
            ),
        )
    ),
    good=FindingExample(
        runs=(
            sample(
                "a",
                evaluation=Evaluation(
                    error="No module named 'x'", stderr='File "/tmp/eval_worktree_1/worktree/a.py"\n'
                ),
            ),
        )
    ),
    collector=picking(_pick, _conclude, among=lambda audited: audited.run.evaluation is not None),
)
