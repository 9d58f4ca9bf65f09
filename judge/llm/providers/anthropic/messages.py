"""Anthropic's Messages API: what is sent, what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from judge.core.judgement import Tokens
from judge.llm.answer import answer_schema
from judge.llm.inquiry import Inquiry
from judge.llm.options import Effort
from judge.llm.providers.client import MOST_BYTES, Client, exchange, open_sdk
from judge.llm.providers.failures import refused
from judge.llm.providers.json_shapes import brief, count, mapping, sequence, text, word
from judge.llm.reply import Failure, Reply, Stop

NAME = "anthropic-messages"
ENDPOINT = "/v1/messages"
HOME = "https://api.anthropic.com"

_STOPS: Mapping[str, Stop] = {
    "end_turn": "end",
    "max_tokens": "length",
    "refusal": "refusal",
    "model_context_window_exceeded": "context",
}


def body(inquiry: Inquiry, *, model: str, max_output_tokens: int, effort: Effort | None) -> dict[str, Any]:
    """Return exactly what is sent; text of a patch stands in the user's role only.

    The cache ends after the shared text, and covers the schema and the system text before it. An empty text block
    is an error on this protocol, so none is sent.
    """
    shared = {"type": "text", "text": inquiry.shared, "cache_control": {"type": "ephemeral"}}
    parts = [part for part in (shared, {"type": "text", "text": inquiry.own}) if part["text"]]
    form = {"type": "json_schema", "schema": _schema()}
    return {
        "model": model,
        "system": inquiry.system,
        "messages": [{"role": "user", "content": parts}],
        "output_config": {"format": form, **({"effort": effort} if effort else {})},
        "max_tokens": max_output_tokens,
    }


@cache
def _schema() -> Any:
    """The schema in the form of this protocol, made once."""
    return strict(answer_schema())


def strict(schema: Any) -> Any:
    """Bring a schema to the form that the SDK's `transform_schema` gives it: no type beside an enumeration.

    Our schema has nothing else that the API does not take; the tests hold the two against each other.
    """
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: strict(value) for key, value in schema.items() if not (key == "type" and "enum" in schema)}


def recognises(payload: Mapping[str, Any]) -> bool:
    """Whether a decoded reply of unknown origin has the shape of this protocol's."""
    return payload.get("type") == "message"


def read(payload: object) -> Reply | Failure:
    """Bring a reply to our form; what is no reply is a failure."""
    reply = mapping(payload)
    if reply.get("type") != "message" or not isinstance(reply.get("content"), list):
        return refused(None, payload).failure
    blocks = map(mapping, sequence(reply["content"]))
    reason = text(reply.get("stop_reason"))
    details = mapping(reply.get("stop_details"))
    stop_words = (reason or "no stop_reason", text(details.get("category")), text(details.get("explanation")))
    return Reply(
        text="".join(text(block.get("text")) for block in blocks if block.get("type") == "text"),
        stop=_STOPS.get(reason, "other"),
        detail=brief(": ".join(part for part in stop_words if part)),
        model=word(reply.get("model")),
        request_id=word(reply.get("id")),
        tokens=_tokens(mapping(reply.get("usage"))),
    )


def _tokens(usage: Mapping[str, Any]) -> Tokens:
    """`input_tokens` leaves out what was read from the cache and what was written to it."""
    fresh, kept = count(usage.get("input_tokens")), count(usage.get("cache_read_input_tokens"))
    written = count(usage.get("cache_creation_input_tokens"))
    return Tokens(
        input=None if fresh is None else fresh + (kept or 0) + (written or 0),
        cached=kept,
        written=written,
        output=count(usage.get("output_tokens")),
        reasoning=count(mapping(usage.get("output_tokens_details")).get("thinking_tokens")),
    )


def open_client(*, key: str, base_url: str | None, timeout_s: float, most_bytes: int | None = MOST_BYTES) -> Client:
    """Open a client; the SDK is imported here. It adds `/v1` by itself, so one at the end of `base_url` is dropped."""
    import anthropic

    home = (base_url or HOME).rstrip("/").removesuffix("/v1")
    return open_sdk(anthropic, "AsyncAnthropic", key=key, base_url=home, timeout_s=timeout_s, most_bytes=most_bytes)


async def send(client: Client, body: Mapping[str, Any]) -> bytes:
    """Send one question and return the reply as it came.

    Raises:
        CallFailed: there is no reply.
    """
    create = client.sdk.messages.with_raw_response.create
    return await exchange(client, create, body, ("model", "messages", "max_tokens"), read)
