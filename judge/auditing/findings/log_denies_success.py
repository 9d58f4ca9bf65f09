"""Finding log-denies-success."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.auditing.regrading.timing_failure import general
from judge.inputs.runs.agent_log import read_end


def _pick(audited: AuditedRun) -> str | None:
    end = read_end(audited.run.logs)
    return general(end.error or "no reason given") if end.success is False else None


def _conclude(picked: Picked) -> Sequence[Observation]:
    message = (
        f"{share(len(picked.runs), picked.among)} runs claimed as success that have a log end in it with the agent's "
        "own word that it failed"
    )
    return [Observation(message=message, runs=picked.runs, recovers=0, details=picked.groups.table("error"))]


KIND = FindingKind(
    code="log-denies-success",
    title="Claimed as success although the agent's log says that it failed",
    severity="warn",
    why="An agent that catches its own failure ends with code 0; what it had edited until then was taken for its "
    "answer.",
    mend="Read the agent's own outcome; an expired key or a refused request is a fault of the batch: run it again.",
    bad=FindingExample(
        runs=(sample("a", claimed="success", logs=("a/out.txt",)),),
        files={"a/out.txt": "│ Error       │ ❌ Token has expired │\n│ Success │ ❌ No │\n│ Steps │ 1 │\n"},
    ),
    good=FindingExample(
        runs=(sample("a", claimed="success", logs=("a/out.txt",)), sample("b", number=1, claimed="success")),
        files={"a/out.txt": "│ Success │ ✅ Yes │\n│ Steps │ 31 │\n"},
    ),
    collector=picking(
        _pick, _conclude, among=lambda audited: audited.run.claimed == "success" and bool(audited.run.logs)
    ),
)
