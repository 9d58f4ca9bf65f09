"""What a run would cost, before anything is asked: a range, honest about what nobody can know beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.core.judgement import Tokens
from judge.lib.digests import digest
from judge.llm.calls.pricing import Tariff, cost, price_of, worst_cost
from judge.llm.inquiry import Inquiry, Questionnaire
from judge.llm.options import JudgingOptions

if TYPE_CHECKING:
    from judge.llm.providers.model import Model

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
class CostEstimate:
    """What the questions to one model would take.

    Attributes:
        model: the model as `--judge` names it.
        candidates: how many candidates it would be asked about.
        calls: calls to be made, one for each vote and for each neutral version; what is stored costs none.
        stored: calls that need not be made: answered in the store, or the same question as another candidate's.
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


class Estimator:
    """Adds up what one model would be asked, candidate by candidate, so that nothing needs to be kept."""

    def __init__(
        self, model: Model, options: JudgingOptions, stored: Stored = lambda model, inquiry, sample: False
    ) -> None:
        """Start with nothing; `stored` tells whether a sample of a question is answered already."""
        self._model = model
        self._options = options
        self._stored = stored
        self._price = price_of(model, options)
        self._prefixes: set[str] = set()
        self._counted: set[str] = set()
        self._candidates = self._calls = self._known = self._input = 0
        self._low = self._high = 0.0

    def add(self, questionnaire: Questionnaire) -> None:
        """Count the questions about one candidate, in the order in which they would be asked."""
        self._candidates += 1
        for inquiry, sample in calls_of(questionnaire, self._options.votes):
            name = inquiry.custom_id(sample)
            if name in self._counted or self._stored(self._model, inquiry, sample):
                self._known += 1
                continue
            self._counted.add(name)
            self._calls += 1
            self._input += inquiry.tokens
            if self._price is not None:
                limit = self._options.max_output_tokens
                self._low += self._least(inquiry, self._price)
                self._high += worst_cost(self._price, input_tokens=inquiry.tokens, max_output_tokens=limit) or 0.0

    def result(self, *, stopped: int = 0) -> CostEstimate:
        """Return the sums; `stopped` are the candidates that a gate stopped before the judge."""
        total = None if self._price is None else Range(low=self._low, high=self._high)
        return CostEstimate(
            model=self._model.spec,
            candidates=self._candidates,
            calls=self._calls,
            stored=self._known,
            input_tokens=self._input,
            output_tokens=self._calls * self._options.max_output_tokens,
            cost=total,
            price_source=self._price.source if self._price else None,
            saved=total.times(stopped / self._candidates) if total and self._candidates else None,
        )

    def _least(self, inquiry: Inquiry, price: Tariff) -> float:
        """Return the cost of a short answer, the shared text cached if a call before this one sent it too."""
        first = inquiry.system + inquiry.shared
        size = int(inquiry.tokens * len(first) / max(len(first) + len(inquiry.own), 1))
        kept = size if size >= CACHED_FROM else 0
        name = digest([first])
        again = name in self._prefixes
        self._prefixes.add(name)
        tokens = Tokens(
            input=inquiry.tokens,
            cached=kept if again else 0,
            written=0 if again else kept,
            output=min(REPLY_TOKENS + UNIT_TOKENS * len(inquiry.units), self._options.max_output_tokens),
        )
        return cost(tokens, price) or 0.0


def calls_of(questionnaire: Questionnaire, votes: int) -> Iterator[tuple[Inquiry, int]]:
    """Yield each question that the votes of one model need, and its sample number."""
    for sample in range(votes):
        for inquiries in _versions(questionnaire):
            yield inquiries[sample % len(inquiries)], sample


def _versions(questionnaire: Questionnaire) -> tuple[Sequence[Inquiry], ...]:
    return (questionnaire.plain, questionnaire.neutral) if questionnaire.signs else (questionnaire.plain,)
