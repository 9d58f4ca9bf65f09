"""Stage two: puts the questions that the gates' workers made to models, many at a time, in a thread of its own."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from judge.core.judgement import Errored, Judgement
from judge.errors import JudgeError
from judge.llm import voting
from judge.llm.batches.batch_asker import BatchAsker
from judge.llm.calls.asker import Asker
from judge.llm.calls.call_store import CallStore
from judge.llm.calls.pricing import need_prices
from judge.llm.calls.spending_limit import SpendingLimit
from judge.llm.inquiry import Questionnaire
from judge.llm.options import JudgingOptions

if TYPE_CHECKING:
    from judge.llm.providers.model import Model

Tag = TypeVar("Tag")


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a stage used.

    Attributes:
        cost_usd: US dollars paid by this run; None if a price is not known.
        asked: questions that were put to a model.
        kept: questions whose answer was there already.
        lost: calls whose reply never came; they may have been paid for.
        notes: what the reader has to know, such as batches that are open.
    """

    cost_usd: float | None
    asked: int
    kept: int
    lost: int
    notes: tuple[str, ...] = ()


class JudgingStage(AbstractContextManager["JudgingStage[Tag]"], Generic[Tag]):
    """Takes questionnaires from one thread, judges them in another, and hands judgements back as they come."""

    def __init__(self, models: Sequence[Model], options: JudgingOptions) -> None:
        """Open the store and the models.

        Raises:
            JudgeError: the store cannot be used, or a limit is set that cannot be kept.
        """
        for model in models:
            model.key()  # one that is missing is said before anything is done
        need_prices(models, options)
        self._options = options
        self._store = CallStore(options.cache)
        self._budget = SpendingLimit(options.max_cost)
        self._members: list[Asker | BatchAsker] = [
            BatchAsker(model, options, self._store, self._budget)
            if options.batch
            else Asker(model, options, self._store, self._budget)
            for model in models
        ]
        self._done: queue.Queue[tuple[Tag, Future[Judgement]]] = queue.Queue()
        self._pending = 0
        # Questions hold whole diffs: those that cannot be asked yet are better left unmade.
        self._most = 4 * max(16, options.concurrency)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="judging", daemon=True)
        self._thread.start()
        if options.batch:
            self._run(self._collect())

    def put(self, tag: Tag, questions: Questionnaire) -> Iterator[tuple[Tag, Judgement]]:
        """Hand in one candidate's questions; yield what is ready meanwhile.

        Raises:
            JudgeUnusable: a model cannot be asked at all.
        """
        future = asyncio.run_coroutine_threadsafe(self._judge(questions), self._loop)
        self._pending += 1
        future.add_done_callback(lambda done: self._done.put((tag, done)))
        while self._pending >= self._most:
            yield self._take()
        while not self._done.empty():
            yield self._take()

    def rest(self) -> Iterator[tuple[Tag, Judgement]]:
        """Yield all that is still open, each as it comes; a batch is submitted at the end.

        Raises:
            JudgeUnusable: a model cannot be asked at all.
        """
        while self._pending:
            yield self._take()
        if self._options.batch:
            self._run(self._submit())

    def _take(self) -> tuple[Tag, Judgement]:
        tag, future = self._done.get()
        self._pending -= 1
        return tag, future.result()

    async def _judge(self, questions: Questionnaire) -> Judgement:
        try:
            return await voting.judge(questions, self._members, self._options.votes)
        except JudgeError:
            raise
        except Exception as error:  # noqa: BLE001 - a judge's own failure is an error, never the patch's
            names = ", ".join(member.name for member in self._members)
            message = f"{type(error).__name__}: {error}"
            return Errored(judge=names, scope=voting.SCOPE, reason="crashed", message=message)

    async def _collect(self) -> None:
        for member in self._members:
            if isinstance(member, BatchAsker):
                await member.collect()

    async def _submit(self) -> None:
        for member in self._members:
            if isinstance(member, BatchAsker):
                await member.submit()

    @property
    def spent(self) -> Spent:
        """What was used so far."""
        return Spent(
            cost_usd=voting.add_costs(member.spent_usd for member in self._members),
            asked=sum(member.asked for member in self._members),
            kept=sum(member.kept for member in self._members),
            lost=sum(member.lost for member in self._members),
            notes=tuple(note for member in self._members for note in member.notes),
        )

    def close(self) -> None:
        """Let no further call go out, wait for the models' connections to close, and close the store."""
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._store.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    async def _stop(self) -> None:
        open_tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in open_tasks:
            task.cancel()
        await asyncio.gather(*open_tasks, return_exceptions=True)
        for member in self._members:
            await member.close()

    def _run(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()  # type: ignore[arg-type]  # a coroutine
