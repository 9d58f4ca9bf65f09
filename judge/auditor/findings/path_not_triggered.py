"""Finding path-not-triggered."""

from collections.abc import Sequence

from judge.auditor.faults import fault
from judge.auditor.gather import Picked, picking, share
from judge.auditor.kind import Example, Kind, Seen, sample, timed
from judge.auditor.run import AuditedRun, Evaluation


def _pick(audited: AuditedRun) -> str | None:
    found = fault(audited.run)
    return found.label if found is not None and found.kind == "path-not-triggered" else None


def _conclude(found: Picked) -> Sequence[Seen]:
    first = next(iter(found.groups))
    message = (
        f"{share(len(found.runs), found.among)} evaluations report that the code in question did not run; "
        f"{len(found.groups)} messages, the most common ({len(first.runs)} runs): {first.label}"
    )
    return [Seen(message=message, runs=found.runs, recovers=found.recovers, details=found.groups.table("message"))]


KIND = Kind(
    code="path-not-triggered",
    title="The benchmark did not reach the code in question",
    severity="block",
    why="A number that does not run the changed lines measures something else, and without a number nothing is known. "
    "The benchmark itself said so here.",
    mend="Give the benchmark what the path needs (devices, optional packages, settings), or leave the commit out of "
    "the set.",
    bad=Example(
        runs=(sample("a", evaluation=Evaluation(error="OPT_PATH_NOT_TRIGGERED: Custom allreduce not initialized")),)
    ),
    good=Example(runs=(sample("a", evaluation=timed(2.0, 1.0, outputs={"baseline_output": {"opt_path_hit": True}})),)),
    collector=picking(_pick, _conclude, among=lambda audited: audited.run.evaluation is not None),
)
