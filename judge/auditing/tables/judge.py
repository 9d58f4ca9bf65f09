"""What a recorded judge claimed, against the facts that the gates found of the same patches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import Table
from judge.auditing.context import Context
from judge.core.judgement import Abstained
from judge.inputs.runs.judgement_file import JudgementKey, RecordedJudgement
from judge.results.claims import CheckedClaim, PatchFacts, check_claims, facts_of, tabulate

ORDER = 90

_STORED = (
    "syntax_correct",
    "files_match",
    "is_template_code",
    "optimization_logic_match",
    "is_complete",
    "true_success",
)


@dataclass(frozen=True, kw_only=True)
class _JudgedPatch:
    """The facts of the patch that a judgement was made on.

    Attributes:
        by_bytes: whether its size in bytes is the recorded one, not only its size in characters.
    """

    facts: PatchFacts | None
    by_bytes: bool


class _Judge:
    def __init__(self, context: Context) -> None:
        self._judgements = {judgement.key: judgement for judgement in context.judgements}
        self._scope = context.judged
        self._patches: dict[JudgementKey, _JudgedPatch] = {}
        self._runs = 0

    def add(self, audited: AuditedRun) -> None:
        """A patch that several runs left is one patch: the first run stands for it."""
        self._runs += bool(audited.run.judgements)
        for judgement in audited.run.judgements:
            key = judgement.key
            self._judgements.setdefault(key, judgement)
            self._patches.setdefault(
                key, _JudgedPatch(facts=_facts(audited), by_bytes=audited.patch_bytes == judgement.patch_size)
            )

    def result(self) -> Sequence[Table]:
        if not self._judgements:
            return []
        return [self._against_facts(), self._stored(), self._contradicted()]

    def _against_facts(self) -> Table:
        by_bytes = {key: patch for key, patch in self._patches.items() if patch.by_bytes}
        rows: list[tuple[str | int | float | None, ...]] = []
        if self._scope:
            about = {
                "commits in the file": self._scope.commits,
                "... judged without the human change (no human files given)": self._scope.without_human,
                "attempts at these commits": self._scope.attempts,
            }
            rows += [(name, count, count) for name, count in about.items()]
        for name, count in self._rows(self._patches).items():
            rows.append((name, count, self._rows(by_bytes)[name]))
        return Table(
            name="judge",
            title="The recorded judge against the facts",
            columns=("what", "found by size", "found by size in bytes"),
            rows=rows,
            note="A judgement's patch is found again by commit and size, in characters or in bytes; the second column "
            "counts only those whose size in bytes is the recorded one, which leaves out patches with other than "
            f"ASCII text. {self._runs} runs left one of these patches.",
        )

    def _rows(self, patches: Mapping[JudgementKey, _JudgedPatch]) -> dict[str, int]:
        facts = [patch.facts for patch in patches.values()]
        applying = {key for key, patch in patches.items() if patch.facts and patch.facts.applies}
        answered = {key for key in applying if self._answered(key)}
        parses = [fact for fact in facts if fact and fact.applies and fact.parses]
        accused = [key for key in answered if self._judgements[key].claims.get("syntax_correct") is False]
        broken = [key for key in answered if (fact := patches[key].facts) and fact.parses is False]
        return {
            "judgements recorded": len(self._judgements),
            "no judgement at all (the model's reply was empty or unreadable)": sum(
                not self._answered(key) for key in self._judgements
            ),
            "patches found again": len(patches),
            "... that apply": len(applying),
            "... that apply and parse": len(parses),
            "... that share a file with the human commit": sum(bool(fact and fact.shares_file) for fact in facts),
            "... that apply and were really answered": len(answered),
            "of these, accused of syntax errors": len(accused),
            "of these, with a syntax error": len(broken),
            "accused, and there is one": len(set(accused) & set(broken)),
        }

    def _stored(self) -> Table:
        """What a reader of the file would have published, and what is left of it without the failures."""
        every = list(self._judgements.values())
        answered = [judgement for judgement in every if isinstance(judgement.judgement, Abstained)]
        rows = []
        for name in _STORED:
            bad = name == "is_template_code"
            stored = _share_of(every, name, bad)
            real = _share_of(answered, name, bad)
            rows.append((f"{name}: {'yes' if bad else 'no'}", *stored, *real))
        return Table(
            name="judge-stored",
            title="What the file of judgements says, and what the real answers say",
            columns=("stored", "all", "share", "real answers", "share of these"),
            rows=rows,
        )

    def _contradicted(self) -> Table:
        checked: list[CheckedClaim] = []
        for key, judgement in self._judgements.items():
            patch = self._patches.get(key)
            checked += check_claims(judgement.claims, patch.facts if patch else None)
        rows = [
            (row.claim, row.fact, row.asserted, row.wrong.whole, row.wrong.part, *(row.wrong.interval or (None, None)))
            for row in tabulate(checked)
        ]
        return Table(
            name="judge-claims",
            title="Claims of the real answers that a fact settles",
            columns=("claim", "held against", "answers", "checked", "contradicted", "rate from", "rate to"),
            rows=rows,
            note="The rate is the 95 % interval of contradicted / checked.",
        )

    def _answered(self, key: JudgementKey) -> bool:
        return isinstance(self._judgements[key].judgement, Abstained)


def _share_of(judgements: Iterable[RecordedJudgement], name: str, value: bool) -> tuple[int, float | None]:
    held = [getattr(judgement.stored, name) is value for judgement in judgements]
    return sum(held), sum(held) / len(held) if held else None


def _facts(audited: AuditedRun) -> PatchFacts | None:
    if audited.gates is None:
        return None
    statuses: dict[str, str] = {name: gate.status for name, gate in audited.gates.items()}
    return facts_of(statuses, audited.gates["overlap"].facts)


def collect(context: Context) -> _Judge:
    """Start gathering."""
    return _Judge(context)
