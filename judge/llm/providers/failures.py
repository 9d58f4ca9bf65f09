"""Why a call brought no reply: maps statuses, error bodies and the SDKs' exceptions to reasons of ours. Pure.

Sources: the exception classes and error codes of openai 1.109 to 3.52 and anthropic 0.84 to 2.11, and the errors
of vLLM, llama.cpp's server and Ollama. Codes decide; wording only where a provider has no code for the case.
"""

from __future__ import annotations

import email.utils
import math
import time
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from judge.llm.providers.call_failed import CallFailed
from judge.llm.providers.json_shapes import brief, mapping, text
from judge.llm.providers.retry import worth_retrying
from judge.llm.reply import FailureReason

_QUOTA = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
        "billing_error",
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
        "linked_organization_billing_unavailable",
        "user_profile_not_billable",
        "user_profile_billing_not_authorized",
    }
)
_CONTEXT = frozenset({"context_length_exceeded", "string_above_max_length", "exceed_context_size_error"})
_FILTERED = frozenset(
    {"content_filter", "content_policy_violation", "invalid_prompt", "bio_policy", "misalignment_policy_violation"}
)
_UNKNOWN_MODEL = frozenset({"model_not_found", "model_not_available", "DeploymentNotFound"})
_OVERLOADED = frozenset({"overloaded_error", "slow_down", "engine_overloaded"})
_RATE = frozenset({"rate_limit_error", "rate_limit_exceeded", "ramp_limit_exceeded"})
_SERVER = frozenset({"server_error", "api_error", "internal_server_error", "vector_store_timeout"})
_KEY = frozenset({"invalid_api_key", "authentication_error", "permission_error"})

# Wording, for want of a code: Anthropic's and vLLM's context errors, Anthropic's account without credit.
_CONTEXT_WORDS = (
    "prompt is too long",
    "maximum context length",
    "exceed context limit",
    "context size",
    "context window",
    "maximum model length",
)
_CREDIT_WORDS = ("credit balance is too low",)


def refused(status: int | None, payload: object, headers: Mapping[str, str] | None = None) -> CallFailed:
    """Say what an HTTP error, or an error body that came without one, means.

    Args:
        status: HTTP status; None where the body came with a good one, or in a batch.
        payload: the decoded body, or its text.
        headers: of the response, by lower-case name.
    """
    headers = headers or {}
    codes, error_message = _codes_and_message(payload)
    reason = _reason(status, codes, error_message.lower(), payload)
    retry = worth_retrying(status, reason, headers.get("x-should-retry", "").lower())
    place = f"HTTP {status}" if status is not None else "the reply is an error"
    code = next((word for word in codes if word), None)
    hint = _HINTS.get(reason, "")
    parts = (f"{place} ({code})" if code else place, brief(error_message))
    message = ": ".join(part for part in parts if part) + hint
    # A provider's own refusal or error costs nothing; what a gateway between us says leaves that open.
    free = status is not None and (400 <= status < 500 or status in (500, 503, 529))
    return CallFailed(reason, message, retry=retry, retry_after_s=retry_after(headers), billed=False if free else None)


_HINTS: Mapping[FailureReason, str] = {
    "unknown-model": "; no such model, or --base-url is not where the API begins (often .../v1)",
    "quota": "; the account has no credit or has reached its spending limit",
}


def _codes_and_message(payload: object) -> tuple[tuple[str, ...], str]:
    """Return the machine-readable words of an error body, the most telling first, and its message."""
    if not isinstance(payload, dict):
        return (), payload if isinstance(payload, str) else ""
    error = payload.get("error", payload)
    if isinstance(error, str):  # {"error": "model not found"}, as small servers write it
        return (), error
    body = mapping(error)
    details = mapping(body.get("details"))
    # Some servers repeat the HTTP status as the code, as a number.
    named = (text(details.get("error_code")), text(body.get("code")), text(body.get("type")))
    return tuple(word for word in named if word), text(body.get("message"))


