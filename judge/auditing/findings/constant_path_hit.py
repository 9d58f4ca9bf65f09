"""Finding constant-path-hit."""

from collections.abc import Mapping, Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample, timed
from judge.auditing.context import Context
from judge.auditing.regrading.timing_failure import errors_printed
from judge.inputs.runs.recorded_run import Evaluation

ENOUGH = 20
"""Timed runs from which on a flag that never varies is said to be constant: a flag that is false once in seven runs
would by chance stay true in 20 of them less than once in twenty audits (0.86 ** 20 = 0.049)."""


class _Collector:
    def __init__(self, context: Context) -> None:
        self.runs = RunSet()
        self.values = {True: 0, False: 0}
        self.denied = RunSet()

    def add(self, audited: AuditedRun) -> None:
        evaluation = audited.run.evaluation
        if evaluation is None or evaluation.known_speedup is None:
            return
        for value in (hits := _hits(evaluation)):
            self.values[value] += 1
        if hits:
            self.runs.add(audited)
            if True in hits and any(stand_in for _, stand_in in errors_printed(evaluation)):
                self.denied.add(audited)

    def result(self) -> Sequence[Observation]:
        values = [value for value, count in self.values.items() if count]
        if len(values) != 1 or len(self.runs) < ENOUGH:
            return ()
        message = (
            f"opt_path_hit is {str(values[0]).lower()} in both halves of all {len(self.runs)} timed runs that report it"
        )
        if len(self.denied):
            message += f", also in {len(self.denied)} that timed a stand-in for a target which they could not import"
        details = {"value": values[0], "reports": self.values[values[0]], "stand_in": list(self.denied)}
        return [Observation(message=message, runs=self.runs, details=details)]


def _hits(evaluation: Evaluation) -> list[bool]:
    sides = (evaluation.outputs.get(side) for side in ("baseline_output", "patched_output"))
    values = (side.get("opt_path_hit") for side in sides if isinstance(side, Mapping))
    return [value for value in values if isinstance(value, bool)]


_HIT = {"baseline_output": {"opt_path_hit": True}, "patched_output": {"opt_path_hit": True}}

KIND = FindingKind(
    code="constant-path-hit",
    title="The flag that the changed code was reached never varies",
    severity="warn",
    why="A flag that the benchmark's author sets to true is no measurement: it cannot tell a run that reached the "
    "changed code from one that did not.",
    mend="Measure it: trace which of the added lines run under the benchmark, as `judge bench` and `judge grade` do.",
    bad=FindingExample(
        runs=tuple(sample(f"{n:02}", number=n, evaluation=timed(2.0, 1.0, outputs=_HIT)) for n in range(ENOUGH))
    ),
    good=FindingExample(
        runs=tuple(
            sample(f"{n:02}", number=n, evaluation=timed(2.0, 1.0, outputs={"patched_output": {"opt_path_hit": n > 0}}))
            for n in range(ENOUGH)
        )
    ),
    collector=_Collector,
)
