"""Why a call failed: statuses and bodies as real servers send them, and every exception that the SDKs can raise."""

from __future__ import annotations

import contextlib
import email.utils
import importlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import anthropic
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.llm.providers.call_failed import CallFailed
from judge.llm.providers.failures import raised, refused, retry_after
from judge.llm.reply import FATAL, FailureReason

REASONS = get_args(FailureReason)


def openai_error(code: str | None, message: str = "", kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def anthropic_error(kind: str, message: str = "", code: str | None = None) -> dict[str, Any]:
    details = {"details": {"error_code": code}} if code else {}
    return {"type": "error", "error": {"type": kind, "message": message, **details}, "request_id": "req_1"}


LLAMA_CONTEXT = "request (9000 tokens) exceeds the available context size (4096 tokens), try increasing it"
VLLM_CONTEXT = "This model's maximum context length is 4096 tokens. However, you requested 9000"


def small_error(status: int | None, kind: str, message: str = "") -> dict[str, Any]:
    """An error as compatible servers write it, with the status repeated as its code."""
    return {"error": {"code": status, "message": message, "type": kind}}


CASES: list[tuple[str, int | None, object, str]] = [
    # OpenAI
    ("openai: key", 401, openai_error("invalid_api_key"), "invalid-key"),
    ("openai: no access to the model", 403, openai_error("model_not_found"), "unknown-model"),
    ("openai: model", 404, openai_error("model_not_found"), "unknown-model"),
    ("openai: quota comes as 429", 429, openai_error("insufficient_quota", kind="insufficient_quota"), "quota"),
    ("openai: rate", 429, openai_error("rate_limit_exceeded", kind="tokens"), "rate-limited"),
    ("openai: context", 400, openai_error("context_length_exceeded"), "context-exceeded"),
    ("openai: a text too long", 400, openai_error("string_above_max_length"), "context-exceeded"),
    ("openai: prompt against policy", 400, openai_error("invalid_prompt"), "content-filter"),
    ("openai: slow down", 503, openai_error("slow_down"), "overloaded"),
    ("openai: parameter", 400, openai_error("unsupported_parameter"), "bad-request"),
    ("openai: as the SDK hands it out", 429, openai_error("insufficient_quota")["error"], "quota"),
    # Anthropic
    ("anthropic: key", 401, anthropic_error("authentication_error"), "invalid-key"),
    ("anthropic: permission", 403, anthropic_error("permission_error"), "invalid-key"),
    ("anthropic: model", 404, anthropic_error("not_found_error", "model: claude-x"), "unknown-model"),
    ("anthropic: billing", 402, anthropic_error("billing_error"), "quota"),
    (
        "anthropic: credit has no code",
        400,
        anthropic_error("invalid_request_error", "Your credit balance is too low"),
        "quota",
    ),
    ("anthropic: tier limit", 429, anthropic_error("rate_limit_error", code="enforced_spend_limit_reached"), "quota"),
    ("anthropic: contract", 400, anthropic_error("billing_error", code="contract_spend_limit_reached"), "quota"),
    ("anthropic: ramp passes", 429, anthropic_error("rate_limit_error", code="ramp_limit_exceeded"), "rate-limited"),
    (
        "anthropic: context has no code",
        400,
        anthropic_error("invalid_request_error", "prompt is too long: 210000 > 200000"),
        "context-exceeded",
    ),
    ("anthropic: overloaded", 529, anthropic_error("overloaded_error"), "overloaded"),
    ("anthropic: time-out", 504, anthropic_error("timeout_error"), "timeout"),
    # Compatible servers
    ("llama.cpp: context", 400, small_error(400, "exceed_context_size_error", LLAMA_CONTEXT), "context-exceeded"),
    ("llama.cpp: loading", 503, small_error(503, "unavailable_error", "Loading model"), "server-error"),
    ("llama.cpp: path", 404, small_error(404, "not_found_error", "File Not Found"), "unknown-model"),
    (
        "vLLM: model",
        404,
        {"object": "error", "message": "no model `x`", "type": "NotFoundError", "code": 404},
        "unknown-model",
    ),
    ("vLLM: context", 400, small_error(400, "BadRequestError", VLLM_CONTEXT), "context-exceeded"),
    ("Ollama: model", 404, small_error(None, "not_found_error", "model 'x' not found"), "unknown-model"),
    ("small server", 500, {"error": "out of memory"}, "server-error"),
    # What is not the API
    ("firewall", 403, "<html>Request blocked</html>", "bad-request"),
    ("gateway", 502, "<html>Bad Gateway</html>", "server-error"),
    ("nothing", 500, None, "server-error"),
    ("teapot", 418, ["?"], "bad-request"),
    # Error bodies without a status: sent with 200, or in a batch
    ("200: server", None, openai_error("server_error", kind="server_error"), "server-error"),
    ("200: quota", None, openai_error("insufficient_quota"), "quota"),
    ("200: key", None, anthropic_error("authentication_error"), "invalid-key"),
    ("200: model", None, anthropic_error("not_found_error"), "unknown-model"),
    ("200: rate", None, anthropic_error("rate_limit_error"), "rate-limited"),
    ("200: overloaded", None, anthropic_error("overloaded_error"), "overloaded"),
    ("200: time-out", None, anthropic_error("timeout_error"), "timeout"),
    ("200: request", None, anthropic_error("invalid_request_error"), "bad-request"),
    ("200: context", None, anthropic_error("invalid_request_error", "prompt is too long"), "context-exceeded"),
    ("200: too large", None, anthropic_error("request_too_large"), "bad-request"),
    ("200: an error of no known kind", None, anthropic_error("new_error"), "failed"),
    ("200: an error in a word", None, {"error": "oops"}, "failed"),
    ("200: no error", None, {"error": None, "object": "response"}, "not-an-api-response"),
    ("200: riddle", None, {"hello": "world"}, "not-an-api-response"),
]


@pytest.mark.parametrize(("status", "body", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_reason_of_a_refusal(status: int | None, body: object, reason: str) -> None:
    """Codes decide before statuses, and wording only where there is no code."""
    failed = refused(status, body)
    assert failed.reason == reason
    passing = reason in ("rate-limited", "overloaded", "server-error", "timeout", "not-an-api-response")
    assert failed.retry == passing
    assert failed.message and len(failed.message) < 600


def test_words_of_a_patch_do_not_decide() -> None:
    """A message that quotes context or credit does not overrule the code of another error."""
    body = openai_error("rate_limit_exceeded", "maximum context length", "tokens")
    assert refused(429, body).reason == "rate-limited"
    assert refused(500, {"error": {"message": "maximum context length"}}).reason == "server-error"


def test_the_server_may_say_whether_to_come_back() -> None:
    """`x-should-retry` overrules the status; nothing brings back a key, a model or credit that is not there."""
    body = openai_error("rate_limit_exceeded")
    assert refused(429, body, {"x-should-retry": "false"}).retry is False
    assert refused(400, openai_error(None), {"x-should-retry": "true"}).retry is True
    for reason, status in (("invalid-key", 401), ("unknown-model", 404), ("quota", 402)):
        failed = refused(status, {}, {"x-should-retry": "true"})
        assert (failed.reason, failed.retry, failed.reason in FATAL) == (reason, False, True)


def test_what_may_have_been_paid() -> None:
    """A provider's own refusal or error costs nothing; what a gateway says leaves that open."""
    assert [refused(status, {}).billed for status in (400, 401, 429, 500, 503, 529)] == [False] * 6
    assert [refused(status, {}).billed for status in (502, 504, None)] == [None] * 3


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    """Milliseconds before seconds; what cannot be read says nothing."""
    assert retry_after(headers) == seconds


def test_a_date_to_wait_for() -> None:
    """An HTTP date is the time left until then, and none is left of one in the past."""
    soon = email.utils.formatdate(time.time() + 60, usegmt=True)
    seconds = retry_after({"retry-after": soon})
    assert seconds is not None and 55 < seconds <= 60
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0


@settings(max_examples=300, deadline=None)
@given(
    status=st.none() | st.integers(100, 999),
    body=st.recursive(
        st.none() | st.text(max_size=20) | st.integers() | st.floats(),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(st.sampled_from(["error", "type", "code", "message", "details"]), inner, max_size=4)
        ),
        max_leaves=10,
    ),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "retry-after-ms", "x-should-retry"]), st.text(max_size=30), max_size=3
    ),
)
def test_any_refusal_has_a_reason(status: int | None, body: object, headers: dict[str, str]) -> None:
    """Whatever a server sends with whatever status, it comes to one of our reasons and never to an exception."""
    failed = refused(status, body, headers)
    assert failed.reason in REASONS
    failed.message.encode()


