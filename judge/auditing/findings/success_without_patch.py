"""Finding success-without-patch."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample


def _pick(audited: AuditedRun) -> str | None:
    state = audited.run.patch_state
    return state if state in ("empty", "missing") else None


def _conclude(picked: Picked) -> Sequence[Observation]:
    states = ", ".join(f"{len(group.runs)} {group.label}" for group in picked.groups)
    message = f"{share(len(picked.runs), picked.among)} runs claimed as success left no patch ({states})"
    return [Observation(message=message, runs=picked.runs, recovers=0, details=picked.groups.table("state"))]


KIND = FindingKind(
    code="success-without-patch",
    title="Claimed as success with an empty or missing patch",
    severity="block",
    why="Nothing was changed, so nothing was made faster. It happens where a harness counts commits or trusts the "
    "exit code instead of looking at the patch.",
    mend="Call a run a success only when its patch exists and is not empty.",
    bad=FindingExample(
        runs=(
            sample("a", claimed="success", patch_state="empty"),
            sample("b", number=1, claimed="success", patch_state="missing"),
        )
    ),
    good=FindingExample(
        runs=(
            sample("a", claimed="success", patch_state="yes"),
            sample("b", number=1, claimed="error", patch_state="empty"),
            sample("c", number=2, claimed="success", patch_state="unknown"),
        )
    ),
    collector=picking(_pick, _conclude, among=lambda audited: audited.run.claimed == "success"),
)
