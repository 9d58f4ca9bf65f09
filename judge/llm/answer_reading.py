"""Reads what a model answered and says what it is worth: every quote looked up, every claim only as good as its quotes.

Pure. Any text is an `Answer` or a `Failure`; any answer is `Judged` or `Abstained`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from judge.core.judgement import (
    Abstained,
    Concern,
    Coverage,
    Evidence,
    Judged,
    Unit,
    completeness,
    derive_match,
)
from judge.llm.answer import Answer, Quote, UnitAnswer
from judge.llm.inquiry import Inquiry
from judge.llm.questions.framing import shorten, shown, shown_line
from judge.llm.questions.tokens_estimate import estimate_tokens
from judge.llm.quotes import Library
from judge.llm.reply import Failure, FailureReason, Reply, Stop

MAX_TEXT = 1_000
"""Characters of any one text of a model that are kept."""
MIN_QUOTES = 4
"""Fewer quotes than this are too few to call a model's evidence made up."""

_MOST_TOO_HIGH = 2.5
"""On whole questions the estimate is 1.04 to 1.49 times what four tokenizers count (see `estimate_tokens`)."""
_COVERED = frozenset({"covered", "covered_differently"})
_STOPPED: dict[Stop, FailureReason] = {
    "refusal": "refusal",
    "content-filter": "content-filter",
    "context": "context-exceeded",
    "failed": "failed",
    "other": "failed",
}


