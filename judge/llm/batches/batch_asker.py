"""Asks one model through its provider's batch API: run once to submit, run again to collect.

Before anything is sent, the store says so; a run that is killed at any point leaves a store from which the next one
goes on, and no question is sent twice. A reply from a batch is kept and read like any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import get_args

from judge.errors import JudgeUnusable
from judge.llm.batches.batch_ledger import BatchLedger, BatchRow, mark
from judge.llm.batches.draft_batches import DraftBatch, DraftBatches
from judge.llm.calls.call_store import BATCH, Attempt, CallStore
from judge.llm.calls.exchange import Exchange, NeedsAttempt, failed_step, next_step, question_key
from judge.llm.calls.pricing import cost, price_of, worst_cost
from judge.llm.calls.spending_limit import Reservation, SpendingLimit
from judge.llm.inquiry import Inquiry
from judge.llm.options import JudgingOptions
from judge.llm.providers.batch_api import BatchCalls, BatchMatches, BatchQuery
from judge.llm.providers.call_failed import CallFailed
from judge.llm.providers.model import Model, batch_line
from judge.llm.providers.retry import Sleep, certainly_not_done
from judge.llm.reply import FATAL, Failure, FailureReason, Reply, is_transient
from judge.llm.result_lines import NO_RESULT, is_result_line
from judge.llm.voting import Unasked, add_costs

SETTLING_S = 300.0
"""How long after a batch was sent it may still turn up; sent again before, it might be paid for twice."""

_CLOCKS_S = 600.0
"""How far our clock and a provider's may be apart."""

_AT_ONCE = 200
"""Results that are kept in one go."""

_NO_RESULT = Failure(reason="not-an-api-response", message=NO_RESULT)


@dataclass(frozen=True, kw_only=True)
class BatchRef:
    """A batch that was sent: the provider's name for it, None if that is not known yet, and how it stands."""

    batch_id: str | None
    requests: int
    detail: str


@dataclass(frozen=True, kw_only=True)
class CollectReport:
    """What came back.

    Attributes:
        done: replies that were kept.
        failed: results that hold no reply, by reason.
        lost: questions without a result, which may have been paid for.
        foreign: results of questions that nobody asked here.
        open: batches that are not ready yet.
    """

    done: int
    failed: dict[str, int]
    lost: int
    foreign: int
    open: tuple[BatchRef, ...]


@dataclass(kw_only=True)
class _Tally:
    done: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    foreign: int = 0
    fatal: Failure | None = None


