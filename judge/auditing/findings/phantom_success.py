"""Finding phantom-success."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.collectors import Groups, cut, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample, timed
from judge.auditing.context import Context
from judge.auditing.regrading.timing_failure import errors_printed
from judge.inputs.runs.recorded_run import Evaluation
from judge.inputs.runs.recorded_values import claim_from_status


class _Collector:
    def __init__(self, context: Context) -> None:
        self.claimed = 0
        self.null = RunSet()
        self.printed = RunSet()
        self.stand_in = RunSet()
        self.messages = Groups()

    def add(self, audited: AuditedRun) -> None:
        evaluation = audited.run.evaluation
        if evaluation is None or claim_from_status(evaluation.status) != "success":
            return
        self.claimed += 1
        errors = list(errors_printed(evaluation))
        if evaluation.known_speedup is None:
            self.null.add(audited)
        elif errors:
            self.printed.add(audited)
        if any(stand_in for _, stand_in in errors):
            self.stand_in.add(audited)
        for message in dict.fromkeys(error for error, _ in errors):
            self.messages.add(cut(message), audited)

    def result(self) -> Sequence[Observation]:
        details = self.messages.table("message")
        seen = []
        if len(self.null):
            message = f"{share(len(self.null), self.claimed)} timings recorded as success have no speed-up"
            title = "Recorded as success without a number"
            seen.append(Observation(message=message, title=title, runs=self.null, recovers=0, details=details))
        if len(self.printed):
            message = (
                f"{share(len(self.printed), self.claimed)} timings recorded as success have a number and an error in "
                f"their output; {len(self.stand_in)} of them say that a stand-in was timed, not the target"
            )
            more = {"stand_in": list(self.stand_in), **details}
            title = "Recorded as success with an error in its output"
            seen.append(Observation(message=message, title=title, runs=self.printed, recovers=0, details=more))
        return seen


KIND = FindingKind(
    code="phantom-success",
    title="Recorded as success without a number, or with an error in its output",
    severity="block",
    why="A script that catches its own exception ends cleanly, and a harness that looks at the exit alone records a "
    "success. Without a speed-up nothing was shown; with an error in the output the number may be that of a fallback.",
    mend="Record an error wherever the speed-up is null or the benchmark reports an error; let the benchmark end with "
    "a non-zero code when its target is missing, and never time a stand-in.",
    bad=FindingExample(
        runs=(
            sample("a", evaluation=timed(2.0, 1.0)),
            sample("b", number=1, evaluation=timed(0.0, 0.0)),
            sample("c", number=2, evaluation=timed(2.0, 2.0, stderr='{"error": "no module x", "using_mock": true}\n')),
        )
    ),
    good=FindingExample(
        runs=(
            sample("a", evaluation=timed(2.0, 1.0, stderr="UserWarning: an error is a word in this warning\n")),
            sample("b", number=1, evaluation=timed(None, None, status="error", error="no module x")),
            sample("c", number=2, evaluation=Evaluation(status="resolved")),
        )
    ),
    collector=_Collector,
)
