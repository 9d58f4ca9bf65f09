"""The comments that a patch adds, told apart from strings that look like comments."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from judge.static_checks.c_source import c_comments
from judge.static_checks.change import Change, TouchedFile
from judge.static_checks.patch import DiffLine, decode
from judge.static_checks.paths import is_prose

_MARKED = re.compile(r"\s*(?:#+|//+|/\*+|<!--|--|;+|%+)\s*(.*?)\s*(?:\*/|-->)?\s*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """One line of a comment that the patch adds.

    Attributes:
        text: the comment without its markers.
        alone: there is no code on its line.
        sure: it is a comment; False where that is only likely, in a language that is not read here.
    """

    file: TouchedFile
    line: DiffLine
    text: str
    alone: bool
    sure: bool


def added_comments(change: Change, wanted: re.Pattern[str]) -> Iterator[Comment]:
    """Yield the added comments on lines in which `wanted` is found; a file without such a line costs nothing."""
    for file in change.files:
        lines = {line.new: line for line in file.change.added if line.new and wanted.search(line.text)}
        if not lines or file.after is None or file.language == "json" or is_prose(file.path):
            continue
        for number, text, alone, sure in _comments(file, sorted(lines)):
            if number in lines and wanted.search(text):
                yield Comment(file=file, line=lines[number], text=text, alone=alone, sure=sure)


def _comments(file: TouchedFile, numbers: list[int]) -> Iterator[tuple[int, str, bool, bool]]:
    if file.source_after is not None:
        yield from _python_comments(file.source_after.text)
    elif file.language in ("c", "cuda"):
        for number, text, alone in c_comments(decode(file.after or b"")):
            yield number, text, alone, True
    else:
        lines = decode(file.after or b"").split("\n")
        for number in numbers:
            found = _MARKED.fullmatch(lines[number - 1]) if number <= len(lines) else None
            if found:
                yield number, found[1], True, False


def _python_comments(text: str) -> Iterator[tuple[int, str, bool, bool]]:
    last = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            last = token.end[0]
            if token.type == tokenize.COMMENT:
                yield last, token.string.lstrip("#").strip(), not token.line[: token.start[1]].strip(), True
    except (tokenize.TokenError, SyntaxError):
        # Past the point where the text cannot be read, a line may also belong to a string.
        for number, line in enumerate(text.split("\n")[last:], last + 1):
            if line.lstrip().startswith("#"):
                yield number, line.strip().lstrip("#").strip(), True, False
