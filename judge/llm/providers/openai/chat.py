"""OpenAI's Chat Completions as vLLM, llama.cpp's server, Ollama and others speak it: the portable protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judge.core.judgement import Tokens
from judge.llm.answer import SCHEMA_NAME, answer_schema
from judge.llm.inquiry import Inquiry
from judge.llm.options import Effort
from judge.llm.providers.client import Client, exchange
from judge.llm.providers.failures import refused
from judge.llm.providers.json_shapes import brief, count, mapping, sequence, text, word
from judge.llm.providers.openai.responses import open_client
from judge.llm.reply import Failure, Reply, Stop

__all__ = ["ENDPOINT", "NAME", "body", "open_client", "read", "recognises", "send"]

NAME = "openai-chat"
ENDPOINT = "/v1/chat/completions"

_STOPS: Mapping[str, Stop] = {
    "stop": "end",
    "length": "length",
    "content_filter": "content-filter",
    "error": "failed",
}


def body(inquiry: Inquiry, *, model: str, max_output_tokens: int, effort: Effort | None) -> dict[str, Any]:
    """Return exactly what is sent; text of a patch stands in the user's role only.

    The limit goes by its old name `max_tokens`: vLLM and llama.cpp read both, Ollama and LM Studio ignore
    `max_completion_tokens`, and a limit that is ignored is none. (OpenAI's own models refuse the old name; they are
    asked on the Responses protocol.) The user's text is one string, since some servers take no parts and others put
    line ends between them; these servers cache prefixes of tokens, whatever the parts.
    """
    schema = {"name": SCHEMA_NAME, "strict": True, "schema": answer_schema()}
    return {
        "model": model,
        "messages": [
            {"role": "system", "content": inquiry.system},
            {"role": "user", "content": inquiry.shared + inquiry.own},
        ],
        "response_format": {"type": "json_schema", "json_schema": schema},
        "max_tokens": max_output_tokens,
        **({"reasoning_effort": effort} if effort else {}),
    }


def recognises(payload: Mapping[str, Any]) -> bool:
    """Whether a decoded reply of unknown origin has the shape of this protocol's."""
    return payload.get("object") == "chat.completion" or "choices" in payload


def read(payload: object) -> Reply | Failure:
    """Bring a reply to our form; what is no reply is a failure."""
    reply = mapping(payload)
    choices = reply.get("choices")
    if not isinstance(choices, list):
        return refused(None, payload).failure
    choice = mapping(choices[0]) if choices else {}
    message = mapping(choice.get("message"))
    refusal = text(message.get("refusal"))
    word_of_end = text(choice.get("finish_reason"))
    stop: Stop
    if refusal:  # the finish_reason of a refusal is "stop"
        stop, detail = "refusal", f"{word_of_end}: refusal: {refusal}"
    elif not choices:
        stop, detail = "failed", "no choices"
    else:
        stop, detail = _STOPS.get(word_of_end, "other"), word_of_end or "no finish_reason"
    return Reply(
        text=_content(message.get("content")),
        stop=stop,
        detail=brief(detail),
        model=word(reply.get("model")),
        request_id=word(reply.get("id")),
        tokens=_tokens(mapping(reply.get("usage"))),
    )


def _content(content: object) -> str:
    if isinstance(content, list):
        return "".join(text(part.get("text")) for part in map(mapping, sequence(content)) if part.get("type") == "text")
    return text(content)


def _tokens(usage: Mapping[str, Any]) -> Tokens:
    details = mapping(usage.get("prompt_tokens_details"))
    return Tokens(
        input=count(usage.get("prompt_tokens")),
        cached=count(details.get("cached_tokens")),
        written=count(details.get("cache_write_tokens")),
        output=count(usage.get("completion_tokens")),
        reasoning=count(mapping(usage.get("completion_tokens_details")).get("reasoning_tokens")),
    )


async def send(client: Client, body: Mapping[str, Any]) -> bytes:
    """Send one question and return the reply as it came.

    Raises:
        CallFailed: there is no reply.
    """
    create = client.sdk.chat.completions.with_raw_response.create
    return await exchange(client, create, body, ("model", "messages"), read)
