"""An estimate is a range: what is cached and short at the low end, the worst of every call at the high end."""

from __future__ import annotations

import pytest

from judge.llm.calls.estimate import Estimator, calls_of
from judge.llm.calls.pricing import price_of, worst_cost
from judge.llm.inquiry import Inquiry, Questionnaire
from judge.llm.options import JudgingOptions, Price
from judge.llm.providers.model import Model

MODEL = Model(provider="openai", name="gpt-5", protocol="openai-responses", base_url=None)
OPTIONS = JudgingOptions(price=Price(input=1.0, output=4.0, cached=0.1), max_output_tokens=10_000)


def inquiry(own: str, *, neutral: bool = False) -> Inquiry:
    return Inquiry(
        pack="test",
        pack_digest="0" * 64,
        system="s" * 1000,
        shared="x" * 7000,
        own=own * 2000,
        order="human-first",
        units={"U1": "a.py::f"},
        facts={},
        documents={},
        tokens=10_000,
        neutral=neutral,
    )


def questions(own: str, *, signs: bool = False) -> Questionnaire:
    neutral = (inquiry("n", neutral=True),) if signs else ()
    return Questionnaire(
        candidate=own, plain=(inquiry(own),), neutral=neutral, signs=("speaks to the judge",) if signs else ()
    )


def test_the_range_holds_what_was_reckoned_by_hand() -> None:
    """Two candidates of a case: 8,000 of their 10,000 tokens are shared, so the second reads them from the cache."""
    estimator = Estimator(MODEL, OPTIONS)
    for own in "ab":
        estimator.add(questions(own))
    estimate = estimator.result()
    assert (estimate.candidates, estimate.calls, estimate.input_tokens, estimate.output_tokens) == (
        2,
        2,
        20_000,
        20_000,
    )
    assert estimate.cost is not None
    assert estimate.cost.low == pytest.approx((12_000 * 1.0 + 8_000 * 0.1 + 2 * 750 * 4.0) / 1e6)
    assert estimate.cost.high == pytest.approx((20_000 * 1.0 + 20_000 * 4.0) / 1e6)


def test_the_high_end_is_what_a_budget_would_reserve() -> None:
    """A run that may spend the high end is never stopped by its budget, faults aside."""
    estimator = Estimator(MODEL, JudgingOptions())
    estimator.add(questions("a"))
    cost = estimator.result().cost
    price = price_of(MODEL, JudgingOptions())
    assert cost is not None
    assert cost.high == worst_cost(price, input_tokens=10_000, max_output_tokens=JudgingOptions().max_output_tokens)


def test_votes_and_neutral_versions_are_calls() -> None:
    """Each vote asks each version: with signs of injection the neutral one too."""
    signed = questions("a", signs=True)
    assert [(inquiry.neutral, sample) for inquiry, sample in calls_of(signed, 2)] == [
        (False, 0),
        (True, 0),
        (False, 1),
        (True, 1),
    ]


def test_what_is_stored_costs_nothing() -> None:
    """A question that is answered in the store is counted as such and adds no cost."""
    estimator = Estimator(MODEL, OPTIONS, stored=lambda model, inquiry, sample: True)
    estimator.add(questions("a"))
    estimate = estimator.result(stopped=3)
    assert (estimate.calls, estimate.stored) == (0, 1)
    assert estimate.cost is not None and estimate.cost.high == 0


def test_the_same_question_is_paid_once() -> None:
    """Two candidates with the same patch are one question, as in a real run."""
    estimator = Estimator(MODEL, OPTIONS)
    for _ in range(2):
        estimator.add(questions("a"))
    estimate = estimator.result()
    assert (estimate.candidates, estimate.calls, estimate.stored) == (2, 1, 1)


def test_an_unknown_price_stays_unknown() -> None:
    """Without a price there is no range, neither a cost nor savings, and no zero."""
    unknown = Model(provider="openai", name="no-such-model", protocol="openai-chat", base_url=None)
    estimator = Estimator(unknown, JudgingOptions())
    estimator.add(questions("a"))
    estimate = estimator.result(stopped=3)
    assert (estimate.cost, estimate.saved, estimate.price_source) == (None, None, None)
    assert estimate.input_tokens == 10_000


def test_savings_of_the_gates() -> None:
    """What a gate stopped would have cost what the others cost on average."""
    estimator = Estimator(MODEL, OPTIONS)
    for own in "ab":
        estimator.add(questions(own))
    estimate = estimator.result(stopped=4)
    assert estimate.cost is not None and estimate.saved is not None
    assert estimate.saved.high == pytest.approx(2 * estimate.cost.high)