# Every exception of the SDKs


def load_errors_of(sdk: ModuleType) -> None:
    """Import all modules of an SDK that define an exception, so that every class exists."""
    root = Path(sdk.__path__[0])
    for file in sorted(root.rglob("*.py")):
        if re.search(r"^class \w+\(.*(Error|Exception)\b.*\)", file.read_text("utf-8"), re.MULTILINE):
            dotted = ".".join((sdk.__name__, *file.relative_to(root).with_suffix("").parts))
            with contextlib.suppress(ImportError):  # needs an extra that is not installed
                importlib.import_module(dotted.removesuffix(".__init__"))


def kinds_of(base: type[Exception]) -> set[type[Exception]]:
    return {base}.union(*(kinds_of(kind) for kind in base.__subclasses__()))


def make(kind: type[Exception], sdk: ModuleType) -> Exception:
    """Make an exception of a kind as the SDK would."""
    library = importlib.import_module(sdk.DefaultAsyncHttpxClient.__mro__[1].__module__.partition(".")[0])
    request = library.Request("POST", "http://127.0.0.1/v1/x")
    if issubclass(kind, sdk.APIStatusError):
        status = getattr(kind, "status_code", 500)
        response = library.Response(status if isinstance(status, int) else 500, request=request)
        names = {"response": response, "body": None}
        return kind(**names) if kind.__name__ == "OAuthError" else kind("said", **names)
    if issubclass(kind, sdk.APIResponseValidationError):
        return kind(library.Response(200, request=request), None)
    if issubclass(kind, sdk.APITimeoutError):
        return kind(request)
    build: Callable[..., Exception] = kind
    if issubclass(kind, sdk.APIConnectionError):
        return build(request=request)
    if issubclass(kind, sdk.APIError):
        return build("said", request, body=None)
    with contextlib.suppress(TypeError, AttributeError):
        return kind("said")
    made = kind.__new__(kind, "said")
    Exception.__init__(made, "said")
    return made


