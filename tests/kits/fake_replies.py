"""What the fake server says: replies of the three protocols, whole or spoilt in one named way. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

PATHS = {
    "/v1/responses": "openai-responses",
    "/v1/chat/completions": "openai-chat",
    "/v1/messages": "anthropic-messages",
}
"""The message endpoints and the protocol that speaks there."""


CACHED_FROM = 1024
"""Tokens from which a prompt cache keeps a prefix."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One question as it arrived.

    Attributes:
        number: how many message requests the server had before this one.
        seen: how often this very question was asked before, in whatever size of reply.
        protocol: name of the protocol.
        body: the decoded body.
        headers: by lower-case name.
    """

    number: int
    seen: int
    protocol: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def model(self) -> str:
        """The model that is asked for."""
        return str(self.body.get("model"))

    @property
    def max_output_tokens(self) -> int:
        """The limit of the reply, under whichever name it was sent."""
        names = ("max_output_tokens", "max_completion_tokens", "max_tokens")
        return next((int(self.body[name]) for name in names if self.body.get(name)), 0)

    @property
    def system(self) -> str:
        """All text in the system's role."""
        parts = [_text(self.body.get("instructions")), _text(self.body.get("system"))]
        parts += [_text(m.get("content")) for m in self._messages if m.get("role") in ("system", "developer")]
        return "".join(parts)

    @property
    def user_parts(self) -> tuple[str, ...]:
        """The blocks of text in the user's role."""
        return tuple(
            _text([block])
            for message in self._messages
            if message.get("role") == "user"
            for block in (message["content"] if isinstance(message["content"], list) else [message["content"]])
        )

    @property
    def user(self) -> str:
        """All text in the user's role."""
        return "".join(self.user_parts)

    @property
    def prefixes(self) -> list[tuple[int, str]]:
        """What a prompt cache can keep, longest last: (tokens, digest) of each beginning of the question.

        As documented: with OpenAI from 1,024 tokens in steps of 128, with Anthropic up to the marked block.
        """
        if self.protocol == "anthropic-messages":
            blocks = [block for message in self._messages for block in sequence(message.get("content"))]
            marked = [at for at, block in enumerate(blocks) if block.get("cache_control")]
            ends = [len(self.system) + len(_text(blocks[: marked[-1] + 1]))] if marked else []
        else:
            ends = list(range(4 * CACHED_FROM, len(self.system + self.user) + 1, 4 * 128))
        whole, seen, start, prefixes = self.system + self.user, hashlib.sha256(self.model.encode()), 0, []
        for end in ends:
            seen.update(whole[start:end].encode("utf-8", "replace"))
            start = end
            prefixes.append((tokens_of(whole[:end]), seen.hexdigest()))
        return [(size, name) for size, name in prefixes if size >= CACHED_FROM]

    @property
    def question(self) -> str:
        """Digest of what the model reads; the same for a second try with a larger limit."""
        return hashlib.sha256("\0".join((self.protocol, self.model, self.system, self.user)).encode()).hexdigest()

    @property
    def _messages(self) -> list[Mapping[str, Any]]:
        messages = self.body.get("input", self.body.get("messages"))
        return [m for m in messages if isinstance(m, Mapping)] if isinstance(messages, list) else []


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One HTTP response, or what is done to the connection instead.

    Attributes:
        status: HTTP status.
        body: the bytes, made to JSON unless bytes already.
        headers: besides the length.
        act: "send" it whole; "hang" without a word; "reset" the connection before a word; "reset-mid-body" after
            half of it; "close" it quietly before a word; "trickle" it, one byte every 20 ms.
        paid: whether it is a reply of a model, as opposed to an error that costs nothing.
    """

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    act: str = "send"
    paid: bool = False

    @property
    def data(self) -> bytes:
        """The body as bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True, kw_only=True)
class ModelOutput:
    """What the model "said", before it is put into a protocol's shape.

    Attributes:
        text: its answer; None is no text at all, "" an empty block of text.
        stop: "end", "length", "refusal", "content-filter", "failed", "context", "pause" or an unknown word.
        reasoning: tokens of hidden reasoning.
        blocks: into how many blocks the text is cut.
    """

    text: str | None
    stop: str = "end"
    reasoning: int = 40
    blocks: int = 1


Answer = Callable[[Request], Mapping[str, Any] | str]
"""Makes the answer to a question: the object of the answer's schema, or any text."""


def cover_all(request: Request) -> dict[str, Any]:
    """Answer that every unit asked about is covered, with a quote from the candidate's change."""
    return make_answer(unit_ids(request.user), quotes=find_quotes(request.user, "candidate"))


