"""Finding patch-recorded-as-none."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.auditing.regrading.timing_failure import NO_PATCH
from judge.inputs.runs.recorded_run import Evaluation


def _pick(audited: AuditedRun) -> str | None:
    run = audited.run
    if run.evaluation is not None and (run.evaluation.status or "").lower() in NO_PATCH:
        return f"evaluated as {run.evaluation.status}"
    return "the run's own record says that there is no patch" if run.patch_recorded is False else None


def _conclude(picked: Picked) -> Sequence[Observation]:
    ways = "; ".join(f"{len(group.runs)} {group.label}" for group in picked.groups)
    message = f"{share(len(picked.runs), picked.among)} patches with content are recorded as none: {ways}"
    details = picked.groups.table("way")
    return [Observation(message=message, runs=picked.runs, recovers=len(picked.runs), details=details)]


KIND = FindingKind(
    code="patch-recorded-as-none",
    title="A patch was generated but recorded as none",
    severity="block",
    why="The agent is blamed for silence although it answered. The usual cause is an evaluation that says `no patch` "
    "for a patch which it could not apply.",
    mend="Tell `there is no patch` from `the patch does not apply` in the record, and evaluate these runs again.",
    bad=FindingExample(
        runs=(
            sample("a", patch_state="yes", evaluation=Evaluation(status="no_patch", baseline_ms=1.0)),
            sample("b", number=1, patch_state="yes", patch_recorded=False),
        )
    ),
    good=FindingExample(
        runs=(
            sample("a", patch_state="empty", evaluation=Evaluation(status="no_patch")),
            sample("b", number=1, patch_state="yes", patch_recorded=True),
            sample("c", number=2, patch_state="yes"),
        )
    ),
    collector=picking(_pick, _conclude, among=lambda audited: audited.run.patch_state == "yes"),
)
