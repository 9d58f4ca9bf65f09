"""The protocols with the real SDKs against a real server: what every reply comes to, and what is waited for."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from fake_llm import FakeLlm
from fake_replies import ModelOutput, Request, faults_of, shape
from fake_replies import Reply as Served
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol_kit import INQUIRY, OK, PROTOCOL_NAMES, body_of, model_at, send_all, set_keys

from judge.llm.answer import Answer
from judge.llm.providers.call_failed import CallFailed
from judge.llm.providers.discovery import all_protocols, find_reader
from judge.llm.providers.json_shapes import decode
from judge.llm.reply import Failure, Reply
from judge.llm.result_lines import read_result_line


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has keys."""
    set_keys(monkeypatch)


def read_output(protocol: str, output: ModelOutput, /, **changes: Any) -> Reply | Failure:
    """Read what a model "said", with keys of the reply changed."""
    request = Request(number=1, seen=0, protocol=protocol, body=body_of(protocol), headers={})
    return all_protocols()[protocol].read({**shape(request, output), **changes})


REPLIES = {
    OK: "end",
    "missing-usage": "end",
    "empty": "end",
    "empty-item": "end",
    "truncated-end": "end",
    "fenced": "end",
    "prose": "end",
    "two-answers": "end",
    "wrong-schema": "end",
    "wrong-enum": "end",
    "array": "end",
    "missing-unit": "end",
    "extra-unit": "end",
    "double-unit": "end",
    "reasoning-only": "length",
    "reasoning-only-item": "length",
    "truncated": "length",
    "cut-but-whole": "length",
    "refusal": "refusal",
    "content-filter": "content-filter",
    "context-stop": "context",
    "pause": "other",
    "unknown-stop": "other",
}
FAILURES = {
    "400": ("bad-request", False),
    "context": ("context-exceeded", False),
    "401": ("invalid-key", False),
    "403": ("invalid-key", False),
    "404": ("unknown-model", False),
    "unknown-model": ("unknown-model", False),
    "408": ("timeout", True),
    "409": ("server-error", True),
    "413": ("bad-request", False),
    "422": ("bad-request", False),
    "429": ("rate-limited", True),
    "429-retry-after": ("rate-limited", True),
    "429-retry-after-ms": ("rate-limited", True),
    "429-stop": ("rate-limited", False),
    "quota": ("quota", False),
    "500": ("server-error", True),
    "503": ("server-error", True),
    "529": ("overloaded", True),
    "reset": ("connection", True),
    "close": ("connection", True),
    "reset-mid-body": ("connection", True),
    "html": ("not-an-api-response", True),
    "cut-json": ("not-an-api-response", True),
    "empty-body": ("not-an-api-response", True),
    "json-string": ("not-an-api-response", True),
    "error-200": ("server-error", True),
    "failed": ("server-error", True),
}


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_every_reply_comes_to_its_own_end(protocol: str) -> None:
    """Each fault over HTTP through the real SDK: how the reply stopped, or why there is none, and whether to retry."""
    expected: dict[str, object] = {**REPLIES, **FAILURES, "hang": ("timeout", True)}
    expected["no-choices"] = "failed" if protocol == "openai-chat" else "end"
    faults = [OK, *(fault for fault in faults_of(protocol) if fault != "hang")]
    with FakeLlm() as server:
        outcomes = send_all(protocol, server, faults) + send_all(protocol, server, ["hang"], timeout_s=0.3)
        assert server.ledger.requests == len(faults) + 1, "one request for each call: no retries by the SDK"
    seen = [each.stop if isinstance(each, Reply) else (each.reason, each.retry) for each in outcomes]
    assert dict(zip([*faults, "hang"], seen, strict=True)) == {fault: expected[fault] for fault in [*faults, "hang"]}
    for fault, reply in zip(faults, outcomes, strict=False):
        if isinstance(reply, Reply) and fault not in ("missing-usage", "no-choices"):
            assert reply.tokens.input and reply.tokens.output, f"{fault}: what was spent is known"
    by_fault = dict(zip(faults, outcomes, strict=False))
    waits = {fault: getattr(by_fault[fault], "retry_after_s", None) for fault in faults if fault.startswith("429-r")}
    assert waits == {"429-retry-after": 1.0, "429-retry-after-ms": 0.02}


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_good_reply(protocol: str) -> None:
    """Text, model, id and tokens arrive in one form; the text is the answer and nothing else."""
    with FakeLlm() as server:
        (reply,) = send_all(protocol, server, [OK])
    assert isinstance(reply, Reply)
    assert [unit.unit for unit in Answer.model_validate_json(reply.text, strict=True).units] == ["U1", "U2"]
    assert reply.model is not None and reply.model.startswith("m-1-")
    assert reply.request_id and reply.request_id.endswith("0")
    assert reply.tokens.input == (len(INQUIRY.system + INQUIRY.shared + INQUIRY.own) + 3) // 4
    assert reply.tokens.reasoning == 40 and reply.tokens.output is not None and reply.tokens.output > 40


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
@pytest.mark.parametrize("stop", ["length", "refusal", "content-filter", "context", "pause", "failed", "sunset", ""])
def test_a_whole_answer_counts_only_with_a_proper_end(protocol: str, stop: str) -> None:
    """The stop decides, not the text: a whole answer that did not end properly is none."""
    reply = read_output(protocol, ModelOutput(text=json.dumps({"bottleneck": "same"}), stop=stop))
    assert not isinstance(reply, Reply) or reply.stop != "end"


