"""Says what the calls made for a question came to, from the store alone: the same for live calls and for batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from judge.core.judgement import Tokens
from judge.lib.digests import digest
from judge.llm.answer import Answer
from judge.llm.answer_reading import read_answer
from judge.llm.calls.call_store import BATCH, Attempt
from judge.llm.calls.pricing import cost, price_of
from judge.llm.inquiry import Inquiry
from judge.llm.options import JudgingOptions
from judge.llm.providers.json_shapes import decode
from judge.llm.providers.model import Model
from judge.llm.reply import Failure, FailureReason, Reply, is_transient
from judge.llm.voting import add_costs, add_tokens

_LONGER: frozenset[FailureReason] = frozenset({"truncated", "empty-truncated"})
_AGAIN: frozenset[FailureReason] = frozenset({"schema-invalid", "value-invalid", "units-invalid"})


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One question and what came of it, all its attempts counted.

    Attributes:
        reply: the last reply, None if none arrived.
        answer: the answer, None if there is a failure.
        failure: why there is no answer.
        tokens: what all replies used.
        cost_usd: what all replies cost; None if that is not known.
        attempts: calls made, those of earlier runs included.
        cached: whether it was answered without a call of this run.
        lost: calls whose reply never came and which may have been paid for all the same; not in the cost.
    """

    reply: Reply | None = None
    answer: Answer | None = None
    failure: Failure | None = None
    tokens: Tokens
    cost_usd: float | None
    attempts: int
    cached: bool = False
    lost: int = 0


@dataclass(frozen=True, kw_only=True)
class NeedsAttempt:
    """Another call is needed: its number and the limit of its reply."""

    number: int
    max_output_tokens: int


def question_key(model: Model, options: JudgingOptions, inquiry: Inquiry, sample: int) -> str:
    """Name one sample of a question to a model by everything that its answer depends on."""
    effort, limit = str(options.effort), str(options.max_output_tokens)
    return digest([model.identity, model.protocol, effort, limit, inquiry.digest, str(sample)])


def next_step(
    attempts: Sequence[Attempt], inquiry: Inquiry, model: Model, options: JudgingOptions
) -> Exchange | NeedsAttempt:
    """Say what the calls made so far came to, or that another is needed.

    A reply that was cut off is asked for once more with twice the limit, one of a wrong shape once more as it was;
    every other reply is final. Only replies count: a call without one is worth another try.
    """
    longer = again = False
    for reading in (readings := _read_all(attempts, inquiry, model)):
        if reading.failure is None:
            return _exchange(attempts, readings, model, options, answer=reading.answer)
        reason = reading.failure.reason
        if reason in _LONGER and not longer:
            longer = True
        elif reason in _AGAIN and not again:
            again = True
        elif not is_transient(reason):
            return _exchange(attempts, readings, model, options, failure=reading.failure)
    number = max((attempt.number for attempt in attempts), default=0) + 1
    return NeedsAttempt(number=number, max_output_tokens=options.max_output_tokens * (2 if longer else 1))


def failed_step(
    attempts: Sequence[Attempt], failure: Failure, inquiry: Inquiry, model: Model, options: JudgingOptions
) -> Exchange:
    """Say what the calls made so far came to when the last of them failed for good."""
    readings = _read_all(attempts, inquiry, model)
    before = readings[-1].failure if readings else None
    if before and failure.reason == "bad-request":
        # Twice the limit may be more than the model has; the fault is still that of the reply before.
        failure = Failure(reason=before.reason, message=f"{before.message}; asked again: {failure.message}")
    return _exchange(attempts, readings, model, options, failure=failure)


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """A stored reply as it reads: `answer` or `failure`."""

    attempt: Attempt
    reply: Reply | None
    answer: Answer | None = None
    failure: Failure | None = None


def _read_all(attempts: Sequence[Attempt], inquiry: Inquiry, model: Model) -> list[_Reading]:
    return [_read(attempt, attempt.payload, inquiry, model) for attempt in attempts if attempt.payload is not None]


def _read(attempt: Attempt, payload: str, inquiry: Inquiry, model: Model) -> _Reading:
    reply = model.wire_protocol.read(decode(payload))
    if isinstance(reply, Failure):
        return _Reading(attempt=attempt, reply=None, failure=reply)
    answer = read_answer(reply, inquiry)
    if isinstance(answer, Failure):
        return _Reading(attempt=attempt, reply=reply, failure=answer)
    return _Reading(attempt=attempt, reply=reply, answer=answer)


def _exchange(
    attempts: Sequence[Attempt],
    readings: Sequence[_Reading],
    model: Model,
    options: JudgingOptions,
    *,
    answer: Answer | None = None,
    failure: Failure | None = None,
) -> Exchange:
    billed = [(reading.reply.tokens, reading.attempt) for reading in readings if reading.reply]
    costs = [
        cost(tokens, price_of(model, replace(options, batch=attempt.owner.startswith(BATCH))))
        for tokens, attempt in billed
    ]
    return Exchange(
        reply=readings[-1].reply if readings else None,
        answer=answer,
        failure=failure,
        tokens=add_tokens(tokens for tokens, _ in billed),
        cost_usd=add_costs(costs),
        attempts=len(attempts),
        lost=sum(attempt.state == "lost" for attempt in attempts),
    )
