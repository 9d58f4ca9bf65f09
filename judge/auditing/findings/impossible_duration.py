"""Finding impossible-duration."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample

SHORTEST_S = 10.0
"""Of 580 claimed successes in the public ISO-Bench archive two took under 2 s and none of the others under 87 s."""
SHORTEST_EDIT_S = 1.0
"""No model answers in this time: 138 first edits there came within 0.11 s of the start, no other before 60 s."""


def _pick(audited: AuditedRun) -> str | None:
    run = audited.run
    budget = run.config.get("time_budget_minutes")
    if run.duration_s is not None:
        if run.duration_s < SHORTEST_S:
            return f"shorter than {SHORTEST_S:.0f} s"
        if isinstance(budget, int | float) and budget > 0 and run.duration_s >= 60 * budget:
            return "as long as its time limit, so it was cut off"
    first = run.time_to_first_edit_s
    if first is not None:
        if first < SHORTEST_EDIT_S:
            return f"first edit within {SHORTEST_EDIT_S:.0f} s of the start"
        if run.duration_s is not None and first > run.duration_s:
            return "first edit after the end"
    return None


def _conclude(picked: Picked) -> Sequence[Observation]:
    ways = "; ".join(f"{len(group.runs)} {group.label}" for group in picked.groups)
    message = f"{share(len(picked.runs), picked.among)} runs claimed as success have a time that cannot be: {ways}"
    return [Observation(message=message, runs=picked.runs, recovers=0, details=picked.groups.table("way"))]


KIND = FindingKind(
    code="impossible-duration",
    title="Claimed as success with an impossible duration",
    severity="warn",
    why=f"An agent that reads code, edits it and tries it takes minutes. Less than {SHORTEST_S:.0f} s means that it "
    "never worked and the patch is somebody else's, e.g. left over in the working copy; a first edit at once means "
    "that the clock or the working copy is wrong; the whole time limit means that it was cut off.",
    mend="Start every run in a fresh checkout, time it with one clock, and record a run that was cut off as an error.",
    bad=FindingExample(
        runs=(
            sample("a", claimed="success", duration_s=1.6),
            sample("b", number=1, claimed="success", duration_s=3600.1, config={"time_budget_minutes": 60}),
            sample("c", number=2, claimed="success", duration_s=200.0, time_to_first_edit_s=0.002),
        )
    ),
    good=FindingExample(
        runs=(
            sample("a", claimed="success", duration_s=400.0, time_to_first_edit_s=90.0),
            sample("b", number=1, claimed="error", duration_s=0.4),
        )
    ),
    collector=picking(_pick, _conclude, among=lambda audited: audited.run.claimed == "success"),
)
