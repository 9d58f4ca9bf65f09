"""A candidate's files without the words of its author: comments and docstrings removed, new strings replaced.

Line numbers stay. Code is only shown so, never run; whether it would still compile does not matter.
"""

from __future__ import annotations

import io
import re
import token
import tokenize
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from judge.llm.questions.injection import line_signs, name_signs
from judge.static_checks.change.change import TouchedFile
from judge.static_checks.patch.parse import DiffLine, decode
from judge.static_checks.source.c import c_pieces, readable
from judge.static_checks.source.paths import is_source
from judge.static_checks.source.python import PythonSource

WITHHELD = "<line withheld>"

_ROUNDS = 8
"""Taking a line away may bring others together; a text that still speaks after so many rounds is not shown."""

_LOOKS_COMMENT = re.compile(
    r"(?:(?<=\s)|^)(?:#(?!\s*(?:include|if|ifdef|ifndef|define|else|endif|pragma)\b)|//|--\s|;).*"
)
_LOOKS_STRING = re.compile(r"\"(?:\\.|[^\"\\\n])*(?:\"|\\?$)|'(?:\\.|[^'\\\n])*(?:'|\\?$)")
_LAYOUT = frozenset({token.NEWLINE, token.INDENT, token.DEDENT})
# Python 3.12 reads f-strings, and 3.14 t-strings, in pieces; before, they were single tokens.
_OPENS = frozenset(getattr(token, name) for name in ("FSTRING_START", "TSTRING_START") if hasattr(token, name))
_CLOSES = frozenset(getattr(token, name) for name in ("FSTRING_END", "TSTRING_END") if hasattr(token, name))
_INCLUDE = re.compile(r"[ \t]*#[ \t]*include[ \t]*$")


@dataclass(frozen=True, kw_only=True)
class Neutral:
    """What to show of one file.

    Attributes:
        path: its path, or an alias where the path addresses the judge.
        note: what a reader should know about how it was made; empty where there is nothing to add.
        before: its lines before the patch.
        after: its lines after the patch.
        withheld: 1-based numbers of added lines that are not shown at all.
    """

    path: str
    note: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    withheld: frozenset[int] = frozenset()

    def line(self, line: DiffLine) -> str:
        """Return what to show of a line of the patch."""
        number, lines = (line.old, self.before) if line.kind == "-" else (line.new, self.after)
        if line.kind == "+" and number in self.withheld:
            return WITHHELD
        return lines[number - 1] if number and number <= len(lines) else WITHHELD


@dataclass(frozen=True, kw_only=True, slots=True)
class _Edit:
    """A piece of text that is replaced."""

    start: int
    end: int
    by: str


class _Strings:
    """Names the strings that the base does not have, the same string always by the same name."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def name(self, literal: str) -> str:
        return self._names.setdefault(literal, f'"S{len(self._names) + 1}"')


def neutralise(files: Sequence[TouchedFile]) -> dict[str, Neutral]:
    """Return what to show of a candidate's files, by path."""
    strings = _Strings()
    return {file.path: _neutral(file, number, strings) for number, file in enumerate(files, 1)}


def _neutral(file: TouchedFile, number: int, strings: _Strings) -> Neutral:
    known = decode(file.before or b"")
    path, note = file.path, ""
    if name_signs(file):
        path, note = f"file_{number}{PurePosixPath(path).suffix[:8]}", "its name is replaced"
    if not is_source(file.path):
        note = "; ".join(filter(None, [note, "prose, withheld"]))
        return Neutral(path=path, note=note, before=(), after=())
    before, sure_before = _rewritten(file, known, known, strings)
    after, sure_after = _rewritten(file, decode(file.after or b""), known, strings)
    if not (sure_before and sure_after):
        note = "; ".join(filter(None, [note, "comments and strings were recognised by their looks only"]))
    made = Neutral(path=path, note=note, before=tuple(before.split("\n")), after=tuple(after.split("\n")))
    return replace(made, withheld=_withheld(file, made))


