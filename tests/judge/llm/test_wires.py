"""The wires with the real SDKs against a real server: what is sent, what every reply comes to, what stays secret."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import subprocess
import sys
import traceback
from typing import Any

import pytest
from fake_llm import Call, FakeLlm, always
from fake_replies import Reply as Served
from fake_replies import Request, Said, faults_of, shape
from hypothesis import given, settings
from hypothesis import strategies as st
from inquiry_kit import make_inquiry

from judge.errors import UsageError
from judge.judges import all_backends
from judge.llm.answer import Answer, answer_schema
from judge.llm.options import JudgingOptions
from judge.llm.reply import Failure, Reply
from judge.llm.wires import WIRES, CallFailed, Model, batch_line, decode, find_reader, wire_of

KEY = "sk-test-0123456789abcdef"
INQUIRY = make_inquiry(1, prefix=8000)
WIRE_NAMES = tuple(WIRES)
OK = "ok"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has keys, and none of what else the SDKs would read from the environment."""
    for name in [name for name in os.environ if name.startswith(("OPENAI_", "ANTHROPIC_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


def model_at(wire: str, base_url: str | None) -> Model:
    return Model(provider="anthropic" if "anthropic" in wire else "openai", name="m-1", wire=wire, base_url=base_url)


def body_of(wire: str, **changes: Any) -> dict[str, Any]:
    inquiry = dataclasses.replace(INQUIRY, **changes.pop("inquiry", {}))
    return WIRES[wire].body(inquiry, **{"model": "m-1", "max_output_tokens": 30_000, "effort": None, **changes})


def send_all(wire: str, server: FakeLlm, faults: list[str], *, timeout_s: float = 20.0) -> list[Reply | CallFailed]:
    """Send one question for each fault through one client and return what came of it."""

    async def run() -> list[Reply | CallFailed]:
        model = model_at(wire, server.v1)
        client = model.open_client(timeout_s=timeout_s)
        found: list[Reply | CallFailed] = []
        for fault in faults:
            server.script = always(fault)
            try:
                reply = WIRES[wire].read(decode(await WIRES[wire].send(client, body_of(wire))))
                assert isinstance(reply, Reply), "what send() returns is a reply"
                found.append(reply)
            except CallFailed as failed:
                found.append(failed)
        await client.close()
        return found

    return asyncio.run(run())


def read_said(wire: str, said: Said, **changes: Any) -> Reply | Failure:
    """Read what a model "said", with keys of the reply changed."""
    request = Request(number=1, seen=0, wire=wire, body=body_of(wire), headers={})
    return WIRES[wire].read({**shape(request, said), **changes})


# What is sent


@pytest.mark.parametrize("wire", WIRE_NAMES)
def test_instructions_and_evidence_keep_to_their_roles(wire: str) -> None:
    """Text of a patch stands in the user's role only, whole and in order, and nothing else does."""
    request = Request(number=0, seen=0, wire=wire, body=json.loads(json.dumps(body_of(wire))), headers={})
    assert request.system == INQUIRY.system
    assert request.user == INQUIRY.shared + INQUIRY.own
    assert request.max_output_tokens == 30_000
    assert request.model == "m-1"
    roles = [message["role"] for message in request._messages]
    assert roles == (["system", "user"] if wire == "openai-chat" else ["user"])


@pytest.mark.parametrize("wire", WIRE_NAMES)
def test_same_question_same_bytes(wire: str) -> None:
    """The body depends on the question and the parameters only."""
    assert json.dumps(body_of(wire)) == json.dumps(body_of(wire))
    assert body_of(wire) != body_of(wire, inquiry={"own": "another patch"})


@pytest.mark.parametrize("wire", WIRE_NAMES)
def test_effort_is_sent_only_if_set(wire: str) -> None:
    """Without --effort no body speaks of it, since not every model or server takes it; with it each does."""
    assert "effort" not in json.dumps({**body_of(wire), "text": 0, "response_format": 0})
    assert '"high"' in json.dumps(body_of(wire, effort="high"))


def test_limits_go_by_the_names_each_api_reads() -> None:
    """Compatible servers get `max_tokens`: Ollama and LM Studio ignore the newer name, and would write without end."""
    assert body_of("openai-responses")["max_output_tokens"] == 30_000
    assert body_of("openai-chat")["max_tokens"] == 30_000
    assert "max_completion_tokens" not in body_of("openai-chat")
    assert body_of("anthropic-messages")["max_tokens"] == 30_000


def test_openai_keeps_no_copy() -> None:
    """Replies are not stored at OpenAI, which is the default of this API."""
    assert body_of("openai-responses")["store"] is False


def test_no_empty_block_on_anthropics_wire() -> None:
    """An empty text block is an error there."""
    body = body_of("anthropic-messages", inquiry={"shared": ""})
    assert body["messages"][0]["content"] == [{"type": "text", "text": INQUIRY.own}]


def objects_of(schema: Any) -> list[dict[str, Any]]:
    """List all objects inside a JSON Schema."""
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    return [found for part in parts for found in objects_of(part)] + ([schema] if isinstance(schema, dict) else [])


def test_schema_is_strict_as_openai_asks() -> None:
    """Every object names all its keys as required and allows no other; a reference stands alone."""
    body = body_of("openai-responses")["text"]["format"]
    chat = body_of("openai-chat")["response_format"]["json_schema"]
    assert body["schema"] == chat["schema"] == answer_schema()
    assert body["strict"] is True and chat["strict"] is True
    kinds = [found for found in objects_of(body["schema"]) if found.get("type") == "object"]
    assert len(kinds) > 4
    for kind in kinds:
        assert kind["additionalProperties"] is False
        assert sorted(kind["required"]) == sorted(kind["properties"])
    assert all(len(found) == 1 for found in objects_of(body["schema"]) if "$ref" in found)


def test_schema_is_what_anthropics_sdk_makes_of_it() -> None:
    """Our strict form is the SDK's own, which its API takes."""
    from anthropic import transform_schema

    sent = body_of("anthropic-messages")["output_config"]["format"]["schema"]
    theirs = transform_schema(answer_schema())
    if not any("enum" in found for found in objects_of(theirs)):
        pytest.skip("this old SDK writes enumerations into the descriptions")
    for found in objects_of(theirs):
        if "enum" in found:
            found.pop("type", None)  # SDKs before 2 leave it there; the API takes both
    assert sent == theirs


def test_prompt_cache_is_one_for_each_case() -> None:
    """OpenAI's cache key names the case, not the candidate; Anthropic's breakpoint stands after the shared text."""
    key = body_of("openai-responses")["prompt_cache_key"]
    assert body_of("openai-responses", inquiry={"own": "another patch"})["prompt_cache_key"] == key
    assert body_of("openai-responses", inquiry={"shared": "another case"})["prompt_cache_key"] != key
    first, second = body_of("anthropic-messages")["messages"][0]["content"]
    assert (first["text"], "cache_control" in first) == (INQUIRY.shared, True)
    assert (second["text"], "cache_control" in second) == (INQUIRY.own, False)


@pytest.mark.parametrize("wire", WIRE_NAMES)
def test_second_candidate_of_a_case_reads_the_cache(wire: str) -> None:
    """The shared prefix is cached after the first question of a case, on every wire."""

    async def run(server: FakeLlm) -> list[Any]:
        client = model_at(wire, server.v1).open_client(timeout_s=20)
        tokens = []
        for own in ("one patch", "another patch"):
            data = await WIRES[wire].send(client, body_of(wire, inquiry={"own": own}))
            tokens.append(read_reply(wire, data).tokens)
        await client.close()
        return tokens

    with FakeLlm() as server:
        first, second = asyncio.run(run(server))
    assert first.cached == 0 and second.cached >= 1024
    assert abs(first.input - second.input) < 10, "cached tokens are part of the input on every wire"


def read_reply(wire: str, data: bytes) -> Reply:
    reply = WIRES[wire].read(decode(data))
    assert isinstance(reply, Reply)
    return reply


def test_batch_lines_hold_the_very_bodies() -> None:
    """A line of a batch or prompts file is the live body in the provider's envelope, named by the question."""
    options = JudgingOptions(max_output_tokens=30_000)
    name = INQUIRY.custom_id(2)
    for wire in ("openai-responses", "openai-chat"):
        line = batch_line(model_at(wire, None), INQUIRY, 2, options)
        url = "/v1/responses" if wire == "openai-responses" else "/v1/chat/completions"
        assert line == {"custom_id": name, "method": "POST", "url": url, "body": body_of(wire)}
    line = batch_line(model_at("anthropic-messages", None), INQUIRY, 2, options)
    assert line == {"custom_id": name, "params": body_of("anthropic-messages")}
    assert len(name) == 64 and name.isalnum(), "Anthropic takes at most 64 letters, digits, - and _"


# What comes back

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


@pytest.mark.parametrize("wire", WIRE_NAMES)
def test_every_reply_comes_to_its_own_end(wire: str) -> None:
    """Each fault over HTTP through the real SDK: how the reply stopped, or why there is none, and whether to retry."""
    expected: dict[str, object] = {**REPLIES, **FAILURES, "hang": ("timeout", True)}
    expected["no-choices"] = "failed" if wire == "openai-chat" else "end"
    faults = [OK, *(fault for fault in faults_of(wire) if fault != "hang")]
    with FakeLlm() as server:
        found = send_all(wire, server, faults) + send_all(wire, server, ["hang"], timeout_s=0.3)
        assert server.ledger.requests == len(faults) + 1, "one request for each call: no retries by the SDK"
    said = [each.stop if isinstance(each, Reply) else (each.reason, each.retry) for each in found]
    assert dict(zip([*faults, "hang"], said, strict=True)) == {fault: expected[fault] for fault in [*faults, "hang"]}
    for fault, reply in zip(faults, found, strict=False):
        if isinstance(reply, Reply) and fault not in ("missing-usage", "no-choices"):
            assert reply.tokens.input and reply.tokens.output, f"{fault}: what was spent is known"
    waits = {fault: each.retry_after_s for fault, each in zip(faults, found, strict=False) if fault.startswith("429-r")}  # type: ignore[union-attr]
    assert waits == {"429-retry-after": 1.0, "429-retry-after-ms": 0.02}


@pytest.mark.parametrize("wire", WIRE_NAMES)
def test_good_reply(wire: str) -> None:
    """Text, model, id and tokens arrive in one form; the text is the answer and nothing else."""
    with FakeLlm() as server:
        (reply,) = send_all(wire, server, [OK])
    assert isinstance(reply, Reply)
    assert [unit.unit for unit in Answer.model_validate_json(reply.text, strict=True).units] == ["U1", "U2"]
    assert reply.model is not None and reply.model.startswith("m-1-")
    assert reply.request_id and reply.request_id.endswith("0")
    assert reply.tokens.input == (len(INQUIRY.system + INQUIRY.shared + INQUIRY.own) + 3) // 4
    assert reply.tokens.reasoning == 40 and reply.tokens.output is not None and reply.tokens.output > 40


@pytest.mark.parametrize("wire", WIRE_NAMES)
@pytest.mark.parametrize("stop", ["length", "refusal", "content-filter", "context", "pause", "failed", "sunset", ""])
def test_a_whole_answer_counts_only_with_a_proper_end(wire: str, stop: str) -> None:
    """The stop decides, not the text: a whole answer that did not end properly is none."""
    reply = read_said(wire, Said(text=json.dumps({"bottleneck": "same"}), stop=stop))
    assert not isinstance(reply, Reply) or reply.stop != "end"


@pytest.mark.parametrize("wire", ["openai-responses", "anthropic-messages"])
def test_text_in_several_blocks_is_joined(wire: str) -> None:
    """A text that comes in parts is one text, however often it was cut."""
    reply = read_said(wire, Said(text='{"a": "one two three"}', blocks=5))
    assert isinstance(reply, Reply) and reply.text == '{"a": "one two three"}'


def test_commentary_is_no_answer() -> None:
    """What a model of OpenAI's writes on the way to its answer is marked, and left out."""
    parts = [
        {"type": "message", "phase": phase, "content": [{"type": "output_text", "text": text}]}
        for phase, text in (("commentary", "let me see"), ("final_answer", "{}"), (None, ""))
    ]
    reply = read_said("openai-responses", Said(text=""), output=parts)
    assert isinstance(reply, Reply) and reply.text == "{}"


def test_content_in_parts_on_the_chat_wire() -> None:
    """Some servers send the content as a list of parts."""
    message = {"content": [{"type": "text", "text": "{"}, {"type": "text", "text": "}"}, {"type": "image"}]}
    reply = read_said("openai-chat", Said(text=""), choices=[{"message": message, "finish_reason": "stop"}])
    assert isinstance(reply, Reply) and reply.text == "{}"


@pytest.mark.parametrize("wire", WIRE_NAMES)
@pytest.mark.parametrize(
    "usage", [None, "many", [], {}, {"input_tokens": "7"}, {"prompt_tokens": -1}, {"input_tokens": True}, 1e400]
)
def test_usage_of_any_shape(wire: str, usage: object) -> None:
    """Tokens that were not told, or not as a number, are unknown, never 0; the answer stands."""
    reply = read_said(wire, Said(text="{}"), usage=usage)
    assert isinstance(reply, Reply) and reply.stop == "end"
    assert (reply.tokens.input, reply.tokens.output, reply.tokens.cached) == (None, None, None)


def test_anthropics_input_holds_what_was_cached() -> None:
    """Anthropic counts cached input apart: read 30 and written 20 beside 7 are 57."""
    usage = {"input_tokens": 7, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 20, "output_tokens": 5}
    reply = read_said("anthropic-messages", Said(text="{}"), usage=usage)
    assert isinstance(reply, Reply)
    assert (reply.tokens.input, reply.tokens.cached, reply.tokens.written) == (57, 30, 20)


@pytest.mark.parametrize("wire", WIRE_NAMES)
def test_names_from_outside_are_short_and_plain(wire: str) -> None:
    """A model name or id with control characters or without end cannot spoil a record."""
    reply = read_said(wire, Said(text="{}"), model="m\x1b[31m\n" + "x" * 5000, id=["no", "id"])
    assert isinstance(reply, Reply)
    assert reply.model is not None and len(reply.model) <= 200 and reply.model.isprintable()
    assert reply.request_id is None


@pytest.mark.parametrize("wire", WIRE_NAMES)
def test_half_a_surrogate_pair_can_be_written_down(wire: str) -> None:
    """JSON may hold half a surrogate pair, which no file and no database can."""
    reply = read_said(wire, Said(text='{"why": "\ud83d"}'))
    assert isinstance(reply, Reply) and reply.text.encode() == '{"why": "\ufffd"}'.encode()


@pytest.mark.parametrize("wire", WIRE_NAMES)
def test_reader_is_found_by_the_replys_shape(wire: str) -> None:
    """A stored or replayed reply is read as the live one was, with nothing said about its wire."""
    with FakeLlm() as server:
        request = Request(number=1, seen=0, wire=wire, body=body_of(wire), headers={})
        payload = json.loads(server.produce(next(p for p in PATHS_OF if PATHS_OF[p] == wire), request.body).data)
    assert find_reader(payload)(payload) == WIRES[wire].read(payload)
    assert find_reader(payload)(payload).__class__ is Reply


PATHS_OF = {
    "/v1/responses": "openai-responses",
    "/v1/chat/completions": "openai-chat",
    "/v1/messages": "anthropic-messages",
}


def test_an_answer_by_hand_has_a_reader() -> None:
    """An answer that came from no provider is its text and the name of whoever gave it; nothing is known of tokens."""
    reply = find_reader({"text": "{}", "judge": "Ada"})({"text": "{}", "judge": "Ada"})
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
    for wire in (*WIRES.values(), None):
        found = wire.read(payload) if wire else find_reader(payload)(payload)
        assert isinstance(found, Reply | Failure)
        (found.text + found.detail if isinstance(found, Reply) else found.message).encode()


@settings(max_examples=200, deadline=None)
@given(wire=st.sampled_from(WIRE_NAMES), key=st.text(max_size=12) | KNOWN, value=SHAPED)
def test_a_spoilt_key_spoils_no_more_than_itself(wire: str, key: str, value: object) -> None:
    """A good reply with any key replaced by anything is still read without an exception."""
    assert isinstance(read_said(wire, Said(text="{}"), **{key: value}), Reply | Failure)


@pytest.mark.parametrize("data", [b"", b"<html>", b'{"a": NaN}', b'{"a": 1', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    """Bytes that are no JSON are one kind of error, however they are broken."""
    with pytest.raises(ValueError):
        decode(data)


# Limits


@pytest.mark.parametrize("wire", WIRE_NAMES)
def test_a_reply_that_trickles_in_meets_the_time_limit(wire: str) -> None:
    """The limit is one for the whole call: a byte now and then does not keep it open."""
    with FakeLlm(routes=lambda call: Served(body=b" " * 2000, act="trickle")) as server:
        (failed,) = send_all(wire, server, [OK], timeout_s=0.5)
    assert isinstance(failed, CallFailed) and (failed.reason, failed.billed) == ("timeout", None)


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("wire", WIRE_NAMES)
def test_a_response_without_end_is_given_up(wire: str, status: int) -> None:
    """A body is read up to the limit only, that of an error too."""

    async def run(server: FakeLlm) -> None:
        client = model_at(wire, server.v1).open_client(timeout_s=20, most_bytes=10_000)
        try:
            await WIRES[wire].send(client, body_of(wire))
        finally:
            await client.close()

    endless = FakeLlm(routes=lambda call: Served(status=status, body=b" " * 20_000))
    with endless as server, pytest.raises(CallFailed, match="longer than 10,000 bytes") as failed:
        asyncio.run(run(server))
    assert (failed.value.reason, failed.value.retry) == ("not-an-api-response", False)


@pytest.mark.parametrize("wire", WIRE_NAMES)
def test_nobody_listens(wire: str) -> None:
    """A refused connection may pass, and cannot have cost anything."""
    with FakeLlm() as server:
        pass
    (failed,) = send_all(wire, server, [OK])
    assert isinstance(failed, CallFailed)
    assert (failed.reason, failed.retry, failed.billed) == ("connection", True, False)


# Keys and addresses


@pytest.mark.parametrize("wire", WIRE_NAMES)
def test_the_key_is_sent_and_never_written_down(wire: str) -> None:
    """A server that quotes the key, in an error or a good reply, cannot get it into a message, trace or record."""

    def quote(call: Call) -> Served:
        wanted = WIRES[wire].read
        request = Request(number=0, seen=0, wire=wire, body=json.loads(call.data), headers=call.headers)
        assert wanted is not None
        if request.system == "fail":
            return Served(status=400, body={"error": {"type": "invalid_request_error", "message": f"bad key {KEY}"}})
        if request.system == "html":
            return Served(body=f"<p>{KEY}</p>".encode())
        return Served(body=shape(request, Said(text=f"the key is {KEY}")))

    async def run(server: FakeLlm) -> list[str]:
        client = model_at(wire, server.v1).open_client(timeout_s=20)
        written = [repr(client), repr(model_at(wire, server.v1)), model_at(wire, server.v1).identity]
        for system in ("fail", "html"):
            try:
                await WIRES[wire].send(client, body_of(wire, inquiry={"system": system}))
            except CallFailed as failed:
                written += [str(failed), repr(failed), failed.message, "".join(traceback.format_exception(failed))]
        written.append((await WIRES[wire].send(client, body_of(wire))).decode())
        await client.close()
        return written

    seen: list[Call] = []

    def routes(call: Call) -> Served:
        seen.append(call)
        return quote(call)

    with FakeLlm(routes=routes) as server:
        written = asyncio.run(run(server))
    assert all(KEY in str(call.headers) for call in seen) and len(seen) == 3, "the server does get it"
    assert len(written) == 3 + 8 + 1
    assert not [text for text in written if KEY in text]
    assert sum("[key]" in text for text in written) >= 7, "and the places where it stood are marked"


def test_no_key_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model can be named without a key, to write prompts; asking it is refused at once, by the variable's name."""
    for provider, variable in (("openai", "OPENAI_API_KEY"), ("anthropic", "ANTHROPIC_API_KEY")):
        monkeypatch.setenv(variable, "  ")
        model = all_backends()[provider].open_judge("m-1", JudgingOptions())
        assert isinstance(model, Model)
        for ask in (model.key, lambda model=model: model.open_client(timeout_s=1)):
            with pytest.raises(UsageError, match=f"--judge {provider}:m-1: no key; set {variable}"):
                ask()


def test_a_server_of_ones_own_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """With --base-url a dummy key is sent where none is set."""
    monkeypatch.delenv("OPENAI_API_KEY")
    with FakeLlm() as server:
        model = all_backends()["openai"].open_judge("m-1", JudgingOptions(base_url=server.v1))
        assert isinstance(model, Model) and model.wire == "openai-chat"
        assert isinstance(send_all(model.wire, server, [OK])[0], Reply)
        assert server.ledger.keys == {"none"}


def test_the_wire_follows_the_address() -> None:
    """OpenAI's models go by Responses at home and by Chat elsewhere; Anthropic's by Messages everywhere."""
    plain, local = JudgingOptions(), JudgingOptions(base_url="http://127.0.0.1:1/v1/")
    backends = all_backends()
    found = [backends[name].open_judge("m", options) for name in ("openai", "anthropic") for options in (plain, local)]
    assert [(each.wire, each.base_url, each.spec) for each in found if isinstance(each, Model)] == [
        ("openai-responses", None, "openai:m"),
        ("openai-chat", "http://127.0.0.1:1/v1", "openai:m"),
        ("anthropic-messages", None, "anthropic:m"),
        ("anthropic-messages", "http://127.0.0.1:1/v1", "anthropic:m"),
    ]
    identities = {each.identity for each in found if isinstance(each, Model)}
    assert len(identities) == 4, "an answer from another address is another answer"
    assert all(each.wire == wire_of(each).NAME for each in found if isinstance(each, Model))


def test_the_environment_diverts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address comes from --base-url only: one that the SDKs would take from the environment is in no record."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")

    async def addresses() -> list[str]:
        found = []
        for wire in WIRE_NAMES:
            client = model_at(wire, None).open_client(timeout_s=1)
            found.append(str(client.sdk.base_url))
            await client.close()
        return found

    assert {url.rstrip("/") for url in asyncio.run(addresses())} == {
        "https://api.openai.com/v1",
        "https://api.anthropic.com",
    }


@pytest.mark.parametrize(
    "base_url", ["", "localhost:8080", "ftp://host/v1", "http://", "http://host:port/v1", "http://["]
)
def test_an_address_that_is_none(base_url: str) -> None:
    """A --base-url that cannot be one is refused before anything is asked, and shown how to write."""
    with pytest.raises(UsageError, match="http://HOST:PORT/v1"):
        all_backends()["openai"].open_judge("m", JudgingOptions(base_url=base_url))


def test_a_password_in_the_address_is_refused_and_not_shown() -> None:
    """What stands in the address stands in records, so that a secret cannot stand there."""
    with pytest.raises(UsageError) as failed:
        all_backends()["openai"].open_judge("m", JudgingOptions(base_url="http://me:hunter2@host/v1"))
    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize("key", ["sk-secret\nInjected: yes", "sk-gehëim"])
def test_a_key_that_is_none_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """A key with a line end or a foreign letter would be quoted by whatever stumbles over it."""
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(UsageError, match="OPENAI_API_KEY") as failed:
        model_at("openai-responses", None).key()
    assert key not in str(failed.value) and "secret" not in str(failed.value)


def test_efforts_that_anthropic_does_not_know() -> None:
    """--effort minimal is OpenAI's word; said before the first call, not by a 400 for each patch."""
    with pytest.raises(UsageError, match="it knows low, medium, high, xhigh, max"):
        all_backends()["anthropic"].open_judge("m", JudgingOptions(effort="minimal"))
    assert isinstance(all_backends()["openai"].open_judge("m", JudgingOptions(effort="minimal")), Model)


def test_the_sdks_are_imported_by_the_first_client_only() -> None:
    """Building a question, reading a reply and opening a judge load neither SDK, nor what they bring."""
    code = (
        "import sys, judge.llm.wires as w; from judge.llm.options import JudgingOptions;"
        "from judge.judges import all_backends;"
        "all_backends()['openai'].open_judge('m', JudgingOptions(base_url='http://h/v1'));"
        "w.find_reader({})({}); heavy = ('openai', 'anthropic', 'tenacity', 'httpx', 'httpx2', 'genai_prices');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
