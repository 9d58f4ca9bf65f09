"""The one retry policy: which calls that brought no reply are made again, how often, and after how long.

A reply that is no answer is another matter: `calls/exchange.py` says which of those are worth a second question.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.llm.providers.call_failed import CallFailed
from judge.llm.reply import FailureReason, is_transient

if TYPE_CHECKING:
    from tenacity import AsyncRetrying, RetryCallState

Sleep = Callable[[float], Awaitable[None]]

_TRANSIENT_STATUSES = frozenset({408, 409, 429})
"""Besides those from 500 on."""


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often a call is made and how long the waits between are.

    Attributes:
        tries: calls at the most, where each before it failed by a fault that may pass.
        first_wait_s: waits are drawn at random below a limit that doubles from this one,
        longest_wait_s: to this one.
        longest_server_wait_s: a wait that the server asks for is kept up to here.
    """

    tries: int
    first_wait_s: float = 1.0
    longest_wait_s: float
    longest_server_wait_s: float = math.inf


QUESTIONS = RetryPolicy(tries=6, longest_wait_s=60.0)
"""For questions, which have a limit of their own for all tries and waits together."""
BATCH_CALLS = RetryPolicy(tries=5, longest_wait_s=30.0, longest_server_wait_s=300.0)
"""For the calls that manage batches."""


def worth_retrying(status: int | None, reason: FailureReason, advice: str) -> bool:
    """Whether a call that an error answered may well succeed later.

    Args:
        status: HTTP status; None where the error came with a good one, or in a batch.
        reason: what the error means.
        advice: the header `x-should-retry`, which decides if it says `true` or `false`.
    """
    passing = is_transient(reason) if status is None else status in _TRANSIENT_STATUSES or status >= 500
    return advice == "true" or (passing and advice != "false")


def should_retry(failed: CallFailed) -> bool:
    """Whether a call that does no harm if it happens twice is made again."""
    return failed.retry


def should_repeat(failed: CallFailed) -> bool:
    """Whether a call that must not happen twice is made again: only one that was certainly not carried out."""
    return failed.retry and certainly_not_done(failed)


def certainly_not_done(failed: CallFailed) -> bool:
    """Whether a call that failed was certainly not carried out: turned away with a 4xx status, or never sent."""
    if failed.reason == "rate-limited" or (failed.reason == "connection" and failed.billed is False):
        return True
    return not failed.retry and failed.billed is False


def retrying(
    policy: RetryPolicy,
    *,
    again: Callable[[CallFailed], bool] = should_retry,
    sleep: Sleep,
    in_time: Callable[[float], bool] = lambda wait_s: True,
) -> AsyncRetrying:
    """Return the retry layer of a policy; the last failure is raised as it is.

    Args:
        policy: how often and after how long.
        again: whether a failed call is made again.
        sleep: waits a number of seconds.
        in_time: whether there is time for a wait of so many seconds; if not, the call has failed for good.
    """
    import tenacity

    spread = tenacity.wait_random_exponential(multiplier=policy.first_wait_s, max=policy.longest_wait_s)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        server_wait_s = error.retry_after_s if isinstance(error, CallFailed) else None
        return max(spread(state), min(server_wait_s or 0.0, policy.longest_server_wait_s))

    def stop(state: RetryCallState) -> bool:
        return state.attempt_number >= policy.tries or not in_time(state.upcoming_sleep)

    return tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(lambda error: isinstance(error, CallFailed) and again(error)),
        wait=wait,
        stop=stop,
        sleep=sleep,
        reraise=True,
    )