def miss_all(request: Request) -> dict[str, Any]:
    """Answer that every unit asked about is missing, with a quote from the human change."""
    quotes = {side: find_quotes(request.user, side) for side in ("human", "candidate")}
    answer = make_answer(unit_ids(request.user), coverage="missing", bottleneck="other", quotes=quotes["human"])
    return {**answer, "bottleneck_quotes": quotes["candidate"]}


def unit_ids(user: str) -> list[str]:
    """Return the ids of the units that a question asks about: `U1 name` or `U1: name` at the start of lines.

    No line of a document begins like this: each has a margin.
    """
    units = re.findall(r"(?m)^(U[1-9]\d*):? ", user)
    return [f"U{number}" for number in range(1, len(units) + 1) if f"U{number}" in units]


def find_quotes(user: str, side: str) -> list[dict[str, str]]:
    """Quote the first line of some length that is changed on a side.

    Reads the frame of the prompt pack (`BEGIN MARK ID candidate change`, `= PATH`, margins) and a plain diff.
    """
    inside, file, removed = side == "candidate", "", []
    for line in user.splitlines():
        if line.startswith("BEGIN "):
            inside, file = line.endswith(f" {side} change"), ""
        elif line.startswith("END "):
            inside = False
        elif line.startswith(("= ", "+++ ")) and (not file or line[0] == "+"):
            file = line.removeprefix("= ").removeprefix("+++ ").removeprefix("b/").strip()
        elif inside and file and line[:1] in ("+", "-") and len(line[1:].strip()) >= 12:
            quote = {"side": side, "file": file, "text": line[1:].strip()}
            if line[0] == "+":
                return [quote]
            removed.append(quote)
    return removed[:1]


