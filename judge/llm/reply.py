"""What came back from a model, brought to one form; and why there is no answer, each reason by its own name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from judge.core.judgement import Tokens

Stop = Literal["end", "length", "refusal", "content-filter", "context", "failed", "other"]

FailureReason = Literal[
    "empty",  # the reply ended properly and holds no text
    "empty-truncated",  # the token limit went into reasoning: no text at all
    "truncated",  # the reply was cut off by the token limit
    "refusal",
    "content-filter",
    "schema-invalid",  # not JSON, or another shape
    "value-invalid",  # the shape holds, but a value is not on the menu
    "units-invalid",  # the shape holds, but it does not answer exactly the units asked about
    "context-exceeded",  # the question is longer than the model takes
    "failed",  # the provider says that the reply failed
    "bad-request",  # 400, 404, 413, 422 and their like
    "invalid-key",  # 401, 403
    "unknown-model",
    "quota",  # the account has no credit or has reached its spending limit
    "rate-limited",
    "overloaded",
    "server-error",
    "timeout",
    "connection",
    "not-an-api-response",  # 200 with something else than the protocol's JSON
    "expired",  # a batch ended before the request was taken up
    "canceled",
]

FATAL: frozenset[FailureReason] = frozenset({"invalid-key", "unknown-model", "quota"})
"""Every other question to this model would fail the same way: say it once and stop."""

TRANSIENT: frozenset[FailureReason] = frozenset(
    {
        "rate-limited",
        "overloaded",
        "server-error",
        "timeout",
        "connection",
        "not-an-api-response",
        "expired",
        "canceled",
    }
)
"""May be gone the next time: such a judgement is asked for again when a run resumes."""


def is_transient(reason: str | None) -> bool:
    """Whether a failure with this reason may be gone the next time."""
    return reason in TRANSIENT


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One reply of a model.

    Attributes:
        text: what it wrote for us; empty if nothing.
        stop: how it ended.
        detail: the provider's own word for that, and its explanation if there is one.
        model: the model as the provider named it.
        request_id: the provider's name for the exchange.
        tokens: what it used, as far as it says.
    """

    text: str
    stop: Stop
    detail: str
    model: str | None = None
    request_id: str | None = None
    tokens: Tokens


@dataclass(frozen=True, kw_only=True)
class Failure:
    """There is no answer, and why; nothing is known about the patch."""

    reason: FailureReason
    message: str
