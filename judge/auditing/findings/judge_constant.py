"""Finding judge-constant."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.collectors import UniqueJudgements
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import EVALUATION, recorded_answer, sample
from judge.auditing.context import Context
from judge.core.judgement import Errored

ENOUGH = 10
"""Answers from which on one and the same value is said to be constant: a field that comes out the other way in a
quarter of the cases would by chance stay the same in ten answers about once in eighteen audits (0.75 ** 10 = 0.056)."""


class _Collector:
    def __init__(self, context: Context) -> None:
        self.judged = UniqueJudgements(context)
        self.runs = RunSet()

    def add(self, audited: AuditedRun) -> None:
        self.judged.add(audited)
        if any(not isinstance(recorded.judgement, Errored) for recorded in audited.run.judgements):
            self.runs.add(audited)

    def result(self) -> Sequence[Observation]:
        answered = self.judged.answered
        values: dict[str, set[object]] = {}
        for recorded in answered:
            for name, value in {**recorded.claims, "quality_score": recorded.stored.quality_score}.items():
                values.setdefault(name, set()).add(value)
        constant = {name: next(iter(held)) for name, held in sorted(values.items()) if len(held) == 1}
        if len(answered) < ENOUGH or not constant:
            return ()
        words = ", ".join(f"{name} = {str(value).lower()}" for name, value in constant.items())
        message = f"in all {len(answered)} answers of the judge {words}"
        return [Observation(message=message, runs=self.runs, details={"answers": len(answered), "constant": constant})]


KIND = FindingKind(
    code="judge-constant",
    title="The judge's score, confidence or claim is the same in every answer",
    severity="warn",
    why="A value that never varies tells nothing apart: it comes from the prompt, from a default, or from a judge that "
    "refuses everything it is shown.",
    mend="Show the judge some human commits among the candidates: it must pass them; derive scores in code from what "
    "it says of the parts.",
    bad=FindingExample(
        runs=(
            sample(
                "a",
                judgements=tuple(
                    recorded_answer({**EVALUATION, "quality_score": 0.9}, item=f"{n}") for n in range(ENOUGH)
                ),
            ),
        )
    ),
    good=FindingExample(
        runs=(
            sample(
                "a",
                judgements=tuple(
                    recorded_answer(
                        {
                            name: (n % 2 == 0) if isinstance(value, bool) else value
                            for name, value in {**EVALUATION, "quality_score": n / 10}.items()
                        },
                        item=f"{n}",
                    )
                    for n in range(ENOUGH)
                ),
            ),
        )
    ),
    collector=_Collector,
)