@pytest.mark.parametrize("protocol", ["openai-responses", "anthropic-messages"])
def test_text_in_several_blocks_is_joined(protocol: str) -> None:
    """A text that comes in parts is one text, however often it was cut."""
    reply = read_output(protocol, ModelOutput(text='{"a": "one two three"}', blocks=5))
    assert isinstance(reply, Reply) and reply.text == '{"a": "one two three"}'


def test_commentary_is_no_answer() -> None:
    """What a model of OpenAI's writes on the way to its answer is marked, and left out."""
    parts = [
        {"type": "message", "phase": phase, "content": [{"type": "output_text", "text": text}]}
        for phase, text in (("commentary", "let me see"), ("final_answer", "{}"), (None, ""))
    ]
    reply = read_output("openai-responses", ModelOutput(text=""), output=parts)
    assert isinstance(reply, Reply) and reply.text == "{}"


def test_content_in_parts_on_the_chat_wire() -> None:
    """Some servers send the content as a list of parts."""
    message = {"content": [{"type": "text", "text": "{"}, {"type": "text", "text": "}"}, {"type": "image"}]}
    reply = read_output("openai-chat", ModelOutput(text=""), choices=[{"message": message, "finish_reason": "stop"}])
    assert isinstance(reply, Reply) and reply.text == "{}"


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
@pytest.mark.parametrize(
    "usage", [None, "many", [], {}, {"input_tokens": "7"}, {"prompt_tokens": -1}, {"input_tokens": True}, 1e400]
)
def test_usage_of_any_shape(protocol: str, usage: object) -> None:
    """Tokens that were not told, or not as a number, are unknown, never 0; the answer stands."""
    reply = read_output(protocol, ModelOutput(text="{}"), usage=usage)
    assert isinstance(reply, Reply) and reply.stop == "end"
    assert (reply.tokens.input, reply.tokens.output, reply.tokens.cached) == (None, None, None)


def test_anthropics_input_holds_what_was_cached() -> None:
    """Anthropic counts cached input apart: read 30 and written 20 beside 7 are 57."""
    usage = {"input_tokens": 7, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 20, "output_tokens": 5}
    reply = read_output("anthropic-messages", ModelOutput(text="{}"), usage=usage)
    assert isinstance(reply, Reply)
    assert (reply.tokens.input, reply.tokens.cached, reply.tokens.written) == (57, 30, 20)


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_names_from_outside_are_short_and_plain(protocol: str) -> None:
    """A model name or id with control characters or without end cannot spoil a record."""
    reply = read_output(protocol, ModelOutput(text="{}"), model="m\x1b[31m\n" + "x" * 5000, id=["no", "id"])
    assert isinstance(reply, Reply)
    assert reply.model is not None and len(reply.model) <= 200 and reply.model.isprintable()
    assert reply.request_id is None


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_half_a_surrogate_pair_can_be_written_down(protocol: str) -> None:
    """JSON may hold half a surrogate pair, which no file and no database can."""
    reply = read_output(protocol, ModelOutput(text='{"why": "\ud83d"}'))
    assert isinstance(reply, Reply) and reply.text.encode() == '{"why": "\ufffd"}'.encode()


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_reader_is_found_by_the_replys_shape(protocol: str) -> None:
    """A stored or replayed reply is read as the live one was, with nothing said about its protocol."""
    with FakeLlm() as server:
        request = Request(number=1, seen=0, protocol=protocol, body=body_of(protocol), headers={})
        payload = json.loads(server.produce(next(p for p in PATHS_OF if PATHS_OF[p] == protocol), request.body).data)
    assert find_reader(payload)(payload) == all_protocols()[protocol].read(payload)
    assert find_reader(payload)(payload).__class__ is Reply


