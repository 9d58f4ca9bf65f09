"""Puts questions to one model: retries, second tries, limits on every wait, and each question paid for once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, NoReturn
from weakref import WeakValueDictionary

from judge.errors import JudgeUnusable
from judge.lib.digests import digest
from judge.llm.calls.async_store import AsyncStore
from judge.llm.calls.call_store import Attempt, CallStore
from judge.llm.calls.exchange import Exchange, NeedsAttempt, failed_step, next_step, question_key
from judge.llm.calls.pricing import cost, price_of, worst_cost
from judge.llm.calls.spending_limit import OverBudget, SpendingLimit
from judge.llm.inquiry import Inquiry
from judge.llm.options import JudgingOptions
from judge.llm.providers.call_failed import CallFailed
from judge.llm.providers.client import Client
from judge.llm.providers.json_shapes import decode
from judge.llm.providers.model import Model
from judge.llm.providers.retry import QUESTIONS, Sleep, retrying
from judge.llm.reply import FATAL, Failure, FailureReason, Reply
from judge.llm.voting import Unasked, add_costs

if TYPE_CHECKING:
    from tenacity import AsyncRetrying

WARM_CHARACTERS = 4 * 1024
"""About 1,024 tokens: the shortest prefix that both providers keep in their prompt caches."""
WARM_WAIT_S = 10.0
"""How long a case's other questions wait for its first call: it is cached once it is read, well before the reply."""

_LEASE_MARGIN_S = 60.0
_POLL_S = (0.02, 1.0)
"""How often another process's call is looked at: at first and at last."""

_ADVICE: dict[FailureReason, str] = {
    "invalid-key": "set a valid key in the environment",
    "unknown-model": "check the name of the model",
    "quota": "add credit or raise the account's limit",
}


_Elsewhere = Literal["elsewhere"]
"""Another process is making the call that a question needs."""


@dataclass(kw_only=True)
class _Task:
    """A question on its way.

    Attributes:
        key: its name in the store.
        inquiry: what is asked.
        sample: which answer to it.
        deadline: when to stop trying, on the asker's clock; set anew with each slot.
        known: what the calls so far came to; None has to be looked up.
        called: whether a call was made for it here.
    """

    key: str
    inquiry: Inquiry
    sample: int
    deadline: float = 0.0
    known: Exchange | NeedsAttempt | None = None
    called: bool = False

    def take(self) -> Exchange | NeedsAttempt | None:
        """Return what is known, which holds for one step only."""
        known, self.known = self.known, None
        return known