def make_answer(
    units: list[str],
    *,
    coverage: str = "covered",
    bottleneck: str = "same",
    quotes: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """Return an answer of the right shape that says the same of every unit."""
    quotes = quotes or []
    return {
        "human_change": "it does less work",
        "candidate_change": "it does less work too",
        "units": [{"unit": unit, "quotes": quotes, "why": "seen", "coverage": coverage} for unit in units],
        "bottleneck_quotes": quotes,
        "bottleneck_why": "the same loop",
        "bottleneck": bottleneck,
        "extra_scope": [],
        "risks": [],
        "hack_signs": [],
        "disputed_facts": [],
    }


# Replies of a model that cannot be used; the name says what is wrong.
_SPOILT: dict[str, Callable[[str], ModelOutput]] = {
    "empty": lambda text: ModelOutput(text=None),
    "empty-item": lambda text: ModelOutput(text=""),
    "reasoning-only": lambda text: ModelOutput(text=None, stop="length", reasoning=16_000),
    "reasoning-only-item": lambda text: ModelOutput(text="", stop="length", reasoning=16_000),
    "truncated": lambda text: ModelOutput(text=text[: len(text) // 2], stop="length"),
    "truncated-end": lambda text: ModelOutput(text=text[: len(text) // 2]),
    "cut-but-whole": lambda text: ModelOutput(text=text, stop="length"),
    "refusal": lambda text: ModelOutput(text="I cannot help with that.", stop="refusal"),
    "content-filter": lambda text: ModelOutput(text=text[: len(text) // 2], stop="content-filter"),
    "context-stop": lambda text: ModelOutput(text=text[: len(text) // 2], stop="context"),
    "failed": lambda text: ModelOutput(text=None, stop="failed"),
    "pause": lambda text: ModelOutput(text=text, stop="pause"),
    "unknown-stop": lambda text: ModelOutput(text=text, stop="sunset"),
    "fenced": lambda text: ModelOutput(text=f"```json\n{text}\n```"),
    "prose": lambda text: ModelOutput(text=f"Here is my answer: {text}"),
    "two-answers": lambda text: ModelOutput(text=f"{text}\n{text}"),
    "wrong-schema": lambda text: ModelOutput(text=json.dumps({"verdict": "pass", "true_success": True})),
    "wrong-enum": lambda text: ModelOutput(text=json.dumps({**json.loads(text), "bottleneck": "identical"})),
    "array": lambda text: ModelOutput(text=f"[{text}]"),
    "missing-unit": lambda text: ModelOutput(text=_with_units(text, lambda units: units[1:])),
    "extra-unit": lambda text: ModelOutput(text=_with_units(text, lambda units: [*units, {**units[0], "unit": "U99"}])),
    "double-unit": lambda text: ModelOutput(text=_with_units(text, lambda units: [*units, units[0]])),
}

# Errors of the server: status, the error's type, its code, message, further headers.
_ERRORS: dict[str, tuple[int, str, str | None, str, dict[str, str]]] = {
    "400": (400, "invalid_request_error", None, "something is wrong with the request", {}),
    "context": (400, "invalid_request_error", "context_length_exceeded", "prompt is too long: 900000 tokens", {}),
    "401": (401, "authentication_error", "invalid_api_key", "the key is not valid", {}),
    "403": (403, "permission_error", None, "no access", {}),
    "404": (404, "not_found_error", None, "no such place", {}),
    "unknown-model": (404, "not_found_error", "model_not_found", "model: no-such-model", {}),
    "408": (408, "timeout_error", None, "too slow", {}),
    "409": (409, "conflict_error", None, "in use", {}),
    "413": (413, "request_too_large", None, "too large", {}),
    "422": (422, "invalid_request_error", None, "cannot be processed", {}),
    "429": (429, "rate_limit_error", "rate_limit_exceeded", "slow down", {}),
    "429-retry-after": (429, "rate_limit_error", "rate_limit_exceeded", "slow down", {"retry-after": "1"}),
    "429-retry-after-ms": (429, "rate_limit_error", "rate_limit_exceeded", "slow down", {"retry-after-ms": "20"}),
    "429-stop": (429, "rate_limit_error", None, "do not come back", {"x-should-retry": "false"}),
    "quota": (429, "insufficient_quota", "insufficient_quota", "you exceeded your current quota", {}),
    "500": (500, "api_error", None, "internal error", {}),
    "503": (503, "api_error", None, "not available", {}),
    "529": (529, "overloaded_error", None, "overloaded", {}),
}

_ODD: dict[str, Callable[[Reply], Reply]] = {
    "hang": lambda good: Reply(act="hang"),
    "reset": lambda good: Reply(act="reset"),
    "close": lambda good: Reply(act="close"),
    "reset-mid-body": lambda good: Reply(body=good.data, act="reset-mid-body", paid=True),
    "html": lambda good: Reply(body=b"<html><body>Welcome</body></html>", headers={"content-type": "text/html"}),
    "cut-json": lambda good: Reply(body=good.data[: len(good.data) // 2], paid=True),
    "empty-body": lambda good: Reply(body=b""),
    "json-string": lambda good: Reply(body="hello"),
    "error-200": lambda good: Reply(body={"error": {"type": "server_error", "message": "sorry"}}),
    "no-choices": lambda good: Reply(body=_without_content(json.loads(good.data)), paid=True),
    "missing-usage": lambda good: Reply(body={**json.loads(good.data), "usage": None}, paid=True),
}

FAULTS: tuple[str, ...] = (*_SPOILT, *_ERRORS, *_ODD)
"""Everything that a script can name besides "ok"."""

GOOD: frozenset[str] = frozenset({"missing-usage"})
"""Those of them whose answer is whole and must be used."""

ABSENT: Mapping[str, frozenset[str]] = {
    "openai-responses": frozenset({"context-stop", "pause"}),
    "openai-chat": frozenset({"context-stop", "pause", "failed"}),
    "anthropic-messages": frozenset({"content-filter", "failed"}),
}
"""What a protocol has no word for."""


def faults_of(protocol: str) -> tuple[str, ...]:
    """Return the faults that can happen on a protocol."""
    return tuple(fault for fault in FAULTS if fault not in ABSENT[protocol])


def reply_to(request: Request, fault: str | None, answer: Answer, *, cached: int = 0) -> Reply:
    """Make the reply to one request.

    Args:
        request: what was asked.
        fault: what goes wrong; None or "ok" is nothing, and an unknown name raises KeyError.
        answer: makes the answer.
        cached: tokens of the input that were in the prompt cache.
    """
    if fault in _ERRORS:
        return _error(request.protocol, fault)
    made = answer(request)
    text = made if isinstance(made, str) else json.dumps(made)
    if fault in _SPOILT:
        return Reply(body=shape(request, _SPOILT[fault](text), cached=cached), paid=True)
    good = Reply(body=shape(request, ModelOutput(text=text), cached=cached), paid=True)
    return good if fault in (None, "ok") else _ODD[fault](good)


def sequence(value: object) -> list[Any]:
    """Return a list as it is, anything else as an empty one."""
    return value if isinstance(value, list) else []


def tokens_of(text: str) -> int:
    """Count tokens as a tokenizer roughly would."""
    return (len(text) + 3) // 4


def shape(request: Request, output: ModelOutput, *, cached: int = 0) -> dict[str, Any]:
    """Put what the model said into the shape of the request's protocol."""
    shapes = {"openai-responses": _responses, "openai-chat": _chat, "anthropic-messages": _messages}
    used = tokens_of(request.system + request.user)
    written = tokens_of(output.text or "") + output.reasoning
    return shapes[request.protocol](request, output, used, min(cached, used), written)


def _responses(request: Request, output: ModelOutput, used: int, cached: int, written: int) -> dict[str, Any]:
    content: list[dict[str, Any]] = [
        {"type": "output_text", "text": part, "annotations": []} for part in _parts(output)
    ]
    if output.stop == "refusal":
        content = [{"type": "refusal", "refusal": output.text}]
    items: list[dict[str, Any]] = [{"type": "reasoning", "id": "rs_1", "summary": []}]
    if content:
        items.append({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content})
    reasons = {"length": "max_output_tokens", "content-filter": "content_filter"}
    known = {"end": "completed", "refusal": "completed", "failed": "failed"}
    status = known.get(output.stop, "incomplete" if output.stop in reasons else output.stop)
    failed = {"code": "server_error", "message": "the model failed"} if output.stop == "failed" else None
    return {
        "id": f"resp_{request.number}",
        "object": "response",
        "created_at": 1,
        "status": status,
        "error": failed,
        "incomplete_details": {"reason": reasons[output.stop]} if output.stop in reasons else None,
        "instructions": None,
        "model": f"{request.model}-2026-01-01",
        "output": items,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": None
        if failed
        else {
            "input_tokens": used,
            "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": output.reasoning},
            "total_tokens": used + written,
        },
    }


def _chat(request: Request, output: ModelOutput, used: int, cached: int, written: int) -> dict[str, Any]:
    refused = output.stop == "refusal"
    stops = {"end": "stop", "refusal": "stop", "content-filter": "content_filter"}
    message = {
        "role": "assistant",
        "content": None if refused else output.text,
        "refusal": output.text if refused else None,
    }
    return {
        "id": f"chatcmpl-{request.number}",
        "object": "chat.completion",
        "created": 1,
        "model": f"{request.model}-2026-01-01",
        "choices": [
            {"index": 0, "message": message, "finish_reason": stops.get(output.stop, output.stop), "logprobs": None}
        ],
        "usage": {
            "prompt_tokens": used,
            "completion_tokens": written,
            "total_tokens": used + written,
            "prompt_tokens_details": {"cached_tokens": cached},
            "completion_tokens_details": {"reasoning_tokens": output.reasoning},
        },
    }


def _messages(request: Request, output: ModelOutput, used: int, cached: int, written: int) -> dict[str, Any]:
    stops = {
        "end": "end_turn",
        "length": "max_tokens",
        "context": "model_context_window_exceeded",
        "pause": "pause_turn",
    }
    content: list[dict[str, Any]] = [{"type": "thinking", "thinking": "", "signature": "x"}]
    content += [{"type": "text", "text": part} for part in _parts(output)]
    details = {"type": "refusal", "category": "frontier_llm", "explanation": "benign work can trigger this"}
    kept = max((size for size, _ in request.prefixes), default=0) if not cached else 0
    return {
        "id": f"msg_{request.number}",
        "type": "message",
        "role": "assistant",
        "model": f"{request.model}-20260101",
        "content": content,
        "stop_reason": stops.get(output.stop, output.stop),
        "stop_sequence": None,
        "stop_details": details if output.stop == "refusal" else None,
        "usage": {
            "input_tokens": used - cached - kept,
            "cache_read_input_tokens": cached,
            "cache_creation_input_tokens": kept,
            "output_tokens": written,
            "output_tokens_details": {"thinking_tokens": output.reasoning},
        },
    }


def _error(protocol: str, fault: str) -> Reply:
    status, kind, code, message, headers = _ERRORS[fault]
    if protocol == "anthropic-messages":
        if fault == "quota":
            details = {"error_code": "enforced_spend_limit_reached"}
            body = {"type": "error", "error": {"type": "rate_limit_error", "message": message, "details": details}}
        else:
            body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
    else:
        body = {"error": {"type": kind, "code": code, "message": message, "param": None}}
    return Reply(status=status, body=body, headers=headers)


def _parts(output: ModelOutput) -> list[str]:
    if output.text is None:
        return []
    size = -(-len(output.text) // output.blocks) or 1
    return [output.text[at : at + size] for at in range(0, len(output.text), size)] or [""]


def _with_units(text: str, change: Callable[[list[Any]], list[Any]]) -> str:
    answer = json.loads(text)
    return json.dumps({**answer, "units": change(answer["units"])})


def _without_content(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, **{name: [] for name in ("output", "choices", "content") if name in body}}


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(str(b.get("text", "")) if isinstance(b, Mapping) else str(b) for b in content)
    return ""