PATHS_OF = {
    "/v1/responses": "openai-responses",
    "/v1/chat/completions": "openai-chat",
    "/v1/messages": "anthropic-messages",
}


def test_an_answer_by_hand_has_a_reader() -> None:
    """An answer that came from no provider is its text and the name of whoever gave it; nothing is known of tokens."""
    reply = read_result_line({"custom_id": "1", "text": "{}", "judge": "Ada"})
    assert isinstance(reply, Reply)
    assert (reply.text, reply.stop, reply.model, reply.tokens.input) == ("{}", "end", "Ada", None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
WORDS = """object status output error incomplete_details usage content choices message finish_reason type
    stop_reason stop_details text refusal model id phase code reason"""
KNOWN = st.sampled_from(WORDS.split())
SHAPED = st.recursive(
    JSON
    | st.sampled_from(
        ["response", "chat.completion", "message", "completed", "stop", "end_turn", "output_text", "failed"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KNOWN, inner, max_size=6),
    max_leaves=20,
)


@settings(max_examples=400, deadline=None)
@given(payload=SHAPED)
def test_any_json_is_a_reply_or_a_failure(payload: object) -> None:
    """No JSON of any shape makes a reader raise, and what it returns can be written down."""
    for protocol in (*all_protocols().values(), None):
        outcome = protocol.read(payload) if protocol else find_reader(payload)(payload)
        assert isinstance(outcome, Reply | Failure)
        (outcome.text + outcome.detail if isinstance(outcome, Reply) else outcome.message).encode()


@settings(max_examples=200, deadline=None)
@given(protocol=st.sampled_from(PROTOCOL_NAMES), key=st.text(max_size=12) | KNOWN, value=SHAPED)
def test_a_spoilt_key_spoils_no_more_than_itself(protocol: str, key: str, value: object) -> None:
    """A good reply with any key replaced by anything is still read without an exception."""
    assert isinstance(read_output(protocol, ModelOutput(text="{}"), **{key: value}), Reply | Failure)


@pytest.mark.parametrize("data", [b"", b"<html>", b'{"a": NaN}', b'{"a": 1', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    """Bytes that are no JSON are one kind of error, however they are broken."""
    with pytest.raises(ValueError):
        decode(data)


# Limits


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_a_reply_that_trickles_in_meets_the_time_limit(protocol: str) -> None:
    """The limit is one for the whole call: a byte now and then does not keep it open."""
    with FakeLlm(routes=lambda call: Served(body=b" " * 2000, act="trickle")) as server:
        (failed,) = send_all(protocol, server, [OK], timeout_s=0.5)
    assert isinstance(failed, CallFailed) and (failed.reason, failed.billed) == ("timeout", None)


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_a_response_without_end_is_given_up(protocol: str, status: int) -> None:
    """A body is read up to the limit only, that of an error too."""

    async def run(server: FakeLlm) -> None:
        client = model_at(protocol, server.v1).open_client(timeout_s=20, most_bytes=10_000)
        try:
            await all_protocols()[protocol].send(client, body_of(protocol))
        finally:
            await client.close()

    endless = FakeLlm(routes=lambda call: Served(status=status, body=b" " * 20_000))
    with endless as server, pytest.raises(CallFailed, match="longer than 10,000 bytes") as failed:
        asyncio.run(run(server))
    assert (failed.value.reason, failed.value.retry) == ("not-an-api-response", False)


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_nobody_listens(protocol: str) -> None:
    """A refused connection may pass, and cannot have cost anything."""
    with FakeLlm() as server:
        pass
    (failed,) = send_all(protocol, server, [OK])
    assert isinstance(failed, CallFailed)
    assert (failed.reason, failed.retry, failed.billed) == ("connection", True, False)