class Asker:
    """Puts questions to one model, in one event loop; close it in the same loop.

    What is asked twice is paid for once: in this process by taking turns, between processes through the store.

    Attributes:
        spent_usd: US dollars that the replies to this asker cost; None if that is not known.
        asked: questions that calls were made for.
        kept: questions whose answer was there already.
        lost: calls of earlier, killed or of this run whose reply never came; they may have been paid for.
        notes: what the reader has to know; nothing here.
    """

    def __init__(
        self,
        model: Model,
        options: JudgingOptions,
        store: CallStore,
        budget: SpendingLimit,
        *,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare to ask; nothing is sent yet.

        Args:
            model: whom to ask.
            options: how.
            store: where calls and replies are kept.
            budget: what may be spent.
            sleep: waits a number of seconds between tries.
            clock: seconds, for the deadlines.
        """
        self._model = model
        self._options = options
        self._store = store
        self._budget = budget
        self._sleep = sleep
        self._clock = clock
        self._price = price_of(model, replace(options, batch=False))
        self._protocol = model.wire_protocol
        self._client: Client | None = None
        self._slots = asyncio.Semaphore(options.concurrency)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._warm: dict[str, asyncio.Event] = {}
        self._async_store = AsyncStore(store)
        self._flying = 0
        self._grounded = asyncio.Event()
        self._grounded.set()
        self._unusable: str | None = None
        self._stopped = asyncio.Event()
        self._heard = False
        self.spent_usd: float | None = 0.0
        self.asked = self.kept = self.lost = 0
        self.notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The model as `--judge` names it."""
        return self._model.spec

    async def close(self) -> None:
        """Close the connections, and write what is still to be written."""
        if self._client is not None:
            await self._client.close()
        self._async_store.close()

    async def ask(self, inquiry: Inquiry, sample: int) -> Exchange | Unasked:
        """Put one sample of a question, unless its answer is kept already.

        Raises:
            JudgeUnusable: the model cannot be asked at all, or was never reached; no call is in flight any more.
            OutputError: the store cannot be used.
        """
        key = question_key(self._model, self._options, inquiry, sample)
        task = _Task(key=key, inquiry=inquiry, sample=sample)
        async with self._turns.setdefault(key, asyncio.Lock()):
            while True:
                step = await self._wait(key, inquiry)
                if not isinstance(step, NeedsAttempt):
                    return self._counted(step, called=task.called)
                done = await self._take_slot(task, step)
                if done != "elsewhere":
                    return self._counted(done, called=task.called)

    async def _take_slot(self, task: _Task, needed: NeedsAttempt) -> Exchange | Unasked | _Elsewhere:
        """Make the calls that a question needs when its turn comes; a slot is not held while others make them."""
        async with self._warmed(task.inquiry) as first, self._slots:
            if first:
                asyncio.get_running_loop().call_later(WARM_WAIT_S, first.set)
            task.deadline = self._clock() + self._options.deadline_s
            task.known = needed
            return await self._finish(task)

    def _counted(self, outcome: Exchange | Unasked, *, called: bool) -> Exchange | Unasked:
        self.asked += called
        if isinstance(outcome, Unasked):
            return outcome
        self.kept += not called
        return replace(outcome, cached=not called)

    @asynccontextmanager
    async def _warmed(self, inquiry: Inquiry) -> AsyncIterator[asyncio.Event | None]:
        """Let the first question of a case go ahead, so that the others find its prefix in the provider's cache.

        Yields the event that lets them go to the first, None to the others.
        """
        if len(inquiry.shared) < WARM_CHARACTERS:
            yield None
            return
        prefix = digest([inquiry.system, inquiry.shared])
        if warm := self._warm.get(prefix):
            await warm.wait()
            yield None
            return
        first = self._warm[prefix] = asyncio.Event()
        try:
            yield first
        finally:
            first.set()

    async def _wait(self, key: str, inquiry: Inquiry) -> Exchange | NeedsAttempt | Unasked:
        """Read what is kept; where another process waits for the reply, wait for it too."""
        pause, longest = _POLL_S
        while (step := await self._look(key, inquiry)) == "elsewhere":
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)
        return step

    async def _look(self, key: str, inquiry: Inquiry) -> Exchange | NeedsAttempt | Unasked | _Elsewhere:
        """Read what is kept."""
        while True:
            attempts = await self._async_store.do(self._store.attempts, key)
            open_ = [attempt for attempt in attempts if attempt.state == "sent"]
            holders = {attempt.holder for attempt in open_}
            if "batch" in holders:
                return Unasked(reason="in-batch", message="it is in a batch that has not been collected")
            if not open_:
                return next_step(attempts, inquiry, self._model, self._options)
            if holders != {"dead"}:
                return "elsewhere"
            for attempt in open_:
                await self._give_up(key, attempt.number, "lost", "died", "its process ended", attempt.owner)

    async def _finish(self, task: _Task) -> Exchange | Unasked | _Elsewhere:
        outcome: Exchange | Unasked | _Elsewhere | None = None
        try:
            while outcome is None:
                outcome = await self._retrying(task.deadline)(self._step, task)
        except CallFailed as failed:
            if failed.reason == "connection" and failed.billed is False and not self._heard:
                self._stop(f"{failed.message}; no call has come through, check the address and the network")
            if self._stopped.is_set():
                await self._halt()
            attempts = await self._async_store.do(self._store.attempts, task.key)
            failure = Failure(reason=failed.reason, message=failed.message)
            return failed_step(attempts, failure, task.inquiry, self._model, self._options)
        return outcome

    async def _step(self, task: _Task) -> Exchange | Unasked | _Elsewhere | None:
        """Make the next call if one is needed; None says that there is more to do.

        Raises:
            CallFailed: there is no reply.
        """
        if self._stopped.is_set():
            await self._halt()
        step = task.take() or await self._look(task.key, task.inquiry)
        if not isinstance(step, NeedsAttempt):
            return step
        worst = worst_cost(self._price, input_tokens=task.inquiry.tokens, max_output_tokens=step.max_output_tokens)
        reserved = await self._budget.reserve(worst)
        if isinstance(reserved, OverBudget):
            return Unasked(reason="max-cost", message=reserved.message)
        spent: float | None = 0.0
        try:
            with self._in_flight():
                if await self._begin(task, step):
                    spent = None
                    spent = await self._call(task, step)
        except CallFailed as failed:
            spent = 0.0 if failed.billed is False else None
            raise
        finally:
            self._budget.settle(reserved, spent)
        return task.known if isinstance(task.known, Exchange) else None

    @contextmanager
    def _in_flight(self) -> Iterator[None]:
        self._flying += 1
        self._grounded.clear()
        try:
            yield
        finally:
            self._flying -= 1
            if not self._flying:
                self._grounded.set()

    async def _begin(self, task: _Task, step: NeedsAttempt) -> bool:
        """Note the call in the store; False if another process was faster, or the model has turned out unusable."""
        begin = partial(
            self._store.begin,
            model=self.name,
            custom_id=task.inquiry.custom_id(task.sample),
            max_output_tokens=step.max_output_tokens,
            lease_s=self._options.timeout_s + _LEASE_MARGIN_S,
        )
        try:
            begun = await self._async_store.do(begin, task.key, step.number)
        except asyncio.CancelledError:
            await self._give_up(task.key, step.number, "failed", "interrupted", "the run ended before the call")
            raise
        if begun and self._stopped.is_set():
            await self._give_up(task.key, step.number, "failed", "interrupted", "the run stopped before the call")
        return begun and not self._stopped.is_set()

    async def _call(self, task: _Task, step: NeedsAttempt) -> float | None:
        """Make a call, keep its reply and return its cost.

        Raises:
            CallFailed: there is no reply.
        """
        task.called = True
        try:
            payload, reply = await self._send(task, step.max_output_tokens)
            self._heard = True
            attempts = await self._async_store.do(self._keep, task.key, step.number, payload)
        except CallFailed as failed:
            self._heard |= failed.reason not in ("connection", "timeout")
            if failed.reason in FATAL:
                self._stop(f"{failed.message}; {_ADVICE[failed.reason]}")
            state: Literal["failed", "lost"] = "failed" if failed.billed is False else "lost"
            await self._give_up(task.key, step.number, state, failed.reason, failed.message)
            raise
        except BaseException as error:
            await self._give_up(task.key, step.number, "lost", "interrupted", f"{type(error).__name__}: {error}")
            raise
        task.known = next_step(attempts, task.inquiry, self._model, self._options)
        spent = cost(reply.tokens, self._price)
        self.spent_usd = add_costs([self.spent_usd, spent])
        return spent

    def _keep(self, key: str, number: int, payload: str) -> tuple[Attempt, ...]:
        self._store.answer(key, number, payload)
        return self._store.attempts(key)

    async def _send(self, task: _Task, max_output_tokens: int) -> tuple[str, Reply]:
        """Return the body of a reply and what it says.

        Raises:
            CallFailed: what came is no reply, or nothing did.
        """
        body = self._protocol.body(
            task.inquiry, model=self._model.name, max_output_tokens=max_output_tokens, effort=self._options.effort
        )
        if self._client is None:
            self._client = self._model.open_client(timeout_s=self._options.timeout_s)
        limit = max(task.deadline - self._clock(), 0.0)
        try:
            async with asyncio.timeout(limit):
                raw = await self._protocol.send(self._client, body)
        except TimeoutError:
            raise CallFailed("timeout", f"no reply within {limit:.0f} s", retry=True) from None
        reply = self._protocol.read(decode(raw))
        if isinstance(reply, Failure):
            raise CallFailed.of(reply)
        return raw.decode(), reply

    async def _give_up(
        self,
        key: str,
        number: int,
        state: Literal["failed", "lost"],
        reason: str,
        message: str,
        owner: str | None = None,
    ) -> None:
        give_up = partial(self._store.give_up, state=state, reason=reason, message=message, owner=owner)
        done = await self._async_store.do(give_up, key, number)
        self.lost += done and state == "lost"

    def _retrying(self, deadline: float) -> AsyncRetrying:
        """Return the retry layer for one question: it gives up rather than wait beyond the deadline."""
        return retrying(QUESTIONS, sleep=self._pause, in_time=lambda wait_s: self._clock() + wait_s <= deadline)

    async def _pause(self, seconds: float) -> None:
        """Wait between tries, but not on if the model turns out unusable."""
        waits = [asyncio.ensure_future(self._sleep(seconds)), asyncio.ensure_future(self._stopped.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    def _stop(self, why: str) -> None:
        """Let no further call go out."""
        if self._unusable is None:
            self._unusable = f"{self.name}: {why}, then give the command again"
            self._stopped.set()

    async def _halt(self) -> NoReturn:
        """Stop for good, once the calls in flight have ended: whoever is told may cancel them."""
        await self._grounded.wait()
        raise JudgeUnusable(self._unusable)
