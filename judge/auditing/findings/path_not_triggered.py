"""Finding path-not-triggered."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.collectors import Groups, count, recoverable, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample, timed
from judge.auditing.context import Context
from judge.auditing.regrading.timing_failure import denies_path
from judge.inputs.runs.recorded_run import Evaluation


class _Collector:
    def __init__(self, context: Context) -> None:
        self.evaluated = 0
        self.timed = 0
        self.recovers = 0
        self.lost = RunSet()
        self.messages = Groups()
        self.timed_all_the_same = RunSet()

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        if run.evaluation is None:
            return
        self.evaluated += 1
        if run.evaluation.known_speedup is not None:
            self.timed += 1
            if denies_path(run.evaluation):
                self.timed_all_the_same.add(audited)
        elif (failure := audited.timing_failure) is not None and failure.kind == "path-not-triggered":
            self.lost.add(audited)
            self.recovers += recoverable(run)
            self.messages.add(failure.label, audited)

    def result(self) -> Sequence[Observation]:
        seen = []
        if len(self.lost):
            first = next(iter(self.messages))
            message = (
                f"{share(len(self.lost), self.evaluated)} evaluations have no number and report that the code in "
                f"question did not run; {count(len(self.messages), 'message')}, the most common "
                f"({count(len(first.runs), 'run')}): {first.label}"
            )
            details = self.messages.table("message")
            seen.append(Observation(message=message, runs=self.lost, recovers=self.recovers, details=details))
        if len(self.timed_all_the_same):
            message = (
                f"{share(len(self.timed_all_the_same), self.timed)} timed runs report that the code in question did "
                "not run: their number is that of other code"
            )
            title = "Timed, although the benchmark did not reach the code in question"
            seen.append(Observation(message=message, title=title, runs=self.timed_all_the_same))
        return seen


KIND = FindingKind(
    code="path-not-triggered",
    title="The benchmark did not reach the code in question",
    severity="block",
    why="A number that does not run the changed lines measures something else, and without a number nothing is known. "
    "The benchmark itself said so here.",
    mend="Give the benchmark what the path needs (devices, optional packages, settings), or leave the commit out.",
    bad=FindingExample(
        runs=(
            sample("a", evaluation=Evaluation(error="OPT_PATH_NOT_TRIGGERED: Custom allreduce not initialized")),
            sample("b", number=1, evaluation=timed(2.0, 1.9, outputs={"patched_output": {"opt_path_hit": False}})),
        )
    ),
    good=FindingExample(
        runs=(sample("a", evaluation=timed(2.0, 1.0, outputs={"baseline_output": {"opt_path_hit": True}})),)
    ),
    collector=_Collector,
)
