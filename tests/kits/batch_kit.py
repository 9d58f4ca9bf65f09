"""One run of a command with `--batch`, in this process or in a child that can be killed: collect, ask, submit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asking_kit import Nap, make_options
from forked import Forked
from inquiry_kit import make_inquiry

from judge.llm.batches.batch_asker import BatchAsker, BatchRef, CollectReport
from judge.llm.calls.call_store import CallStore
from judge.llm.calls.exchange import Exchange
from judge.llm.calls.spending_limit import SpendingLimit
from judge.llm.options import JudgingOptions
from judge.llm.providers.model import Model
from judge.llm.providers.retry import Sleep
from judge.llm.voting import Unasked


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run came to."""

    report: CollectReport
    outcomes: tuple[Exchange | Unasked, ...]
    sent: tuple[BatchRef, ...]
    asker: BatchAsker

    @property
    def exchanges(self) -> list[Exchange]:
        """The questions that have come to an end."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Exchange)]

    @property
    def waiting(self) -> list[str]:
        """Why the others have not."""
        return [outcome.reason for outcome in self.outcomes if isinstance(outcome, Unasked)]


def run_batch(
    model: Model,
    store: Path,
    numbers: Sequence[int] = range(4),
    *,
    options: JudgingOptions | None = None,
    later: float = 0.0,
    tokens: int = 2000,
    prefix: int = 0,
    nap: Sleep | None = None,
) -> Run:
    """Make one run, `later` seconds after now by its clock."""

    async def run(kept: CallStore) -> Run:
        chosen = options or make_options(batch=True)
        budget = SpendingLimit(chosen.max_cost)
        asker = BatchAsker(
            model,
            chosen,
            kept,
            budget,
            sleep=nap or Nap(),
            clock=lambda: time.time() + later,
        )
        try:
            report = await asker.collect()
            outcomes = [await asker.ask(make_inquiry(number, tokens=tokens, prefix=prefix), 0) for number in numbers]
            return Run(report=report, outcomes=tuple(outcomes), sent=await asker.submit(), asker=asker)
        finally:
            await asker.close()

    with CallStore(store) as kept:
        return asyncio.run(run(kept))


def start_run(model: Model, store: Path, count: int, *, later: float = 0.0) -> Forked:
    """Start one run in a process of its own."""
    return Forked(_work, model, store, count, later)


def _work(model: Model, store: Path, count: int, later: float) -> None:
    run_batch(model, store, range(count), later=later)