def _withheld(file: TouchedFile, made: Neutral) -> frozenset[int]:
    """The added lines that address a judge even now, by a name or a key."""
    gone: set[int] = set()
    for _ in range(_ROUNDS):
        left = [replace(line, text=made.line(line)) for line in file.change.added if line.new not in gone]
        addressing = {line.new for line, _ in line_signs(left) if line.new}
        if not addressing:
            return frozenset(gone)
        gone |= addressing
    return file.added_lines


def _rewritten(file: TouchedFile, text: str, known: str, strings: _Strings) -> tuple[str, bool]:
    """Rewrite one version of a file; also say whether its language was really read."""
    edits: Callable[[str, str, _Strings], Iterator[_Edit]] | None = None
    if file.language == "python" and len(text) <= PythonSource.MAX_BYTES:
        edits = _python_edits
    elif file.language in ("c", "cuda") and readable(text):
        edits = _c_edits
    if edits is not None:
        try:
            return _edited(text, edits(text, known, strings)), True
        except (tokenize.TokenError, SyntaxError, ValueError):
            pass  # text that cannot be read as its language is treated by its looks
    return _edited(text, _edits_by_looks(text, known, strings)), not text


def _edited(text: str, edits: Iterable[_Edit]) -> str:
    """Apply edits; a piece that ran over several lines leaves as many line ends."""
    parts, at = [], 0
    for edit in edits:
        parts += [text[at : edit.start], edit.by, "\n" * text.count("\n", edit.start, edit.end)]
        at = edit.end
    return "".join([*parts, text[at:]])


def _python_edits(text: str, known: str, strings: _Strings) -> Iterator[_Edit]:
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    depth, opened, fresh = 0, 0, True
    for number, piece in enumerate(tokens):
        start = starts[piece.start[0] - 1] + piece.start[1]
        end = starts[piece.end[0] - 1] + piece.end[1]
        if piece.type in _OPENS:
            opened = start if depth == 0 else opened
            depth += 1
        elif piece.type in _CLOSES:
            depth -= 1
            if depth == 0:
                yield _string(text[opened:end], opened, end, known, strings)
        elif depth == 0 and piece.type == tokenize.COMMENT:
            yield _Edit(start=start, end=end, by="")
        elif depth == 0 and piece.type == token.STRING:
            alone = fresh and tokens[number + 1].type in (token.NEWLINE, tokenize.COMMENT)
            yield _Edit(start=start, end=end, by='""') if alone else _string(piece.string, start, end, known, strings)
        if piece.type not in (tokenize.NL, tokenize.COMMENT):
            fresh = piece.type in _LAYOUT


def _c_edits(text: str, known: str, strings: _Strings) -> Iterator[_Edit]:
    for kind, start, end in c_pieces(text):
        if kind == "comment":
            yield _Edit(start=start, end=end, by=" ")
        elif kind in ("string", "raw") or (kind == "char" and end - start > 6):
            line = text[text.rfind("\n", 0, start) + 1 : start]
            if not _INCLUDE.match(line):
                yield _string(text[start:end], start, end, known, strings)


def _edits_by_looks(text: str, known: str, strings: _Strings) -> Iterator[_Edit]:
    at = 0
    for line in text.split("\n"):
        comment = _LOOKS_COMMENT.search(line)
        code = line[: comment.start()] if comment else line
        for match in _LOOKS_STRING.finditer(code):
            yield _string(match[0], at + match.start(), at + match.end(), known, strings)
        if comment:
            yield _Edit(start=at + comment.start(), end=at + len(line), by="")
        at += len(line) + 1


def _string(literal: str, start: int, end: int, known: str, strings: _Strings) -> _Edit:
    """A string that the base has as well is not the candidate's word and stays."""
    if literal in known:
        return _Edit(start=end, end=end, by="")
    return _Edit(start=start, end=end, by=strings.name(literal))
