"""Finding zero-steps."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.inputs.runs.agent_log import read_end


def _pick(audited: AuditedRun) -> str | None:
    run = audited.run
    steps = run.steps if run.steps is not None else read_end(run.logs).steps
    return "zero" if steps == 0 else None


def _conclude(picked: Picked) -> Sequence[Observation]:
    message = f"{share(len(picked.runs), picked.among)} runs claimed as success took no step"
    return [Observation(message=message, runs=picked.runs, recovers=0)]


KIND = FindingKind(
    code="zero-steps",
    title="Claimed as success with zero steps",
    severity="block",
    why="An agent that took no step changed nothing: the patch is somebody else's, or there is none.",
    mend="Record such a run as an error and find out why the agent did not start.",
    bad=FindingExample(
        runs=(sample("a", claimed="success", steps=0), sample("b", number=1, claimed="success", logs=("b.txt",))),
        files={"b.txt": "│ Steps │ 0 │\n"},
    ),
    good=FindingExample(
        runs=(sample("a", claimed="success", steps=12), sample("b", number=1, claimed="error", steps=0)),
    ),
    collector=picking(_pick, _conclude, among=lambda audited: audited.run.claimed == "success"),
)
