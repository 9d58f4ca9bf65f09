"""OpenAI's Responses API: what is sent, what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judge.core.judgement import Tokens
from judge.lib.digests import digest
from judge.llm.answer import SCHEMA_NAME, answer_schema
from judge.llm.inquiry import Inquiry
from judge.llm.options import Effort
from judge.llm.providers.client import MOST_BYTES, Client, exchange, open_sdk
from judge.llm.providers.failures import refused
from judge.llm.providers.json_shapes import brief, count, mapping, sequence, text, word
from judge.llm.reply import Failure, Reply, Stop

NAME = "openai-responses"
ENDPOINT = "/v1/responses"
HOME = "https://api.openai.com/v1"

_CUT: Mapping[str, Stop] = {"max_output_tokens": "length", "content_filter": "content-filter"}
_FILTERED = ("bio_policy", "misalignment_policy_violation", "invalid_prompt", "content_policy_violation")


def body(inquiry: Inquiry, *, model: str, max_output_tokens: int, effort: Effort | None) -> dict[str, Any]:
    """Return exactly what is sent; text of a patch stands in the user's role only.

    Prefixes are cached by themselves; `prompt_cache_key` leads the questions of one case to the same cache. An
    explicit breakpoint is refused by models older than gpt-5.6, so none is sent.
    """
    parts = [{"type": "input_text", "text": part} for part in (inquiry.shared, inquiry.own) if part]
    schema = {"type": "json_schema", "name": SCHEMA_NAME, "strict": True, "schema": answer_schema()}
    return {
        "model": model,
        "instructions": inquiry.system,
        "input": [{"role": "user", "content": parts}],
        "text": {"format": schema},
        "max_output_tokens": max_output_tokens,
        "prompt_cache_key": digest([inquiry.system, inquiry.shared])[:32],
        "store": False,
        **({"reasoning": {"effort": effort}} if effort else {}),
    }


def recognises(payload: Mapping[str, Any]) -> bool:
    """Whether a decoded reply of unknown origin has the shape of this protocol's."""
    return payload.get("object") == "response" or "output" in payload


def read(payload: object) -> Reply | Failure:
    """Bring a reply to our form; what is no reply is a failure."""
    reply = mapping(payload)
    status = reply.get("status")
    if not isinstance(status, str) or not isinstance(reply.get("output"), list):
        return refused(None, payload).failure
    error = mapping(reply.get("error"))
    if status == "failed" and not reply.get("usage"):
        failed = refused(None, {"error": error})
        if failed.retry:  # nothing was used, and it may pass: as if the call had failed
            return failed.failure
    texts, refusals = _written(reply["output"])
    stop, detail = _stop(status, error, mapping(reply.get("incomplete_details")), refusals)
    return Reply(
        text="".join(texts),
        stop=stop,
        detail=detail,
        model=word(reply.get("model")),
        request_id=word(reply.get("id")),
        tokens=_tokens(mapping(reply.get("usage"))),
    )


def _written(output: list[Any]) -> tuple[list[str], list[str]]:
    texts, refusals = [], []
    for item in map(mapping, output):
        if item.get("type") != "message" or item.get("phase") == "commentary":
            continue
        for part in map(mapping, sequence(item.get("content"))):
            if part.get("type") == "output_text":
                texts.append(text(part.get("text")))
            elif part.get("type") == "refusal":
                refusals.append(text(part.get("refusal")) or "no words")
    return texts, refusals


def _stop(status: str, error: Mapping[str, Any], cut: Mapping[str, Any], refusals: list[str]) -> tuple[Stop, str]:
    if refusals:  # the status of a refusal is "completed"
        return "refusal", brief(f"{status}: refusal: {' '.join(refusals)}")
    if status == "completed":
        return "end", status
    reason = text(cut.get("reason"))
    if status == "incomplete":
        return _CUT.get(reason, "other"), brief(f"{status}: {reason}")
    if status == "failed":
        code = text(error.get("code"))
        detail = brief(": ".join(part for part in (status, code, text(error.get("message"))) if part))
        return ("content-filter" if code in _FILTERED else "failed"), detail
    return "other", brief(status)


def _tokens(usage: Mapping[str, Any]) -> Tokens:
    details = mapping(usage.get("input_tokens_details"))
    return Tokens(
        input=count(usage.get("input_tokens")),
        cached=count(details.get("cached_tokens")),
        written=count(details.get("cache_write_tokens")),
        output=count(usage.get("output_tokens")),
        reasoning=count(mapping(usage.get("output_tokens_details")).get("reasoning_tokens")),
    )


def open_client(*, key: str, base_url: str | None, timeout_s: float, most_bytes: int | None = MOST_BYTES) -> Client:
    """Open a client; the SDK is imported here."""
    import openai

    return open_sdk(
        openai, "AsyncOpenAI", key=key, base_url=base_url or HOME, timeout_s=timeout_s, most_bytes=most_bytes
    )


async def send(client: Client, body: Mapping[str, Any]) -> bytes:
    """Send one question and return the reply as it came.

    Raises:
        CallFailed: there is no reply.
    """
    create = client.sdk.responses.with_raw_response.create
    return await exchange(client, create, body, ("model", "input"), read)
