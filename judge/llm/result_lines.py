"""Takes the lines of answer files apart: both providers' batch results, and answers that a person or a tool wrote.

    {"custom_id": ..., "response": {"status_code": 200, "body": {...}}, "error": null}      OpenAI
    {"custom_id": ..., "result": {"type": "succeeded", "message": {...}}}                   Anthropic
    {"custom_id": ..., "answer": {...}}   or   {"custom_id": ..., "text": "..."}            by hand

Whether a reply holds an answer is not decided here: a line that "succeeded" may hold one that was cut off. Pure.
"""

from __future__ import annotations

import json
from typing import Any

from judge.core.judgement import Tokens
from judge.llm.providers.discovery import find_reader, read_batch_result
from judge.llm.providers.json_shapes import text, word
from judge.llm.reply import Failure, Reply

NO_RESULT = "the line holds no response, result, answer or text"


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


def read_result_line(line: dict[str, Any]) -> Reply | Failure:
    """Read one decoded line; never raises on a line for which `is_result_line` holds."""
    if "answer" in line or "text" in line:
        return _by_hand(line)
    body = read_batch_result(line)
    if body is None:
        return Failure(reason="not-an-api-response", message=NO_RESULT)
    return body if isinstance(body, Failure) else find_reader(body)(body)


def _by_hand(line: dict[str, Any]) -> Reply:
    """An answer that did not come from a provider: its text, and the name of whoever gave it."""
    answer = line["text"] if isinstance(line.get("text"), str) else json.dumps(line.get("answer"))
    judge = str(line.get("judge") or "by hand")
    return Reply(text=text(answer), stop="end", detail="by hand", model=word(judge), tokens=Tokens())
