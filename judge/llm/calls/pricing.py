"""What calls cost: prices of models, the cost of a reply, the most that a call can cost.

Prices come from the command line or from the library genai-prices, whose data lie on disk: this module builds the
library's snapshot from the bundled data itself, so that nothing here asks the network, whatever else the process does.
A price that is not known is None, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from judge.core.judgement import Tokens
from judge.errors import UsageError
from judge.llm.options import JudgingOptions
from judge.llm.providers.discovery import all_providers

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot

    from judge.llm.providers.model import Model

_MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Rates:
    """US dollars for a million tokens of each kind; `written` are input tokens that went into the provider's cache."""

    input: float
    output: float
    cached: float
    written: float


@dataclass(frozen=True, kw_only=True)
class Tariff:
    """The price of a model.

    Attributes:
        base: the rates of a short input.
        steps: (tokens, rates): an input of more tokens than that pays these rates for all of its tokens.
        source: where the price is from.
    """

    base: Rates
    steps: tuple[tuple[int, Rates], ...] = ()
    source: str

    def rates(self, input_tokens: int) -> Rates:
        """Return the rates of an input of that length."""
        return next((rates for start, rates in reversed(self.steps) if input_tokens > start), self.base)


def price_of(model: Model, options: JudgingOptions) -> Tariff | None:
    """Return what a model costs: as `options.price` says, else by the price library, None if neither knows.

    With `options.batch` it is the library's price of batch calls where it has one, else the full price.
    """
    if given := options.price:
        cached = given.input if given.cached is None else given.cached
        written = given.input * all_providers()[model.provider].CACHE_WRITE_FACTOR
        rates = Rates(input=given.input, output=given.output, cached=cached, written=written)
        return Tariff(base=rates, source="as given")
    return _listed_price(model.provider, model.name, model.base_url, options.batch)


def context_window(model: Model) -> int | None:
    """Return how many tokens the price library says a model reads, None if it does not say."""
    listed = _look_up(model.provider, model.name, model.base_url)
    return listed.context_window if listed else None


def need_prices(models: Iterable[Model], options: JudgingOptions) -> None:
    """Make sure that a spending limit can be kept.

    Raises:
        UsageError: there is a limit, and a model whose price is not known.
    """
    if options.max_cost is None:
        return
    for model in models:
        if price_of(model, options) is None:
            raise UsageError(
                f"--max-cost {options.max_cost:g}: the price of {model.spec!r} is not known, so the limit cannot be "
                "kept; give --price INPUT/OUTPUT (US dollars for a million tokens)"
            )


def cost(tokens: Tokens, price: Tariff | None) -> float | None:
    """Return the cost of a reply in US dollars; None if the price, or what was used, is not known."""
    if price is None or tokens.input is None or tokens.output is None:
        return None
    rates = price.rates(tokens.input)
    cached, written = tokens.cached or 0, tokens.written or 0
    plain = max(tokens.input - cached - written, 0)
    total = plain * rates.input + cached * rates.cached + written * rates.written + tokens.output * rates.output
    return total / _MILLION


def worst_cost(price: Tariff | None, *, input_tokens: int, max_output_tokens: int) -> float | None:
    """Return the most that one call can cost in US dollars: nothing cached, the whole output limit used."""
    if price is None:
        return None
    reached = [price.base, *(rates for start, rates in price.steps if input_tokens > start)]
    input_rate = max(max(rates.input, rates.written, rates.cached) for rates in reached)
    output_rate = max(rates.output for rates in reached)
    return (input_tokens * input_rate + max_output_tokens * output_rate) / _MILLION


@cache
def _snapshot() -> DataSnapshot:
    """The library imports pydantic and an HTTP client, hence so late; it fetches only for who starts `UpdatePrices`."""
    from genai_prices.data import providers
    from genai_prices.data_snapshot import DataSnapshot

    return DataSnapshot(providers=providers, from_auto_update=False)


def _look_up(provider: str, name: str, base_url: str | None) -> Any:
    """Find a model; behind another address a name means nothing, so that one is found by the address alone."""
    try:
        if base_url is None:
            return _snapshot().find_provider_model(name, None, provider, None)[1]
        return _snapshot().find_provider_model(name, None, None, base_url)[1]
    except LookupError:
        return None


@cache
def _listed_price(provider: str, name: str, base_url: str | None, batch: bool) -> Tariff | None:
    from datetime import UTC, datetime

    import genai_prices

    listed = _look_up(provider, name, base_url)
    if listed is None:
        return None
    prices = listed.get_prices(datetime.now(UTC), {"processing": "batch"} if batch else None)
    if prices.input_mtok is None or prices.output_mtok is None:
        return None
    kinds = (prices.input_mtok, prices.output_mtok, prices.cache_read_mtok, prices.cache_write_mtok)
    starts = sorted({tier.start for kind in kinds for tier in getattr(kind, "tiers", ())})
    return Tariff(
        base=_rates(prices, 0),
        steps=tuple((start, _rates(prices, start + 1)) for start in starts),
        source=f"genai-prices {genai_prices.__version__}",
    )


def _rates(prices: Any, tokens: int) -> Rates:
    """Read one tier; no price for cached or written tokens means that they cost what input costs."""
    plain = _at(prices.input_mtok, tokens)
    cached, written = prices.cache_read_mtok, prices.cache_write_mtok
    return Rates(
        input=plain,
        output=_at(prices.output_mtok, tokens),
        cached=plain if cached is None else _at(cached, tokens),
        written=plain if written is None else _at(written, tokens),
    )


def _at(price: Any, tokens: int) -> float:
    tiers = [tier.price for tier in getattr(price, "tiers", ()) if tokens > tier.start]
    return float(tiers[-1] if tiers else getattr(price, "base", price))