class BatchAsker:
    """One model asked in batches: call `collect` first, then `ask` for every question, then `submit`.

    Attributes:
        spent_usd: US dollars that the replies collected by this run cost; None if that is not known.
        asked: questions that this run submitted.
        kept: questions that were answered from the store, collected batches included.
        lost: questions without a result, which may have been paid for.
        notes: what the reader has to know: what is open, what was submitted, what to do next.
    """

    def __init__(
        self,
        model: Model,
        options: JudgingOptions,
        store: CallStore,
        budget: SpendingLimit | None = None,
        *,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            model: whom to ask.
            options: how.
            store: where calls, batches and replies are kept.
            budget: what may be spent: batches that are open count with the most they can cost; None is no limit.
            sleep: waits a number of seconds between tries of a call.
            clock: seconds since 1970.
        """
        self._model = model
        self._options = options
        self._store = store
        self._budget = budget or SpendingLimit(None)
        self._sleep = sleep
        self._clock = clock
        self._ledger = BatchLedger(store, model.identity, model.spec)
        self._api = model.batch_api
        self._protocol = model.wire_protocol
        self._price = price_of(model, replace(options, batch=True))
        self._calls: BatchCalls | None = None
        self._drafts = DraftBatches(self._api)
        self._counted: set[tuple[str, int]] = set()
        self.spent_usd: float | None = 0.0
        self.asked = self.kept = self.lost = 0
        self.notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The model as `--judge` names it."""
        return self._model.spec

    async def close(self) -> None:
        """Close the connections and throw away what was not submitted."""
        if self._calls is not None:
            await self._calls.client.close()
        self._drafts.close()

    # Asking

    async def ask(self, inquiry: Inquiry, sample: int) -> Exchange | Unasked:
        """Answer from what is kept, or put the question into the batch that `submit` sends.

        Raises:
            OutputError: the store cannot be used.
        """
        key = question_key(self._model, self._options, inquiry, sample)
        if key in self._drafts:
            return Unasked(reason="in-batch", message="it goes into the batch that this run submits")
        attempts = self._store.attempts(key)
        if waits := self._waits(key, attempts):
            return waits
        step = self._final(attempts, inquiry) or next_step(attempts, inquiry, self._model, self._options)
        if isinstance(step, Exchange):
            self.kept += 1
            return replace(step, cached=True)
        return self._draft(key, inquiry, sample, step)

    def _waits(self, key: str, attempts: tuple[Attempt, ...]) -> Unasked | None:
        """Say that a question is on its way already; one that a dead process asked is given up."""
        for attempt in attempts:
            if attempt.state != "sent":
                continue
            holder = attempt.holder
            if holder == "batch":
                return Unasked(reason="in-batch", message="it is in a batch that is not ready yet")
            if holder != "dead":
                return Unasked(reason="in-batch", message="another process is asking it just now")
            message = "its process ended"
            self._store.give_up(key, attempt.number, state="lost", reason="died", message=message, owner=attempt.owner)
            self.lost += 1
        return None

    def _final(self, attempts: tuple[Attempt, ...], inquiry: Inquiry) -> Exchange | None:
        """Return what a batch refused for a reason that lies in the question: it would be refused again."""
        last = attempts[-1] if attempts else None
        if last is None or last.state != "failed" or not last.owner.startswith(BATCH):
            return None
        reason = last.reason
        if reason not in get_args(FailureReason) or is_transient(reason) or reason in FATAL:
            return None
        failure = Failure(reason=reason, message=last.message or "")  # type: ignore[arg-type]  # it is one of them
        return failed_step(attempts, failure, inquiry, self._model, self._options)

    def _draft(self, key: str, inquiry: Inquiry, sample: int, step: NeedsAttempt) -> Unasked:
        limit = step.max_output_tokens
        worst = worst_cost(self._price, input_tokens=inquiry.tokens, max_output_tokens=limit)
        reserved = self._budget.try_reserve(worst)
        if not isinstance(reserved, Reservation):
            return Unasked(
                reason="max-cost",
                message=reserved.message if reserved else "not asked: the batch would cost more than --max-cost allows",
            )
        options = replace(self._options, max_output_tokens=limit)
        self._drafts.add(
            batch_line(self._model, inquiry, sample, options),
            key=key,
            number=step.number,
            question=inquiry.custom_id(sample),
            max_output_tokens=limit,
            reserved=reserved,
        )
        return Unasked(reason="in-batch", message="it goes into the batch that this run submits")

    # Submitting

    async def submit(self) -> tuple[BatchRef, ...]:
        """Send what was asked and is not kept, in as many batches as the provider's limits need.

        Raises:
            JudgeUnusable: the provider takes no batch for this model or key; what was sent before stays.
            OutputError: the store cannot be used.
        """
        with contextlib.closing(self._drafts.take()) as drafts:
            sent = [await self._submit(draft) for draft in drafts]
        return tuple(ref for ref in sent if ref)

    async def _submit(self, draft: DraftBatch) -> BatchRef | None:
        calls = self._open()
        taken = {item.custom_id for item in self._ledger.intend(draft.intent, draft.items, draft.worst_usd)}
        if not taken:
            return None  # another process has just sent all of them
        lines = [line for item, line in zip(draft.items, draft.lines(), strict=True) if item.custom_id in taken]
        left = False

        def sending() -> None:
            nonlocal left
            left = True
            self._ledger.sending(draft.intent)

        try:
            batch_id = await self._api.send(calls, draft.intent, lines, sending)
        except CallFailed as failed:
            if left and not certainly_not_done(failed):
                return await self._perhaps_sent(draft, failed)
            self._withdraw(draft, failed)
            return None
        self._ledger.opened(draft.intent, batch_id)
        return self._submitted(batch_id, len(taken))

    async def _perhaps_sent(self, draft: DraftBatch, failed: CallFailed) -> BatchRef:
        """The connection broke or the server failed: it may have arrived all the same, so it is looked for."""
        batch = next(batch for batch in self._ledger.unfinished() if batch.intent == draft.intent)
        with contextlib.suppress(CallFailed):
            if (matches := await self._find(batch)).certain:
                return self._submitted(self._adopt(batch, matches), batch.requests)
        detail = f"it is not known yet whether it arrived ({failed.message})"
        self.asked += batch.requests
        self._note(f"a batch of {batch.requests} questions was sent, but {detail}; run the same command again")
        return BatchRef(batch_id=None, requests=batch.requests, detail=detail)

    def _withdraw(self, draft: DraftBatch, failed: CallFailed) -> None:
        """It certainly did not arrive; what may pass is tried again by the next run, anything else by nobody."""
        self._ledger.finish(draft.intent, "withdrawn", rest="failed", reason="canceled")
        for reserved in draft.reserved:
            self._budget.release(reserved)
        message = f"a batch of {len(draft.items)} questions was not taken: {failed.message}"
        if not failed.retry:
            raise self._unusable(message)
        self._note(f"{message}; run the same command again to send it")

    def _submitted(self, batch_id: str, requests: int) -> BatchRef:
        self.asked += requests
        self._note(f"submitted {requests} questions in batch {batch_id}; run the same command again to collect")
        return BatchRef(batch_id=batch_id, requests=requests, detail="submitted")

    # Collecting

    async def collect(self) -> CollectReport:
        """Fetch the results of all batches that are ready, and find those whose sending was cut short.

        Raises:
            JudgeUnusable: the provider does not let us, or refused a batch; what was fetched is kept.
            OutputError: the store cannot be used.
        """
        tally = _Tally()
        waiting = []
        for batch in self._ledger.unfinished():
            try:
                ref = await self._collect(batch, tally)
            except CallFailed as failed:
                if failed.reason in FATAL:
                    raise self._unusable(failed.message) from None
                ref = BatchRef(batch_id=batch.batch_id, requests=batch.requests, detail=failed.message)
            if ref:
                waiting.append(ref)
                self._budget.charge(batch.worst_usd or 0.0)
                self._note(f"batch {ref.batch_id or '(name not known)'} of {ref.requests} questions: {ref.detail}")
        self.lost += tally.lost
        if tally.failed or tally.lost:
            parts = [*(f"{number} {reason}" for reason, number in tally.failed.items())]
            parts += [f"{tally.lost} lost"] if tally.lost else []
            self._note(f"{tally.done} replies came back; without a reply: {', '.join(parts)}")
        if tally.fatal:
            raise self._unusable(tally.fatal.message)
        return CollectReport(
            done=tally.done,
            failed=dict(tally.failed),
            lost=tally.lost,
            foreign=tally.foreign,
            open=tuple(waiting),
        )

    async def _collect(self, batch: BatchRow, tally: _Tally) -> BatchRef | None:
        """Return how a batch stands, None once nothing is left of it."""
        calls = self._open()
        batch_id = batch.batch_id
        if batch_id is None:
            if batch.sender in ("alive", "elsewhere") and self._clock() < batch.sent_at + self._options.deadline_s:
                return BatchRef(batch_id=None, requests=batch.requests, detail="another process is sending it just now")
            matches = await self._find(batch)
            if not matches.certain:
                return self._missing(batch, matches)
            batch_id = self._adopt(batch, matches)
        status = await self._api.fetch_status(calls, batch_id)
        if status.state == "open":
            return BatchRef(batch_id=batch_id, requests=batch.requests, detail=status.detail)
        if status.state == "refused":
            self._ledger.finish(batch.intent, "withdrawn", rest="failed", reason="canceled")
            raise self._unusable(f"the provider refused batch {batch_id}: {status.detail}")
        for source in status.sources:
            await calls.again(partial(self._fetch, batch, source, tally))
        tally.lost += self._ledger.finish(batch.intent, "collected", rest="lost", reason="no-result")
        return None

    async def _find(self, batch: BatchRow) -> BatchMatches:
        """Search for a batch that may have arrived."""
        query = BatchQuery(
            intent=batch.intent,
            mark=mark(batch.intent),
            requests=batch.requests,
            since=batch.sent_at - _CLOCKS_S,
            known=self._ledger.known_ids(),
        )
        return await self._api.find(self._open(), query)

    def _adopt(self, batch: BatchRow, matches: BatchMatches) -> str:
        """Take a batch that was found for ours, and return its name."""
        if len(matches.certain) > 1:
            names = " and ".join(matches.certain)
            self._note(
                f"batches {names} hold the same questions; {matches.certain[0]} is used, the others can be cancelled"
            )
        self._ledger.opened(batch.intent, matches.certain[0])
        return matches.certain[0]

    def _missing(self, batch: BatchRow, matches: BatchMatches) -> BatchRef | None:
        """It was not found: wait while it may still turn up, else let its questions be asked again."""
        if matches.possible:
            names = " or ".join(matches.possible)
            detail = f"sent by a run that was cut short; it may be {names}, which shows once that has ended"
        elif self._clock() < batch.sent_at + SETTLING_S:
            wait = batch.sent_at + SETTLING_S - self._clock()
            detail = f"sent by a run that was cut short; the provider does not list it, look again in {wait:.0f} s"
        else:
            self._ledger.finish(batch.intent, "withdrawn", rest="failed", reason="canceled")
            return None
        return BatchRef(batch_id=None, requests=batch.requests, detail=detail)

    async def _fetch(self, batch: BatchRow, source: str, tally: _Tally) -> None:
        """Keep the results of one source; done a second time it changes nothing.

        Raises:
            CallFailed: it did not come in whole.
        """
        items = self._ledger.items(batch.intent)
        kept: list[tuple[str, int, str]] = []
        try:
            async with (
                asyncio.timeout(self._options.deadline_s),
                aclosing(self._api.results(self._open(), source)) as lines,
            ):
                async for line in lines:
                    if not is_result_line(line) or line["custom_id"] not in items:
                        tally.foreign += 1
                        continue
                    key, number = items[line["custom_id"]]
                    body = self._api.read_result(line)
                    if body is None:
                        body = _NO_RESULT
                    if isinstance(body, Failure):
                        self._failed(batch, key, number, body, tally)
                    else:
                        kept.append((key, number, json.dumps(body)))
                        self._count(body, (key, number), tally)
                    if len(kept) >= _AT_ONCE:
                        self._ledger.answer(kept)
                        kept.clear()
        except TimeoutError:
            message = f"the results did not come in whole within {self._options.deadline_s:g} s"
            raise CallFailed("timeout", message, retry=False) from None
        self._ledger.answer(kept)

    def _count(self, body: object, call: tuple[str, int], tally: _Tally) -> None:
        if call in self._counted:
            return  # the source is read for a second time
        self._counted.add(call)
        reply = self._protocol.read(body)
        spent = cost(reply.tokens, self._price) if isinstance(reply, Reply) else None
        self.spent_usd = add_costs([self.spent_usd, spent])
        self._budget.charge(spent or 0.0)
        tally.done += 1

    def _failed(self, batch: BatchRow, key: str, number: int, failure: Failure, tally: _Tally) -> None:
        reason, message = failure.reason, failure.message
        if self._ledger.give_up(batch.intent, key, number, state="failed", reason=reason, message=message):
            tally.failed[reason] += 1
        if reason in FATAL:
            tally.fatal = tally.fatal or failure

    # Shared

    def _open(self) -> BatchCalls:
        if self._calls is None:
            client = self._model.open_client(timeout_s=self._options.timeout_s, most_bytes=None)
            self._calls = BatchCalls(client=client, sleep=self._sleep)
        return self._calls

    def _unusable(self, message: str) -> JudgeUnusable:
        return JudgeUnusable(f"{self.name}: {message}; what came back so far is kept, give the same command again")

    def _note(self, note: str) -> None:
        self.notes = (*self.notes, note)
