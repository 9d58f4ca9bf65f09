"""The comments that a patch adds, told apart from strings that look like comments."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from judge.static_checks.change.change import Change, TouchedFile
from judge.static_checks.patch.parse import DiffLine, decode
from judge.static_checks.source.c import c_comments, readable
from judge.static_checks.source.paths import is_prose
from judge.static_checks.source.python import PythonSource

_MARKS = ("#", "//", "/*", "<!--", "--", ";", "%")
_MAX_CHARACTERS = 240
"""A longer line is prose or data; patterns are not tried on it."""


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
        lines = {
            line.new: line
            for line in file.change.added
            if line.new and len(line.text) <= _MAX_CHARACTERS and wanted.search(line.text)
        }
        if not lines or file.after is None or file.language == "json" or is_prose(file.path):
            continue
        for number, text, alone, sure in _comments(file, sorted(lines)):
            if number in lines and wanted.search(text):
                yield Comment(file=file, line=lines[number], text=text, alone=alone, sure=sure)


def _comments(file: TouchedFile, numbers: list[int]) -> Iterator[tuple[int, str, bool, bool]]:
    """Yield number, text, `alone` and `sure` of comment lines; at least those among `numbers`."""
    text = decode(file.after or b"")
    if file.language == "python" and len(text) <= PythonSource.MAX_BYTES:
        yield from _python_comments(text)
    elif file.language in ("c", "cuda") and readable(text):
        for number, words, alone in c_comments(text):
            yield number, words, alone, True
    else:
        lines = text.split("\n")
        for number in numbers:
            line = lines[number - 1].strip() if number <= len(lines) else ""
            if line.startswith(_MARKS):
                yield number, line.lstrip("#/*<!-;%").removesuffix("*/").removesuffix("-->").strip(), True, False


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
