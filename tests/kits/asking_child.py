"""Asks questions in a process of its own, to be killed at any moment: writes a line for each question that is done."""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asking_kit import Nap, make_model, make_options
from forked import Forked
from inquiry_kit import make_inquiry

from judge.llm.calls.asker import Asker
from judge.llm.calls.call_store import CallStore
from judge.llm.calls.exchange import Exchange
from judge.llm.calls.spending_limit import SpendingLimit
from judge.llm.providers.model import Model


@dataclass(frozen=True)
class Address:
    """Where the fake server is."""

    url: str


@dataclass(frozen=True, kw_only=True)
class Child:
    """Such a process, and the file that it writes to: a pipe that nobody reads would hold it up."""

    process: Forked
    output: Path

    def report(self) -> dict[int, dict[str, Any]]:
        """Wait until it is done, and return what it says of each question."""
        assert self.process.wait(120) == 0, self.output.read_text()
        lines = [json.loads(line) for line in self.output.read_text().splitlines()]
        return {line["number"]: line for line in lines}


def start(url: str, kept: Path, *, protocol: str, questions: int, concurrency: int) -> Child:
    """Start such a process."""
    with tempfile.NamedTemporaryFile(dir=kept.parent, suffix=".jsonl", delete=False) as made:
        output = Path(made.name)
    return Child(process=Forked(_work, url, kept, protocol, questions, concurrency, output), output=output)


def _work(url: str, kept: Path, protocol: str, questions: int, concurrency: int, output: Path) -> None:
    asyncio.run(_ask(make_model(Address(url), protocol), kept, questions, concurrency, output))


async def _ask(model: Model, kept: Path, questions: int, concurrency: int, output: Path) -> None:
    # A limit that a test would notice if it waited for it.
    options = make_options(concurrency=concurrency, timeout_s=600.0, deadline_s=3600.0, cache=kept)
    with CallStore(options.cache) as store, output.open("w", encoding="utf-8") as lines:
        asker = Asker(model, options, store, SpendingLimit(None), sleep=Nap())

        async def ask_and_report(number: int) -> None:
            exchange = await asker.ask(make_inquiry(number), 0)
            assert isinstance(exchange, Exchange)
            line = {
                "number": number,
                "answer": exchange.answer.model_dump() if exchange.answer else None,
                "reason": exchange.failure.reason if exchange.failure else None,
                "cached": exchange.cached,
                "lost": exchange.lost,
            }
            print(json.dumps(line), file=lines, flush=True)

        await asyncio.gather(*(ask_and_report(number) for number in range(questions)))
        await asker.close()
