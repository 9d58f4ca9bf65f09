"""Askers against the fake server: models, quick naps instead of waits, and what a whole set of questions came to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from fake_replies import Request, make_answer
from inquiry_kit import CANDIDATE

from judge.llm.calls.asker import Asker
from judge.llm.calls.call_store import CallStore
from judge.llm.calls.exchange import Exchange
from judge.llm.calls.spending_limit import SpendingLimit
from judge.llm.inquiry import Inquiry
from judge.llm.options import JudgingOptions
from judge.llm.providers.discovery import all_protocols
from judge.llm.providers.model import Model
from judge.llm.voting import Unasked

MENU = ("covered", "covered_differently", "missing", "unclear")


class Server(Protocol):
    """A fake server, in this process or another."""

    @property
    def url(self) -> str:
        """Its address."""


def make_model(server: Server, protocol: str = "openai-responses") -> Model:
    """Return the model behind the fake server, asked over one of the protocols."""
    assert protocol in all_protocols()
    if protocol == "anthropic-messages":
        return Model(provider="anthropic", name="fake", protocol=protocol, base_url=server.url)
    return Model(provider="openai", name="fake", protocol=protocol, base_url=f"{server.url}/v1")


def make_options(**changed: Any) -> JudgingOptions:
    """Return options for tests: short limits."""
    return JudgingOptions(**{"timeout_s": 5.0, "deadline_s": 60.0, "max_output_tokens": 1000, **changed})


@dataclass
class Nap:
    """Stands in for sleep: notes how long and does not wait."""

    slept: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


def tell_apart(request: Request) -> Mapping[str, Any]:
    """Answer each question in its own way, so that an answer to another question would be seen: see `expected`."""
    return _answer(number_of(request))


def number_of(request: Request) -> int:
    """Return the number of the kit's question that a request asks."""
    return int(request.user.split("Candidate ")[1].split(":")[0])


def expected(number: int) -> str:
    """Return the answer that `tell_apart` gives to question `number` of the kit, as JSON text."""
    return json.dumps(_answer(number))


def _answer(number: int) -> dict[str, Any]:
    quotes = [{"side": "candidate", "file": "shop/cart.py", "text": CANDIDATE}]
    bottleneck = ("same", "other")[number % 2]
    answer = make_answer(["U1", "U2"], coverage=MENU[number % 4], bottleneck=bottleneck, quotes=quotes)
    return {**answer, "candidate_change": f"candidate {number}"}


def ask_all(
    model: Model,
    inquiries: Sequence[Inquiry],
    options: JudgingOptions,
    *,
    store: CallStore | None = None,
    samples: Iterable[int] = (0,),
    nap: Nap | None = None,
    budget: SpendingLimit | None = None,
) -> list[Exchange | Unasked]:
    """Put all questions to one asker, all at once."""

    async def run() -> list[Exchange | Unasked]:
        budget_ = budget or SpendingLimit(options.max_cost)
        asker = Asker(model, options, opened, budget_, sleep=nap or Nap())
        try:
            return await asyncio.gather(*(asker.ask(each, sample) for each in inquiries for sample in samples))
        finally:
            await asker.close()

    opened = store or CallStore(options.cache)
    try:
        return asyncio.run(run())
    finally:
        if store is None:
            opened.close()


def ask_one(model: Model, inquiry: Inquiry, options: JudgingOptions, **more: Any) -> Exchange:
    """Put one question."""
    (exchange,) = ask_all(model, [inquiry], options, **more)
    assert isinstance(exchange, Exchange), exchange
    return exchange
