"""Finding judge-failure-stored."""

from collections import Counter
from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.collectors import UniqueJudgements, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import EVALUATION, recorded_answer, recorded_failure, sample
from judge.auditing.context import Context
from judge.core.judgement import Errored


class _Collector:
    def __init__(self, context: Context) -> None:
        self.judged = UniqueJudgements(context)
        self.runs = RunSet()

    def add(self, audited: AuditedRun) -> None:
        self.judged.add(audited)
        if any(isinstance(recorded.judgement, Errored) for recorded in audited.run.judgements):
            self.runs.add(audited)

    def result(self) -> Sequence[Observation]:
        failed = [recorded for recorded in self.judged.all if isinstance(recorded.judgement, Errored)]
        if not failed:
            return ()
        reasons = Counter(str(recorded.judgement.reason) for recorded in failed).most_common()
        words = ", ".join(f"{count} {reason}" for reason, count in reasons)
        over_success = sum(recorded.status == "success" for recorded in failed)
        message = (
            f"{share(len(failed), len(self.judged.all))} stored judgements are no judgement: the judge failed "
            f"({words}), and a verdict against the patch was stored; {over_success} of them over runs recorded as "
            "success"
        )
        details = {"by_reason": dict(reasons), "judgements": len(self.judged.all)}
        return [Observation(message=message, runs=self.runs, recovers=len(failed), details=details)]


KIND = FindingKind(
    code="judge-failure-stored",
    title="A failure of the judge is stored as a verdict on the patch",
    severity="block",
    why="An empty reply, a refusal or a broken answer says nothing about the patch. Stored as `false` in every field "
    "it looks like the worst patch of all, and every rate computed from it is wrong.",
    mend="Store a failed judgement as an error, leave the patch undetermined, give the model enough tokens to answer, "
    "and ask again.",
    bad=FindingExample(runs=(sample("a", judgements=(recorded_failure(),)),)),
    good=FindingExample(runs=(sample("a", judgements=(recorded_answer(EVALUATION),)), sample("b", number=1))),
    collector=_Collector,
)
