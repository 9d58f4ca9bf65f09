"""Finding judge-contradicted."""

from collections import Counter
from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.finding_kind import Example, Kind, Seen, sample
from judge.auditing.collecting.groups import count
from judge.auditing.collecting.judged_once import Key, key_of
from judge.auditing.collecting.judgement_samples import EVALUATION, answer
from judge.auditing.context import Context
from judge.results.claims import FACT_BEHIND, ClaimName, check_claims, facts_of
from judge.static_checks.model.finding import GateResult


class _Collector:
    """Counts each answer once; where several runs have the same patch, the first one's facts stand for it."""

    def __init__(self, context: Context) -> None:
        self.seen: set[Key] = set()
        self.checked: Counter[tuple[ClaimName, bool]] = Counter()
        self.wrong: Counter[tuple[ClaimName, bool]] = Counter()
        self.answers = 0
        self.unchecked: set[Key] = set()
        self.runs = RunSet()

    def add(self, audited: AuditedRun) -> None:
        if audited.gates is None:
            self.unchecked.update(key_of(recorded) for recorded in audited.run.judgements if recorded.claims)
            return
        overlap = audited.gates["overlap"].facts if "overlap" in audited.gates else {}
        facts = facts_of({name: gate.status for name, gate in audited.gates.items()}, overlap)
        for recorded in audited.run.judgements:
            claims = [claim for claim in check_claims(recorded.claims, facts) if claim.fact is not None]
            wrong = [claim for claim in claims if claim.fact is not claim.claimed]
            if wrong:
                self.runs.add(audited)
            if key_of(recorded) in self.seen or not claims:
                continue
            self.seen.add(key_of(recorded))
            self.answers += bool(wrong)
            self.checked.update((claim.name, claim.claimed) for claim in claims)
            self.wrong.update((claim.name, claim.claimed) for claim in wrong)

    def result(self) -> Sequence[Seen]:
        return [*self._contradicted(), *self._unchecked()]

    def _unchecked(self) -> Sequence[Seen]:
        if not self.unchecked:
            return ()
        message = (
            f"{count(len(self.unchecked), 'answer')} of the judge could not be held against the facts, because the "
            "repository of the patch is not known here; give --repo NAME=PATH"
        )
        return [Seen(message=message, title="The judge's claims were not held against the facts", severity="info")]

    def _contradicted(self) -> Sequence[Seen]:
        if not self.answers:
            return ()
        words = "; ".join(
            f"{name} = {str(said).lower()} is wrong in {count} of {self.checked[name, said]}"
            for (name, said), count in self.wrong.most_common()
        )
        message = f"{self.answers} of {len(self.seen)} answers that could be checked contradict a fact: {words}"
        claims = [
            {"claim": name, "said": said, "checked": count, "wrong": self.wrong[name, said], "fact": FACT_BEHIND[name]}
            for (name, said), count in sorted(self.checked.items())
        ]
        return [Seen(message=message, runs=self.runs, details={"claims": claims})]


KIND = Kind(
    code="judge-contradicted",
    title="The judge's claims contradict the facts",
    severity="block",
    why="Whether a patch parses and which files it touches can be computed. A judge that is wrong about these was "
    "asked what it cannot see, and its opinion on the rest has no better ground.",
    mend="Compute the facts, give them to the judge, and ask it for the logic alone.",
    bad=Example(
        runs=(
            sample(
                "a",
                gates={"apply": GateResult(status="pass"), "parse": GateResult(status="pass")},
                judgements=(answer({**EVALUATION, "syntax_correct": False}),),
            ),
        )
    ),
    good=Example(
        runs=(
            sample(
                "a",
                gates={"apply": GateResult(status="pass"), "parse": GateResult(status="pass")},
                judgements=(answer(EVALUATION),),
            ),
            sample(
                "b", number=1, gates={}, judgements=(answer({**EVALUATION, "syntax_correct": False}, item="core-0001"),)
            ),
        )
    ),
    collector=_Collector,
)
