"""What is sent on each protocol: roles, schema, limits, cache, batch lines."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from fake_llm import FakeLlm
from fake_replies import Request
from protocol_kit import INQUIRY, PROTOCOL_NAMES, body_of, model_at, send_all, set_keys

from judge.llm.answer import answer_schema
from judge.llm.options import JudgingOptions
from judge.llm.providers.discovery import all_protocols
from judge.llm.providers.json_shapes import decode
from judge.llm.providers.model import batch_line
from judge.llm.reply import Reply


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has keys."""
    set_keys(monkeypatch)


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_instructions_and_evidence_keep_to_their_roles(protocol: str) -> None:
    """Text of a patch stands in the user's role only, whole and in order, and nothing else does."""
    request = Request(number=0, seen=0, protocol=protocol, body=json.loads(json.dumps(body_of(protocol))), headers={})
    assert request.system == INQUIRY.system
    assert request.user == INQUIRY.shared + INQUIRY.own
    assert request.max_output_tokens == 30_000
    assert request.model == "m-1"
    roles = [message["role"] for message in request._messages]
    assert roles == (["system", "user"] if protocol == "openai-chat" else ["user"])


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_the_sdk_adds_and_drops_nothing(protocol: str) -> None:
    """What the server gets is the body, key for key: a stored question is the question that was asked."""
    with FakeLlm() as server:
        send_all(protocol, server, ["ok"])
        (call,) = server.calls
    assert json.loads(call.data) == body_of(protocol)


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_same_question_same_bytes(protocol: str) -> None:
    """The body depends on the question and the parameters only."""
    assert json.dumps(body_of(protocol)) == json.dumps(body_of(protocol))
    assert body_of(protocol) != body_of(protocol, inquiry={"own": "another patch"})


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_effort_is_sent_only_if_set(protocol: str) -> None:
    """Without --effort no body speaks of it, since not every model or server takes it; with it each does."""
    assert "effort" not in json.dumps({**body_of(protocol), "text": 0, "response_format": 0})
    assert '"high"' in json.dumps(body_of(protocol, effort="high"))


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
    return [entry for part in parts for entry in objects_of(part)] + ([schema] if isinstance(schema, dict) else [])


def test_schema_is_strict_as_openai_asks() -> None:
    """Every object names all its keys as required and allows no other; a reference stands alone."""
    body = body_of("openai-responses")["text"]["format"]
    chat = body_of("openai-chat")["response_format"]["json_schema"]
    assert body["schema"] == chat["schema"] == answer_schema()
    assert body["strict"] is True and chat["strict"] is True
    kinds = [entry for entry in objects_of(body["schema"]) if entry.get("type") == "object"]
    assert len(kinds) > 4
    for kind in kinds:
        assert kind["additionalProperties"] is False
        assert sorted(kind["required"]) == sorted(kind["properties"])
    assert all(len(entry) == 1 for entry in objects_of(body["schema"]) if "$ref" in entry)


def test_schema_is_what_anthropics_sdk_makes_of_it() -> None:
    """Our strict form is the SDK's own, which its API takes."""
    from anthropic import transform_schema

    sent = body_of("anthropic-messages")["output_config"]["format"]["schema"]
    theirs = transform_schema(answer_schema())
    if not any("enum" in entry for entry in objects_of(theirs)):
        pytest.skip("this old SDK writes enumerations into the descriptions")
    for entry in objects_of(theirs):
        if "enum" in entry:
            entry.pop("type", None)  # SDKs before 2 leave it there; the API takes both
    assert sent == theirs


def test_prompt_cache_is_one_for_each_case() -> None:
    """OpenAI's cache key names the case, not the candidate; Anthropic's breakpoint stands after the shared text."""
    key = body_of("openai-responses")["prompt_cache_key"]
    assert body_of("openai-responses", inquiry={"own": "another patch"})["prompt_cache_key"] == key
    assert body_of("openai-responses", inquiry={"shared": "another case"})["prompt_cache_key"] != key
    first, second = body_of("anthropic-messages")["messages"][0]["content"]
    assert (first["text"], "cache_control" in first) == (INQUIRY.shared, True)
    assert (second["text"], "cache_control" in second) == (INQUIRY.own, False)


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_second_candidate_of_a_case_reads_the_cache(protocol: str) -> None:
    """The shared prefix is cached after the first question of a case, on every protocol."""

    async def run(server: FakeLlm) -> list[Any]:
        client = model_at(protocol, server.v1).open_client(timeout_s=20)
        tokens = []
        for own in ("one patch", "another patch"):
            data = await all_protocols()[protocol].send(client, body_of(protocol, inquiry={"own": own}))
            tokens.append(read_reply(protocol, data).tokens)
        await client.close()
        return tokens

    with FakeLlm() as server:
        first, second = asyncio.run(run(server))
    assert first.cached == 0 and second.cached >= 1024
    assert abs(first.input - second.input) < 10, "cached tokens are part of the input on every protocol"


def read_reply(protocol: str, data: bytes) -> Reply:
    reply = all_protocols()[protocol].read(decode(data))
    assert isinstance(reply, Reply)
    return reply


def test_batch_lines_hold_the_very_bodies() -> None:
    """A line of a batch or prompts file is the live body in the provider's envelope, named by the question."""
    options = JudgingOptions(max_output_tokens=30_000)
    name = INQUIRY.custom_id(2)
    for protocol in ("openai-responses", "openai-chat"):
        line = batch_line(model_at(protocol, None), INQUIRY, 2, options)
        url = "/v1/responses" if protocol == "openai-responses" else "/v1/chat/completions"
        assert line == {"custom_id": name, "method": "POST", "url": url, "body": body_of(protocol)}
    line = batch_line(model_at("anthropic-messages", None), INQUIRY, 2, options)
    assert line == {"custom_id": name, "params": body_of("anthropic-messages")}
    assert len(name) == 64 and name.isalnum(), "Anthropic takes at most 64 letters, digits, - and _"