def _reason(status: int | None, codes: tuple[str, ...], error_message: str, payload: object) -> FailureReason:
    named = set(codes)
    if named & _QUOTA or status == 402 or any(phrase in error_message for phrase in _CREDIT_WORDS):
        return "quota"
    if named & _UNKNOWN_MODEL or status == 404:
        return "unknown-model"
    if named & _CONTEXT or (
        status in (None, 400, 413, 422) and any(phrase in error_message for phrase in _CONTEXT_WORDS)
    ):
        return "context-exceeded"
    if named & _FILTERED:
        return "content-filter"
    if named & _OVERLOADED:
        return "overloaded"
    if status == 403 and not isinstance(payload, dict):
        return "bad-request"  # not the API: a proxy or firewall that dislikes this one text says nothing of the key
    return _by_status(status) if status is not None else _by_code(named, mapping(payload))


def _by_status(status: int) -> FailureReason:
    named: dict[int, FailureReason] = {
        401: "invalid-key",
        403: "invalid-key",
        408: "timeout",
        409: "server-error",
        429: "rate-limited",
        504: "timeout",
        529: "overloaded",
    }
    return named.get(status, "server-error" if status >= 500 else "bad-request")


def _by_code(named: set[str], body: Mapping[str, Any]) -> FailureReason:
    if named & _KEY:
        return "invalid-key"
    if named & _RATE:
        return "rate-limited"
    if named & _SERVER:
        return "server-error"
    if "timeout_error" in named:
        return "timeout"
    if "not_found_error" in named:
        return "unknown-model"
    if named & {"invalid_request_error", "request_too_large"}:
        return "bad-request"
    # An error of the API that has no name here, or nothing of the API's at all.
    return "failed" if body.get("error") or "error" in (body.get("type"), body.get("object")) else "not-an-api-response"


def raised(error: Exception, sdk: ModuleType) -> CallFailed:
    """Say what an exception of an SDK, or one that went through it, means.

    Args:
        error: what was raised by a call.
        sdk: the module `openai` or `anthropic`, whose classes decide.
    """
    if isinstance(error, TooLarge) or isinstance(error.__cause__, TooLarge):
        cut = error if isinstance(error, TooLarge) else error.__cause__
        return CallFailed("not-an-api-response", str(cut), retry=False)
    if isinstance(error, sdk.APITimeoutError) or _is(error, "TimeoutException"):
        return CallFailed("timeout", "no whole reply within the time limit", retry=True)
    if isinstance(error, sdk.APIConnectionError) or _is(error, "TransportError"):
        cause = error.__cause__ or error
        cause_text = f"{type(cause).__name__}: {cause}"
        never_sent = type(cause).__name__ in ("ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol")
        return CallFailed("connection", brief(cause_text), retry=True, billed=False if never_sent else None)
    if isinstance(error, sdk.APIResponseValidationError):
        return CallFailed("not-an-api-response", brief(str(error)), retry=True)
    if isinstance(error, sdk.APIStatusError):
        status = int(error.response.status_code)
        return refused(status, _body(error), {k.lower(): v for k, v in error.response.headers.items()})
    if _is(error, *_KEY_TROUBLE):
        return CallFailed("invalid-key", brief(str(error)), retry=False, billed=False)
    return CallFailed(
        "failed", brief(f"{type(error).__name__}: {error}"), retry=_is(error, "RetryableError"), billed=None
    )


_KEY_TROUBLE = ("SubjectTokenProviderError", "CredentialsError", "WorkloadIdentityError", "MutuallyExclusiveAuthError")


def _body(error: Any) -> object:
    """OpenAI's SDK hands out what stands under `error`, Anthropic's the whole body; text where it is no JSON."""
    body: object = error.body
    return body


def _is(error: Exception, *names: str) -> bool:
    """By name: not every version of an SDK has or exports each class."""
    return any(kind.__name__ in names for kind in type(error).__mro__)


class TooLarge(Exception):
    """A response is longer than any real one."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait, None if it does not say or not so that it can be read.

    Understands `retry-after-ms` and `retry-after` in seconds or as an HTTP date (RFC 9110, 10.2.3).
    """
    for name, divisor in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / divisor
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, date.timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None