STATUSES = {401: "invalid-key", 402: "quota", 404: "unknown-model", 408: "timeout", 409: "server-error"}
STATUSES |= {429: "rate-limited", 504: "timeout", 529: "overloaded", 500: "server-error", 501: "server-error"}
STATUSES |= {503: "server-error"}


KEY_TROUBLE = {"SubjectTokenProviderError", "CredentialsError", "IdentityTokenFileError", "WorkloadIdentityError"}
KEY_TROUBLE |= {"MutuallyExclusiveAuthError"}


@pytest.mark.parametrize("sdk", [openai, anthropic], ids=["openai", "anthropic"])
def test_every_exception_of_the_sdk_has_a_reason(sdk: ModuleType) -> None:
    """All exception classes of the installed SDK, private ones too, come to the reason that they mean."""
    load_errors_of(sdk)
    base = sdk.OpenAIError if sdk is openai else sdk.AnthropicError
    kinds = kinds_of(base)
    assert len(kinds) >= 15
    for kind in kinds:
        failed = raised(make(kind, sdk), sdk)
        name = kind.__name__
        if issubclass(kind, sdk.APIStatusError):
            status = getattr(kind, "status_code", 500)
            expected = STATUSES.get(status if isinstance(status, int) else 500, "bad-request")
        elif issubclass(kind, sdk.APITimeoutError):
            expected = "timeout"
        elif issubclass(kind, sdk.APIConnectionError):
            expected = "connection"
        elif issubclass(kind, sdk.APIResponseValidationError):
            expected = "not-an-api-response"
        else:
            expected = "invalid-key" if name in KEY_TROUBLE else "failed"
        assert failed.reason == expected, name
        retried = ("rate-limited", "overloaded", "server-error", "timeout", "connection", "not-an-api-response")
        assert failed.retry == (expected in retried or name == "RetryableError"), name


def test_an_exception_of_no_sdk_is_an_error_of_its_own() -> None:
    """A fault of ours or of a library ends one question and says what it was; it is no provider's word."""
    failed = raised(TypeError("unexpected keyword"), openai)
    assert (failed.reason, failed.retry, failed.message) == ("failed", False, "TypeError: unexpected keyword")


def test_fatal_is_never_retried() -> None:
    """However a call failed, a reason that will hold for every question is not tried again."""
    assert all(CallFailed(reason, "", retry=True).retry is (reason not in FATAL) for reason in REASONS)
