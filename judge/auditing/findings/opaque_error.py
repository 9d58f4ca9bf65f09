"""Finding opaque-error."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, describes_process, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample


def _pick(audited: AuditedRun) -> str | None:
    lacks = [name for name, value in (("message", audited.run.error), ("type", audited.run.error_type)) if not value]
    return f"no {' and no '.join(lacks)}" if lacks else None


def _conclude(picked: Picked) -> Sequence[Observation]:
    message = f"{share(len(picked.runs), picked.among)} errors say nothing: " + "; ".join(
        f"{len(group.runs)} have {group.label}" for group in picked.groups
    )
    return [Observation(message=message, runs=picked.runs, details=picked.groups.table("lacks"))]


KIND = FindingKind(
    code="opaque-error",
    title="An error without a message or type",
    severity="warn",
    why="Nobody can tell a fault of the model's service from one of the agent, the machine or the harness, so none of "
    "them is mended and all of them are counted against the agent.",
    mend="Write the exception's type and message, the return code and the ends of both output streams into the record.",
    bad=FindingExample(
        runs=(sample("a", claimed="error", returncode=1), sample("b", number=1, claimed="error", error="it broke"))
    ),
    good=FindingExample(
        runs=(
            sample("a", claimed="error", error="no such file: bin/python", error_type="FileNotFoundError"),
            sample("b", number=1, claimed="success", returncode=0),
            sample("c", number=2, claimed="error", claimed_status="unresolved"),
        )
    ),
    collector=picking(
        _pick, _conclude, among=lambda audited: audited.run.claimed == "error" and describes_process(audited.run)
    ),
)
