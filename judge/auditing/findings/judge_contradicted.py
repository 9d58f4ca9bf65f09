"""Finding judge-contradicted."""

from collections import Counter
from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.collectors import count
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import EVALUATION, recorded_answer, sample
from judge.auditing.context import Context
from judge.inputs.runs.judgement_file import JudgementKey
from judge.results.claims import FACT_BEHIND, ClaimName, check_claims, facts_of
from judge.static_checks.model.finding import GateResult


class _Collector:
    """Counts each answer once; where several runs have the same patch, the first one's facts stand for it."""

    def __init__(self, context: Context) -> None:
        self.seen: set[JudgementKey] = set()
        self.checked: Counter[tuple[ClaimName, bool]] = Counter()
        self.wrong: Counter[tuple[ClaimName, bool]] = Counter()
        self.answers = 0
        self.unchecked: set[JudgementKey] = set()
        self.runs = RunSet()

    def add(self, audited: AuditedRun) -> None:
        if audited.gates is None:
            self.unchecked.update(recorded.key for recorded in audited.run.judgements if recorded.claims)
            return
        overlap = audited.gates["overlap"].facts if "overlap" in audited.gates else {}
        facts = facts_of({name: gate.status for name, gate in audited.gates.items()}, overlap)
        for recorded in audited.run.judgements:
            claims = [claim for claim in check_claims(recorded.claims, facts) if claim.fact is not None]
            wrong = [claim for claim in claims if claim.fact is not claim.claimed]
            if wrong:
                self.runs.add(audited)
            if recorded.key in self.seen or not claims:
                continue
            self.seen.add(recorded.key)
            self.answers += bool(wrong)
            self.checked.update((claim.name, claim.claimed) for claim in claims)
            self.wrong.update((claim.name, claim.claimed) for claim in wrong)

    def result(self) -> Sequence[Observation]:
        return [*self._contradicted(), *self._unchecked()]

    def _unchecked(self) -> Sequence[Observation]:
        if not self.unchecked:
            return ()
        message = (
            f"{count(len(self.unchecked), 'answer')} of the judge could not be held against the facts, because the "
            "repository of the patch is not known here; give --repo NAME=PATH"
        )
        return [
            Observation(message=message, title="The judge's claims were not held against the facts", severity="info")
        ]

    def _contradicted(self) -> Sequence[Observation]:
        if not self.answers:
            return ()
        words = "; ".join(
            f"{name} = {str(claimed).lower()} is wrong in {count} of {self.checked[name, claimed]}"
            for (name, claimed), count in self.wrong.most_common()
        )
        message = f"{self.answers} of {len(self.seen)} answers that could be checked contradict a fact: {words}"
        claims = [
            {
                "claim": name,
                "said": claimed,
                "checked": count,
                "wrong": self.wrong[name, claimed],
                "fact": FACT_BEHIND[name],
            }
            for (name, claimed), count in sorted(self.checked.items())
        ]
        return [Observation(message=message, runs=self.runs, details={"claims": claims})]


KIND = FindingKind(
    code="judge-contradicted",
    title="The judge's claims contradict the facts",
    severity="block",
    why="Whether a patch parses and which files it touches can be computed. A judge that is wrong about these was "
    "asked what it cannot see, and its opinion on the rest has no better ground.",
    mend="Compute the facts, give them to the judge, and ask it for the logic alone.",
    bad=FindingExample(
        runs=(
            sample(
                "a",
                gates={"apply": GateResult(status="pass"), "parse": GateResult(status="pass")},
                judgements=(recorded_answer({**EVALUATION, "syntax_correct": False}),),
            ),
        )
    ),
    good=FindingExample(
        runs=(
            sample(
                "a",
                gates={"apply": GateResult(status="pass"), "parse": GateResult(status="pass")},
                judgements=(recorded_answer(EVALUATION),),
            ),
            sample(
                "b",
                number=1,
                gates={},
                judgements=(recorded_answer({**EVALUATION, "syntax_correct": False}, item="core-0001"),),
            ),
        )
    ),
    collector=_Collector,
)
