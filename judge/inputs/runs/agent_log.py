"""What an agent's own log says at its end: steps, tokens, success. Only the end is read, however long the log."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TAIL_BYTES = 64 * 1024
"""A closing summary takes a few kilobytes; a log may have gigabytes."""

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NUMBER = r"([\d,]*\d)"
_STEPS = re.compile(rf"^\W*Steps\W+{_NUMBER}\W*$", re.MULTILINE)
_SUCCESS = re.compile(r"^\W*Success\W+(Yes|No|True|False)\W*$", re.MULTILINE | re.IGNORECASE)
_INPUT = (
    re.compile(rf"^\W*Input Tokens\W+{_NUMBER}\W*$", re.MULTILINE),
    re.compile(rf"Input:\s*{_NUMBER}\s+Output:"),
    re.compile(rf'"(?:input_tokens|prompt_tokens)":\s*{_NUMBER}'),
)
_OUTPUT = (
    re.compile(rf"^\W*Output Tokens\W+{_NUMBER}\W*$", re.MULTILINE),
    re.compile(rf"Input:\s*[\d,]+\s+Output:\s*{_NUMBER}"),
    re.compile(rf'"(?:output_tokens|completion_tokens)":\s*{_NUMBER}'),
)
_ERROR = re.compile(r"^\W*Error\s*[│|]\s*(.*?)\s*[│|]?\s*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class LogEnd:
    """What the end of a log says; None where it does not.

    Attributes:
        tokens_input: of the whole run: such counts grow from step to step, so the last one stands for all.
        error: the last error reported in a step.
    """

    steps: int | None = None
    success: bool | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None
    error: str | None = None

    @property
    def has_tokens(self) -> bool:
        """Whether it says how many tokens were used."""
        return self.tokens_input is not None and self.tokens_output is not None


def read_end(logs: Sequence[Path]) -> LogEnd:
    """Return what the ends of a run's logs say together; the first log that says a thing counts.

    What cannot be read says nothing: the audit names unreadable files by themselves.
    """
    ends = [_parse(_tail(log)) for log in logs]
    return LogEnd(
        steps=next((end.steps for end in ends if end.steps is not None), None),
        success=next((end.success for end in ends if end.success is not None), None),
        tokens_input=next((end.tokens_input for end in ends if end.has_tokens), None),
        tokens_output=next((end.tokens_output for end in ends if end.has_tokens), None),
        error=next((end.error for end in ends if end.error is not None), None),
    )


def _tail(log: Path) -> str:
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            return _ANSI.sub("", file.read(TAIL_BYTES).decode("utf-8", "replace"))
    except OSError:
        return ""


def _parse(text: str) -> LogEnd:
    success = _SUCCESS.findall(text)
    errors = _ERROR.findall(text)
    return LogEnd(
        steps=_last(_STEPS, text),
        success=success[-1].lower() in ("yes", "true") if success else None,
        tokens_input=next((count for pattern in _INPUT if (count := _last(pattern, text)) is not None), None),
        tokens_output=next((count for pattern in _OUTPUT if (count := _last(pattern, text)) is not None), None),
        error=errors[-1] if errors else None,
    )


def _last(pattern: re.Pattern[str], text: str) -> int | None:
    numbers = pattern.findall(text)
    return int(numbers[-1].replace(",", "")) if numbers else None
