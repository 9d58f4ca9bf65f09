"""One Python file as the rules see it: its syntax tree, definitions and names, each computed once."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from judge.static_checks.patch.parse import decode, split_lines

_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """A function or class: dotted name and 1-based lines, decorators included."""

    name: str
    kind: Literal["function", "class"]
    start: int
    end: int
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, kw_only=True, slots=True)
class SyntaxFault:
    """Why a parser refuses a file: line (1-based, 0 if unknown) and message."""

    line: int
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NotParsed:
    """Why a parser was not asked, or did not live to answer: nothing is known about the file."""

    why: str


class PythonSource:
    """The bytes of one Python file and what the built-in parser makes of them.

    The parser is given at most `MAX_BYTES`.
    """

    MAX_BYTES = 4 << 20

    def __init__(self, content: bytes) -> None:
        """Wrap the file's content; nothing is parsed yet."""
        self.content = content

    @cached_property
    def text(self) -> str:
        """The content as text; undecodable bytes become surrogates."""
        return decode(self.content)

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their line ends; line N is `lines[N - 1]`."""
        return [line.rstrip("\r\n") for line in split_lines(self.text)]

    def line(self, number: int) -> str | None:
        """Return the text of line `number` (1-based), None if the file has no such line."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else None

    @cached_property
    def parsed(self) -> ast.Module | SyntaxFault | NotParsed:
        """The syntax tree, or why there is none."""
        if len(self.content) > self.MAX_BYTES:
            return NotParsed(why=f"larger than {self.MAX_BYTES >> 20} MiB")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # e.g. invalid escape sequences: the file's business
                return ast.parse(self.content)
        except SyntaxError as error:
            return SyntaxFault(line=error.lineno or 0, message=error.msg)
        except (ValueError, RecursionError, MemoryError) as error:
            return SyntaxFault(line=0, message=f"{type(error).__name__}: {error}")

    @property
    def tree(self) -> ast.Module | None:
        """The syntax tree, or None when the built-in parser refuses the file."""
        return self.parsed if isinstance(self.parsed, ast.Module) else None

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """All functions and classes, outermost first; empty when the file does not parse."""
        return tuple(_definitions(self.tree, "")) if self.tree else ()

    @cached_property
    def names(self) -> frozenset[str]:
        """Every identifier-like word of the text, comments and strings included."""
        return frozenset(_NAME.findall(self.text))

    def definition(self, name: str) -> Definition | None:
        """Return the definition with this dotted name (the last one, which is the one in force)."""
        return next((definition for definition in reversed(self.definitions) if definition.name == name), None)

    def enclosing(self, line: int) -> Definition | None:
        """Return the innermost definition that holds a line."""
        holding = [definition for definition in self.definitions if definition.start <= line <= definition.end]
        return min(holding, key=lambda definition: definition.end - definition.start, default=None)

    def touched(self, lines: Iterable[int]) -> tuple[Definition, ...]:
        """Return the innermost definitions that hold any of these lines, in file order."""
        by_start = {d.start: d for line in lines if (d := self.enclosing(line)) is not None}
        return tuple(by_start[start] for start in sorted(by_start))


def _definitions(node: ast.AST, prefix: str) -> Iterator[Definition]:
    # Statements only: a definition cannot stand inside an expression, and expressions are most of a tree.
    for child in _statements(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}{child.name}"
            start = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            yield Definition(
                name=name,
                kind="class" if isinstance(child, ast.ClassDef) else "function",
                start=start,
                end=child.end_lineno or child.lineno,
                node=child,
            )
            yield from _definitions(child, f"{name}.")
        else:
            yield from _definitions(child, prefix)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    for part in ("body", "handlers", "orelse", "finalbody", "cases"):
        children = getattr(node, part, ())
        if isinstance(children, list):
            yield from children
