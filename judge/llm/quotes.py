"""Looks quotes up in what was sent: verbatim but for white space and the margins that we put there. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from judge.core.judgement import Side
from judge.llm.answer import Quote
from judge.llm.questions.framing import shown

MIN_CHARACTERS = 8
"""A shorter quote could stand anywhere and shows nothing."""

_NUMBER = re.compile(r"^\s*\d+\|", re.MULTILINE)
_WORD = re.compile(r"\w", re.ASCII)
_MIN_WORD_CHARACTERS = 4


class Library:
    """The documents of one question, prepared for looking up quotes."""

    def __init__(self, documents: Mapping[tuple[Side, str], tuple[str, ...]]) -> None:
        """Serve `documents`: the texts that were sent, by side and path."""
        self._documents = documents
        self._prepared: dict[tuple[Side, str], tuple[str, ...]] = {}

    def holds(self, quote: Quote) -> bool:
        """Whether a quote stands in a document of its side and file, and is long enough to mean anything.

        The base is quoted from the base code or from the lines of either change that are not added.
        """
        wanted = [text for text in _readings(quote) if _says_something(text)]
        path = self._path(quote)
        return any(text in document for document in self._texts(quote.side, path) for text in wanted) if path else False

    def _path(self, quote: Quote) -> str | None:
        named = shown(quote.file.strip()).strip("`'\"")
        for path in (named, named.removeprefix("a/").removeprefix("b/"), named.removeprefix("./")):
            if any(known == path for _, known in self._documents):
                return path
        return None

    def _texts(self, side: Side, path: str) -> tuple[str, ...]:
        if (side, path) not in self._prepared:
            self._prepared[side, path] = tuple(self._prepare(side, path))
        return self._prepared[side, path]

    def _prepare(self, side: Side, path: str) -> Iterable[str]:
        if side != "base":
            for body in self._documents.get((side, path), ()):
                yield from _versions(_diff_lines(body))
            return
        for body in self._documents.get(("base", path), ()):
            yield _squeezed(_NUMBER.sub("", "\n".join(line for line in body.split("\n") if not line.startswith("= "))))
        for change in ("candidate", "human"):
            for body in self._documents.get((change, path), ()):
                yield _squeezed("\n".join(line[1:] for line in _diff_lines(body) if not line.startswith("+")))


def _diff_lines(body: str) -> list[str]:
    """The lines of a change that are content."""
    return [line for line in body.split("\n") if line[:1] in ("+", "-", " ")]


def _versions(lines: list[str]) -> Iterable[str]:
    """A change as it was sent, without margins, after the change, and before it."""
    yield _squeezed("\n".join(lines))
    yield _squeezed("\n".join(line[1:] for line in lines))
    yield _squeezed("\n".join(line[1:] for line in lines if line[0] != "-"))
    yield _squeezed("\n".join(line[1:] for line in lines if line[0] != "+"))


def _readings(quote: Quote) -> set[str]:
    """A quote as it stands, without line numbers, and without the margins of a change if every line has one."""
    text = shown(quote.text)
    lines = text.strip("\n").split("\n")
    readings = {_squeezed(text), _squeezed(_NUMBER.sub("", text))}
    if all(line[:1] in ("+", "-", " ", "") for line in lines):
        readings.add(_squeezed("\n".join(line[1:] for line in lines)))
    return readings


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _says_something(text: str) -> bool:
    return len(text) >= MIN_CHARACTERS and len(_WORD.findall(text)) >= _MIN_WORD_CHARACTERS
