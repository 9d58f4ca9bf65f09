"""Finding success-after-crash."""

import signal
from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample


def _pick(audited: AuditedRun) -> str | None:
    return _ending(audited.run.returncode) if audited.run.returncode else None


def _ending(code: int) -> str:
    """Say how the process ended; a negative code is a signal."""
    known = {int(number): number.name for number in signal.Signals}
    return f"{code} ({known[-code]})" if -code in known else str(code)


def _conclude(picked: Picked) -> Sequence[Observation]:
    codes = ", ".join(f"{len(group.runs)} with {group.label}" for group in picked.groups)
    message = (
        f"{share(len(picked.runs), picked.among)} runs claimed as success ended with a non-zero return code: {codes}"
    )
    return [Observation(message=message, runs=picked.runs, recovers=0, details=picked.groups.table("returncode"))]


KIND = FindingKind(
    code="success-after-crash",
    title="Claimed as success although the agent's process failed",
    severity="warn",
    why="The agent crashed, ran out of its budget or was killed, and what lay in its working copy was taken for its "
    "answer. The patch may still be good, but nobody finished or checked it.",
    mend="Record such a run as an error and keep its patch; grade it as unfinished work, apart from the successes.",
    bad=FindingExample(
        runs=(sample("a", claimed="success", returncode=1), sample("b", number=1, claimed="success", returncode=-15))
    ),
    good=FindingExample(
        runs=(sample("a", claimed="success", returncode=0), sample("b", number=1, claimed="error", returncode=1))
    ),
    collector=picking(_pick, _conclude, among=lambda audited: audited.run.claimed == "success"),
)
