"""Prices come from disk and are never guessed; costs count every kind of token."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.core.judgement import Tokens
from judge.errors import UsageError
from judge.llm.calls.pricing import Rates, Tariff, context_window, cost, need_prices, price_of, worst_cost
from judge.llm.options import JudgingOptions, Price
from judge.llm.providers.model import Model

FLAT = Tariff(base=Rates(input=2.0, output=10.0, cached=0.5, written=2.5), source="test")
STEPPED = Tariff(
    base=FLAT.base, steps=((200_000, Rates(input=4.0, output=15.0, cached=1.0, written=5.0)),), source="test"
)


def openai(name: str, base_url: str | None = None) -> Model:
    return Model(provider="openai", name=name, protocol="openai-responses", base_url=base_url)


def anthropic(name: str) -> Model:
    return Model(provider="anthropic", name=name, protocol="anthropic-messages", base_url=None)


# Prices


def test_known_prices() -> None:
    """Well-known list prices come out of the library as the providers published them."""
    gpt = price_of(openai("gpt-5"), JudgingOptions())
    claude = price_of(anthropic("claude-sonnet-4-5"), JudgingOptions())
    assert gpt is not None and gpt.base == Rates(input=1.25, output=10.0, cached=0.125, written=1.25)
    assert claude is not None and claude.base == Rates(input=3.0, output=15.0, cached=0.3, written=3.75)
    assert claude.steps == ((200_000, Rates(input=6.0, output=22.5, cached=0.6, written=7.5)),)


def test_a_dated_name_is_the_same_model() -> None:
    """A model is found by the dated name under which a provider answers, too."""
    assert price_of(openai("gpt-5-2025-08-07"), JudgingOptions()) == price_of(openai("gpt-5"), JudgingOptions())


@pytest.mark.parametrize(
    "model", [openai("no-such-model"), anthropic("gpt-5"), openai("gpt-5", "http://127.0.0.1:1/v1")]
)
def test_unknown_is_none(model: Model) -> None:
    """An unknown model, another provider's, or a known name behind a foreign address has no price and no window."""
    assert price_of(model, JudgingOptions()) is None
    assert context_window(model) is None


def test_a_known_address_has_its_own_prices() -> None:
    """Behind another provider's address the library is asked for that provider's price of the model."""
    price = price_of(openai("openai/gpt-5", "https://openrouter.ai/api/v1"), JudgingOptions())
    assert price is not None and price.base.input > 0


def test_a_given_price_comes_first() -> None:
    """A price on the command line beats the library; what it leaves out costs what input costs, or more."""
    given_price = JudgingOptions(price=Price(input=1.0, output=2.0))
    price = price_of(openai("gpt-5"), given_price)
    assert price is not None and price.base == Rates(input=1.0, output=2.0, cached=1.0, written=1.0)
    kept = price_of(anthropic("x"), JudgingOptions(price=Price(input=1.0, output=2.0, cached=0.1)))
    assert kept is not None and kept.base == Rates(input=1.0, output=2.0, cached=0.1, written=1.25)


@pytest.mark.parametrize("model", [openai("gpt-5"), anthropic("claude-sonnet-4-5")])
def test_batch_calls_are_half_price(model: Model) -> None:
    """Both providers' batch prices are known to the library, and are half of the others."""
    full, half = price_of(model, JudgingOptions()), price_of(model, JudgingOptions(batch=True))
    assert full is not None and half is not None
    assert half.base.input == full.base.input / 2
    assert half.base.output == full.base.output / 2


def test_context_window() -> None:
    """The library says how much a model reads."""
    assert context_window(openai("gpt-5")) == 400_000
    assert context_window(anthropic("claude-sonnet-4-5")) == 200_000


def test_prices_need_no_network() -> None:
    """A price is found in a process in which no connection can be opened."""
    code = (
        "import sys\n"
        "def refuse(event, args):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto'): raise SystemExit(event)\n"
        "sys.addaudithook(refuse)\n"
        "import judge.llm.calls.pricing as pricing\n"
        "assert 'genai_prices' not in sys.modules, 'imported too early'\n"
        "print(pricing._listed_price('openai', 'gpt-5', None, False).base.output)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("10.0", "")


def test_a_limit_needs_prices() -> None:
    """`--max-cost` with a model of unknown price is refused, and the message says what to give."""
    models = [openai("gpt-5"), openai("no-such-model")]
    need_prices(models, JudgingOptions())
    with pytest.raises(UsageError, match=r"'openai:no-such-model' is not known.*--price INPUT/OUTPUT"):
        need_prices(models, JudgingOptions(max_cost=1.0))
    need_prices(models, JudgingOptions(max_cost=1.0, price=Price(input=0.0, output=0.0)))


# Costs


def test_cost_counts_every_kind_once() -> None:
    """Input holds what was cached and what was written; each is billed once, at its own rate."""
    tokens = Tokens(input=1000, cached=600, written=300, output=50, reasoning=40)
    assert cost(tokens, FLAT) == pytest.approx((100 * 2.0 + 600 * 0.5 + 300 * 2.5 + 50 * 10.0) / 1e6)


@pytest.mark.parametrize("tokens", [Tokens(), Tokens(input=5), Tokens(output=5)])
def test_unknown_usage_has_no_cost(tokens: Tokens) -> None:
    """A reply that does not say what it used has an unknown cost, not none."""
    assert cost(tokens, FLAT) is None
    assert cost(Tokens(input=1, output=1), None) is None


def test_long_inputs_pay_their_step() -> None:
    """Beyond a step all tokens pay its rates; at the step itself they do not yet."""
    assert cost(Tokens(input=200_000, output=0), STEPPED) == pytest.approx(0.4)
    assert cost(Tokens(input=200_001, output=100), STEPPED) == pytest.approx(200_001 * 4e-6 + 100 * 15e-6)


@given(
    size=st.integers(0, 400_000),
    parts=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    output=st.integers(0, 30_000),
)
def test_no_reply_costs_more_than_the_worst(size: int, parts: tuple[float, float], output: int) -> None:
    """However the input is split into cached and written, the worst case is no less."""
    cached = int(size * parts[0])
    written = int((size - cached) * parts[1])
    actual = cost(Tokens(input=size, cached=cached, written=written, output=output), STEPPED)
    worst = worst_cost(STEPPED, input_tokens=size, max_output_tokens=30_000)
    assert actual is not None and worst is not None
    assert actual <= worst + 1e-12
