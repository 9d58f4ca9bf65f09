"""Finding recorded-error."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, count, describes_process, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.auditing.regrading.timing_failure import general


def _pick(audited: AuditedRun) -> str | None:
    run = audited.run
    return f"{run.error_type}: {general(run.error)}" if run.error and run.error_type else None


def _conclude(picked: Picked) -> Sequence[Observation]:
    first = next(iter(picked.groups))
    message = (
        f"{share(len(picked.runs), picked.among)} errors name their cause; "
        f"{count(len(picked.groups), 'cause')}, the most common ({count(len(first.runs), 'run')}): {first.label}"
    )
    details = picked.groups.table("error")
    return [Observation(message=message, runs=picked.runs, recovers=len(picked.runs), details=details)]


KIND = FindingKind(
    code="recorded-error",
    title="The agent's run failed with a recorded cause",
    severity="info",
    why="Few causes stop many runs, and the same words over a whole batch mean that the batch was set up wrongly: "
    "no agent worked in it, and none should be judged by it.",
    mend="Mend the most common cause first and run its runs again.",
    bad=FindingExample(
        runs=(sample("a", claimed="error", error="no such file: bin/python", error_type="FileNotFoundError"),)
    ),
    good=FindingExample(runs=(sample("a", claimed="error", returncode=1), sample("b", number=1, claimed="success"))),
    collector=picking(
        _pick, _conclude, among=lambda audited: audited.run.claimed == "error" and describes_process(audited.run)
    ),
)
