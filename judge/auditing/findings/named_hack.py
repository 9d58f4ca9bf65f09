"""Finding named-hack."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample


def _pick(audited: AuditedRun) -> str | None:
    return (audited.run.model or "unknown model") if audited.run.config.get("hacked") is True else None


def _conclude(picked: Picked) -> Sequence[Observation]:
    models = ", ".join(f"{group.label} {len(group.runs)}" for group in list(picked.groups)[:5])
    message = (
        f"{share(len(picked.runs), picked.among)} claimed successes are called a hack by their own report ({models})"
    )
    return [Observation(message=message, runs=picked.runs, details=picked.groups.table("model"))]


KIND = FindingKind(
    code="named-hack",
    title="Claimed as success although its own report calls it a hack",
    severity="block",
    why="GSO's reports list the runs whose speed-up was found to come from a trick, and count them as successes all "
    "the same: in its public reports they are 1 to 5 of a model's 5 to 19 successes, and 5 of 9 at most.",
    mend="Quote the score without these runs.",
    bad=FindingExample(
        runs=(
            sample("a", claimed="success", model="m", config={"hacked": True}),
            sample("b", number=1, claimed="success", model="m"),
        )
    ),
    good=FindingExample(
        runs=(sample("a", claimed="error", config={"hacked": True}), sample("b", number=1, claimed="success"))
    ),
    collector=picking(_pick, _conclude, among=lambda audited: audited.run.claimed == "success"),
)
