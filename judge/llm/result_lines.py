"""Takes the lines of answer files apart: both providers' batch results, and answers that a person or a tool wrote.

    {"custom_id": ..., "response": {"status_code": 200, "body": {...}}, "error": null}      OpenAI
    {"custom_id": ..., "result": {"type": "succeeded", "message": {...}}}                   Anthropic
    {"custom_id": ..., "answer": {...}}   or   {"custom_id": ..., "text": "..."}            by hand

Whether a reply holds an answer is not decided here: a line that "succeeded" may hold one that was cut off. Pure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from judge.llm.providers.model import refused
from judge.llm.reply import Failure, FailureReason

MAX_MESSAGE = 300


@dataclass(frozen=True, kw_only=True)
class ResultLine:
    """One line: for which question, and what came back.

    Attributes:
        custom_id: name of the question.
        body: the provider's reply as its own interface would have sent it; for an answer by hand,
            `{"text": ..., "judge": ...}`.
        failure: why there is no reply.
    """

    custom_id: str
    body: dict[str, Any] | None = None
    failure: Failure | None = None


_NOT_DONE: dict[str, FailureReason] = {"batch_expired": "expired", "batch_cancelled": "canceled"}


def is_result_line(line: object) -> bool:
    """Whether a decoded line is one of these."""
    return isinstance(line, dict) and isinstance(line.get("custom_id"), str)


def question_of(custom_id: str) -> str:
    """Return what a line's name says of its question: our own batches put twelve digits and a dash before it."""
    named = custom_id[_MARK:] if custom_id[_MARK - 1 : _MARK] == "-" else custom_id
    return named[:_DIGITS]


_MARK = 13
_DIGITS = 51
"""As many digits of a question's name as fit into a line's name behind the batch's own."""


def read_result_line(line: dict[str, Any]) -> ResultLine:
    """Take one decoded line apart; never raises on a line for which `is_result_line` holds."""
    name: str = line["custom_id"]
    if "answer" in line or "text" in line:
        text = line["text"] if isinstance(line.get("text"), str) else json.dumps(line.get("answer"))
        return ResultLine(custom_id=name, body={"text": text, "judge": str(line.get("judge") or "by hand")})
    response, result = line.get("response"), line.get("result")
    if isinstance(response, dict):
        return _openai(name, response)
    if isinstance(result, dict):
        return _anthropic(name, result)
    if error := line.get("error"):
        code = error.get("code") if isinstance(error, dict) else None
        return _failed(name, _NOT_DONE.get(str(code), "failed"), _said(error))
    return _failed(name, "not-an-api-response", "the line holds no response, result, answer or text")


def _openai(name: str, response: dict[str, Any]) -> ResultLine:
    body, status = response.get("body"), response.get("status_code")
    if status == 200 and isinstance(body, dict):
        return ResultLine(custom_id=name, body=body)
    return _refused(name, status if isinstance(status, int) else None, body)


def _anthropic(name: str, result: dict[str, Any]) -> ResultLine:
    match result.get("type"):
        case "succeeded" if isinstance(result.get("message"), dict):
            return ResultLine(custom_id=name, body=result["message"])
        case "expired":
            return _failed(name, "expired", "the batch ended before the request was taken up")
        case "canceled":
            return _failed(name, "canceled", "the batch was cancelled before the request was taken up")
        case "errored":
            return _refused(name, None, result.get("error"))
    return _failed(name, "not-an-api-response", f"a result of an unknown type {result.get('type')!r}")


def _refused(name: str, status: int | None, body: object) -> ResultLine:
    failed = refused(status, body)
    return _failed(name, failed.reason, failed.message)


def _failed(name: str, reason: FailureReason, message: str) -> ResultLine:
    return ResultLine(custom_id=name, failure=Failure(reason=reason, message=message))


def _said(error: object) -> str:
    inner = error.get("error", error) if isinstance(error, dict) else error
    message = inner.get("message") if isinstance(inner, dict) else None
    text = message if isinstance(message, str) else json.dumps(inner, default=str)
    return text if len(text) <= MAX_MESSAGE else f"{text[:MAX_MESSAGE]} ..."
