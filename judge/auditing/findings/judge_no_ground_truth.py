"""Finding judge-no-ground-truth."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.collectors import UniqueJudgements, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import EVALUATION, recorded_answer, sample
from judge.auditing.context import Context

_REASON = "no-ground-truth"


class _Collector:
    def __init__(self, context: Context) -> None:
        self.judged = UniqueJudgements(context)
        self.runs = RunSet()

    def add(self, audited: AuditedRun) -> None:
        self.judged.add(audited)
        if any(recorded.judgement.reason == _REASON for recorded in audited.run.judgements):
            self.runs.add(audited)

    def result(self) -> Sequence[Observation]:
        answered = self.judged.answered
        without = [recorded for recorded in answered if recorded.judgement.reason == _REASON]
        if not without:
            return ()
        message = (
            f"{share(len(without), len(answered))} answers of the judge were given without the human change before it"
        )
        return [Observation(message=message, runs=self.runs, recovers=len(without), details={"answers": len(answered)})]


KIND = FindingKind(
    code="judge-no-ground-truth",
    title="The judge was not shown the human change",
    severity="block",
    why="Whether a patch has the human's logic or files cannot be said without seeing the human's change. What was "
    "answered is an opinion on the patch alone, under the name of a comparison.",
    mend="Show the judge the human diff and the files it touches, and ask again; better, compute what can be computed.",
    bad=FindingExample(runs=(sample("a", judgements=(recorded_answer(EVALUATION, reason=_REASON),)),)),
    good=FindingExample(runs=(sample("a", judgements=(recorded_answer(EVALUATION),)),)),
    collector=_Collector,
)
