"""What a run would cost, before anything is asked: a range, honest about what nobody can know beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.judgement import Tokens
from judge.llm.inquiry import Inquiry, Questionnaire
from judge.llm.money import Tariff, cost, price_of, worst_cost
from judge.llm.options import JudgingOptions

if TYPE_CHECKING:
    from judge.llm.wires import Model

REPLY_TOKENS = 600
"""A short answer without its units; set by hand, not measured."""

UNIT_TOKENS = 150
"""What a short answer says about one unit; set by hand, not measured."""

CACHED_FROM = 1024
"""Tokens from which both providers keep a prefix (their documentation)."""

Stored = Callable[["Model", Inquiry, int], bool]


@dataclass(frozen=True, kw_only=True)
class Range:
    """US dollars, from what cannot be undercut by much to what cannot be exceeded."""

    low: float
    high: float

    def times(self, factor: float) -> Range:
        """Return the range multiplied."""
        return Range(low=self.low * factor, high=self.high * factor)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What the questions to one model would take.

    Attributes:
        model: the model as `--judge` names it.
        candidates: how many candidates it would be asked about.
        calls: calls to be made, one for each vote and for each neutral version; what is stored costs none.
        stored: calls that are answered in the store.
        input_tokens: their input, an upper estimate.
        output_tokens: the sum of their output limits.
        cost: the range. Low: the prefix that the candidates of a case share is read from the provider's cache, and the
            answers are short and without hidden reasoning. High: nothing is cached and every reply fills its limit;
            only tries after a fault or a cut-off reply can add to it. None if the price is not known.
        price_source: where the price is from, None if it is not known.
        saved: what the candidates that a gate stopped would have cost on top, at the mean of the others; None without
            a price or without others.
    """

    model: str
    candidates: int
    calls: int
    stored: int
    input_tokens: int
    output_tokens: int
    cost: Range | None
    price_source: str | None
    saved: Range | None


def estimate(
    questionnaires: Iterable[Questionnaire],
    model: Model,
    options: JudgingOptions,
    *,
    stopped: int = 0,
    stored: Stored = lambda model, inquiry, sample: False,
) -> Estimate:
    """Add up what a model would be asked.

    Args:
        questionnaires: the questions of all candidates that reach the judge.
        model: whom to ask.
        options: votes, output limit, price, and whether calls go by batch.
        stopped: candidates that a gate stopped before the judge.
        stored: whether a sample of a question is answered already.
    """
    price = price_of(model, options)
    prefixes: set[str] = set()
    candidates = calls = known = input_tokens = 0
    low = high = 0.0
    for questionnaire in questionnaires:
        candidates += 1
        for inquiry, sample in calls_of(questionnaire, options.votes):
            if stored(model, inquiry, sample):
                known += 1
                continue
            calls += 1
            input_tokens += inquiry.tokens
            if price is not None:
                low += _least(inquiry, price, prefixes)
                worst = worst_cost(price, input_tokens=inquiry.tokens, max_output_tokens=options.max_output_tokens)
                high += worst or 0.0
    total = None if price is None else Range(low=low, high=high)
    return Estimate(
        model=model.spec,
        candidates=candidates,
        calls=calls,
        stored=known,
        input_tokens=input_tokens,
        output_tokens=calls * options.max_output_tokens,
        cost=total,
        price_source=price.source if price else None,
        saved=total.times(stopped / candidates) if total and candidates else None,
    )


def calls_of(questionnaire: Questionnaire, votes: int) -> Iterator[tuple[Inquiry, int]]:
    """Yield each question that the votes of one model need, and its sample number."""
    for sample in range(votes):
        for inquiries in _versions(questionnaire):
            yield inquiries[sample % len(inquiries)], sample


def _versions(questionnaire: Questionnaire) -> tuple[Sequence[Inquiry], ...]:
    return (questionnaire.plain, questionnaire.neutral) if questionnaire.signs else (questionnaire.plain,)


def _least(inquiry: Inquiry, price: Tariff, prefixes: set[str]) -> float:
    """Return the cost of a short answer, the shared text cached if a call before this one sent it too."""
    first = inquiry.system + inquiry.shared
    share = len(first) / max(len(first) + len(inquiry.own), 1)
    size = int(inquiry.tokens * share)
    kept = size if size >= CACHED_FROM else 0
    again = first in prefixes
    prefixes.add(first)
    tokens = Tokens(
        input=inquiry.tokens,
        cached=kept if again else 0,
        written=0 if again else kept,
        output=REPLY_TOKENS + UNIT_TOKENS * len(inquiry.units),
    )
    return cost(tokens, price) or 0.0
