"""Finding same-patch."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, count, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.inputs.runs.judgement_file import same_commit


def _pick(audited: AuditedRun) -> str | None:
    own = audited.run.human or ""
    others = [task for task in audited.twins if not same_commit(own, task.rpartition("/")[2])]
    return (audited.patch_sha256 or "unknown")[:12] if others else None


def _conclude(picked: Picked) -> Sequence[Observation]:
    largest = next(iter(picked.groups))
    message = (
        f"{share(len(picked.runs), picked.among)} patches stand word for word at another commit too: "
        f"{count(len(picked.groups), 'text')}, the most common at {count(len(largest.runs), 'run')}"
    )
    return [Observation(message=message, runs=picked.runs, details=picked.groups.table("patch_sha256"))]


KIND = FindingKind(
    code="same-patch",
    title="The same patch for different commits",
    severity="warn",
    why="One text cannot be the answer to different tasks. It is a template, an answer to the example in the prompt, "
    "or the working copy of another run.",
    mend="Look at one patch of each text: take its lines out of the prompt if they come from there, and start every "
    "run in a fresh checkout.",
    bad=FindingExample(
        runs=(
            sample("a", human="c0ffee", patch_state="yes", patch_sha256="1" * 64, twins=("r/beef",)),
            sample("b", number=1, human="beef", patch_state="yes", patch_sha256="1" * 64, twins=("r/c0ffee",)),
        )
    ),
    good=FindingExample(
        runs=(
            sample("a", human="c0ffee0", patch_state="yes", patch_sha256="1" * 64),
            sample("b", number=1, human="c0ffee0", patch_state="yes", patch_sha256="1" * 64, twins=("r/c0ffee00",)),
        )
    ),
    collector=picking(_pick, _conclude, among=lambda audited: audited.run.patch_state == "yes"),
)