def read_answer(reply: Reply, inquiry: Inquiry) -> Answer | Failure:
    """Read a reply: how it ended comes first, then its shape, then whether it answers exactly what was asked."""
    if reply.stop in _STOPPED:
        return Failure(reason=_STOPPED[reply.stop], message=shown_line(f"the reply ended with {reply.detail}", 500))
    if reply.stop == "length":
        if not reply.text.strip():
            return Failure(
                reason="empty-truncated", message="the token limit was spent before a word of the answer was written"
            )
        return Failure(reason="truncated", message="the reply was cut off by the token limit")
    if not reply.text.strip():
        return Failure(reason="empty", message="the reply ended properly and holds no text")
    if cut := _cut_off(reply, inquiry):
        return cut
    try:
        answer = Answer.model_validate_json(reply.text, strict=True)
        _refuse_doubles(reply.text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the reply"
        reason: FailureReason = "value-invalid" if first["type"] == "literal_error" else "schema-invalid"
        return Failure(reason=reason, message=shown_line(f"{place}: {first['msg']}", 500))
    except (ValueError, RecursionError) as error:
        return Failure(reason="schema-invalid", message=shown_line(f"not the JSON asked for: {error}", 500))
    return _answers_units(answer, inquiry) or answer


def _cut_off(reply: Reply, inquiry: Inquiry) -> Failure | None:
    """Some servers drop what their context cannot hold and say nothing; the tokens that they count tell on them."""
    question_text = inquiry.system + inquiry.shared + inquiry.own
    tokens_read = reply.tokens.input
    if tokens_read is None or tokens_read * _MOST_TOO_HIGH >= estimate_tokens(question_text):
        return None
    message = f"the server says that it read {tokens_read} tokens of a question of {len(question_text)} characters"
    return Failure(reason="context-exceeded", message=f"{message}, so part of it was cut off")


def _refuse_doubles(text: str) -> None:
    """JSON lets a key stand twice and keeps one of them; an answer must say one thing."""

    def pairs(entries: list[tuple[str, object]]) -> dict[str, object]:
        fields = dict(entries)
        if len(fields) != len(entries):
            raise ValueError("a key stands twice in one object")
        return fields

    json.loads(text, object_pairs_hook=pairs)


def _answers_units(answer: Answer, inquiry: Inquiry) -> Failure | None:
    given = Counter(entry.unit for entry in answer.units)
    missing = [unit for unit in inquiry.units if unit not in given]
    unknown = [unit for unit in given if unit not in inquiry.units]
    twice = [unit for unit, times in given.items() if times > 1]
    faults = [("not answered", missing), ("not asked about", unknown), ("answered twice", twice)]
    complaint = "; ".join(f"{what}: {', '.join(which[:10])}" for what, which in faults if which)
    return Failure(reason="units-invalid", message=shown_line(f"units {complaint}", 500)) if complaint else None


@dataclass(frozen=True, kw_only=True)
class _Checked:
    """The quotes of one claim, looked up."""

    evidence: tuple[Evidence, ...]

    def of(self, *sides: str) -> bool:
        """Whether a quote of one of these sides, or of any, is verbatim."""
        return any(quote.verified and (not sides or quote.side in sides) for quote in self.evidence)


def weigh(answer: Answer, inquiry: Inquiry, *, judge: str, scope: str) -> Judged | Abstained:
    """Derive a judgement from an answer to `inquiry`.

    A claim without a quote that stands in what was sent becomes `unclear`. Match and completeness are worked out from
    the units; where they turn on what is unclear, rest on made-up quotes or on part of the evidence, the judge
    abstains.
    """
    return _Weighing(answer, inquiry, judge, scope).outcome()


class _Weighing:
    """One answer held against one question."""

    def __init__(self, answer: Answer, inquiry: Inquiry, judge: str, scope: str) -> None:
        self.answer = answer
        self.inquiry = inquiry
        self.judge = judge
        self.scope = scope
        self.library = Library(inquiry.documents)
        self.evidence: list[Evidence] = []
        self.units = tuple(self._unit(entry) for entry in answer.units)
        self.bottleneck = self._bottleneck()
        self.concerns = tuple(self._concerns())
        self.contradictions = tuple(self._contradictions())

    def outcome(self) -> Judged | Abstained:
        made_up = sum(not quote.verified for quote in self.evidence)
        if len(self.evidence) >= MIN_QUOTES and 2 * made_up > len(self.evidence):
            message = f"{made_up} of {len(self.evidence)} quotes do not stand in what was sent"
            return self._abstained("evidence-unverified", message)
        if self.bottleneck == "unclear":
            return self._abstained("unclear", "whether both changes remove the same cost is unclear")
        match = derive_match(self.units, self.bottleneck)
        if match is None:
            names = ", ".join(unit.unit for unit in self.units if unit.coverage == "unclear")
            return self._abstained("unclear", f"the match turns on units that are unclear: {names}")
        if match == "none" and self.units and all(unit.coverage in _COVERED for unit in self.units):
            message = f"every unit is said to be covered, and the bottleneck to be {self.bottleneck!r}"
            return self._abstained("inconsistent", message)
        if not self.inquiry.diffs_whole or (self.inquiry.omitted and match != "none"):
            left = ", ".join(self.inquiry.omitted)
            message = f"the match would be {match!r}, but on part of the evidence; left out: {left}"
            return self._abstained("partial-evidence", message)
        return Judged(
            judge=self.judge,
            scope=self.scope,
            prompt=self.inquiry.prompt,
            logic_match=match,
            completeness=completeness(self.units),
            bottleneck=self.bottleneck,
            units=self.units,
            evidence=tuple(self.evidence),
            unverified_quotes=made_up,
            concerns=self.concerns,
            omitted=self.inquiry.omitted,
            contradictions=self.contradictions,
        )

    def _abstained(self, reason: str, message: str) -> Abstained:
        units = [f"{unit.unit}: {_described_coverage(unit)} - {unit.why}" for unit in self.units]
        why = [_kept(self.answer.bottleneck_why)]
        return Abstained(
            judge=self.judge,
            scope=self.scope,
            prompt=self.inquiry.prompt,
            reason=reason,
            message=_kept(message),
            facts={
                "what it said of the units": units,
                f"what it said of the bottleneck ({self.answer.bottleneck})": why,
                "concerns": [f"{concern.about} {concern.kind}: {concern.why}" for concern in self.concerns],
            },
            omitted=self.inquiry.omitted,
            contradictions=self.contradictions,
        )

    def _check(self, quotes: Sequence[Quote], claim: str) -> _Checked:
        evidence = tuple(
            Evidence(
                file=_kept(quote.file),
                side=quote.side,
                quote=_kept(quote.text),
                claim=claim,
                verified=self.library.holds(quote),
            )
            for quote in quotes
        )
        self.evidence += evidence
        return _Checked(evidence=evidence)

    def _unit(self, entry: UnitAnswer) -> Unit:
        name = self.inquiry.units.get(entry.unit, entry.unit)
        checked = self._check(entry.quotes, f"{entry.unit} {entry.coverage}")
        supported = entry.coverage == "unclear" or checked.of("human" if entry.coverage == "missing" else "candidate")
        coverage: Coverage = entry.coverage if supported else "unclear"
        return Unit(
            unit=_kept(name), coverage=coverage, why=_kept(entry.why), claimed=None if supported else entry.coverage
        )

    def _bottleneck(self) -> Literal["same", "other", "none", "unclear"]:
        bottleneck = self.answer.bottleneck
        checked = self._check(self.answer.bottleneck_quotes, f"bottleneck {bottleneck}")
        return "unclear" if bottleneck in ("same", "other") and not checked.of("candidate") else bottleneck

    def _concerns(self) -> Iterable[Concern]:
        answer = self.answer
        for risk in answer.risks:
            yield self._concern("risk", risk.kind, risk.why, risk.quotes)
        for sign in answer.hack_signs:
            yield self._concern("hack", sign.kind, sign.why, sign.quotes)
        for extra in answer.extra_scope:
            yield self._concern("scope", "extra", extra.why, extra.quotes)

    def _concern(
        self, about: Literal["risk", "hack", "scope"], kind: str, why: str, quotes: Sequence[Quote]
    ) -> Concern:
        supported = self._check(quotes, f"{about} {kind}").of()
        return Concern(about=about, kind=kind, why=_kept(why), supported=supported)

    def _contradictions(self) -> Iterable[str]:
        """The facts that the answer disputes; the facts stand."""
        known = self.inquiry.facts
        for dispute in self.answer.disputed_facts:
            if dispute.fact in known:
                yield _kept(f"disputes {dispute.fact} ({known[dispute.fact]}): {dispute.why}")
        unknown = [dispute.fact for dispute in self.answer.disputed_facts if dispute.fact not in known]
        if unknown:
            yield shown_line(f"disputes {len(unknown)} facts that were not given: {', '.join(unknown[:10])}")


def _described_coverage(unit: Unit) -> str:
    return f"{unit.coverage} (said {unit.claimed}, without a quote that holds)" if unit.claimed else unit.coverage


def _kept(text: str) -> str:
    """A text of the model as a record keeps it: bounded, and no character in it that cannot be seen."""
    return shorten(shown(text), MAX_TEXT)
