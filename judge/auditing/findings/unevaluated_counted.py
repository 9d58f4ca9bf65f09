"""Finding unevaluated-counted."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.inputs.runs.recorded_run import Evaluation

_SCORE = "pred_speedup_ratio"


def _pick(audited: AuditedRun) -> str | None:
    evaluation = audited.run.evaluation
    measured = evaluation is not None and evaluation.known_speedup is not None
    return None if measured else f"scored {audited.run.config[_SCORE]}"


def _conclude(picked: Picked) -> Sequence[Observation]:
    scores = ", ".join(f"{len(group.runs)} {group.label}" for group in picked.groups)
    message = f"{share(len(picked.runs), picked.among)} scored runs were never measured ({scores})"
    return [
        Observation(message=message, runs=picked.runs, recovers=len(picked.runs), details=picked.groups.table("score"))
    ]


KIND = FindingKind(
    code="unevaluated-counted",
    title="A run that was never evaluated has a score",
    severity="block",
    why="SWE-fficiency's report leaves the raw ratio empty where nothing was measured, and fills in correctness 0 and "
    "a speed-up of 1: a run that was not evaluated then counts like one that was tried and gained nothing.",
    mend="Leave a score empty where its measurement is, give the number of measured runs with every mean, and evaluate "
    "these runs.",
    bad=FindingExample(
        runs=(sample("a", claimed_status="not evaluated", config={_SCORE: 1.0}, evaluation=Evaluation()),)
    ),
    good=FindingExample(
        runs=(
            sample("a", config={_SCORE: 1.2}, evaluation=Evaluation(speedup=1.2)),
            sample("b", number=1, evaluation=Evaluation()),
        )
    ),
    collector=picking(_pick, _conclude, among=lambda audited: _SCORE in audited.run.config),
)
