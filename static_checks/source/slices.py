"""Cuts the changed statements out of a Python file, each as text that parses on its own."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """A piece of a file: its first line (1-based), its text, and whether it stood inside a class."""

    line: int
    text: str
    nested: bool


def whole(content: bytes) -> Slice:
    """Return all of a file as one piece."""
    return Slice(line=1, text=tokenizer_text(content), nested=False)


def changed_slices(tree: ast.Module, content: bytes, lines: Iterable[int]) -> tuple[Slice, ...]:
    """Return the smallest definitions or statements that hold the changed lines.

    Also everything up to the last `__future__` import, if there is one: its place matters.

    Args:
        tree: the file's syntax tree.
        content: the file's bytes.
        lines: 1-based numbers of the changed lines.
    """
    wanted = sorted(set(lines))
    text: list[str] = tokenizer_text(content).split("\n") if wanted else []
    slices: dict[int, Slice] = {}
    pending: list[tuple[ast.stmt, bool]] = [(node, False) for node in tree.body]
    futures = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
    if futures and wanted:
        slices[0] = Slice(line=1, text=_joined(text, 1, futures[-1].end_lineno), nested=False)
    while pending:
        node, nested = pending.pop()
        start = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
        inside = [line for line in wanted if start <= line <= (node.end_lineno or node.lineno)]
        if not inside:
            continue
        if isinstance(node, ast.ClassDef) and inside[0] >= node.body[0].lineno > node.lineno:
            pending += [(child, True) for child in node.body]
        else:
            slices[start] = Slice(line=start, text=_joined(text, start, node.end_lineno), nested=nested)
    return tuple(slices[start] for start in sorted(slices))


def _joined(lines: list[str], first: int, last: int | None) -> str:
    # A form feed before the indentation is no part of it.
    return "\n".join(lines[first - 1 : last]).lstrip("\f") + "\n"


def tokenizer_text(content: bytes) -> str:
    """Decode as the tokenizer does: by the coding cookie, UTF-8 without one, every line end as a newline."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        text = content.decode("utf-8", "replace")
    # The built-in parser counts a carriage return alone as a line end too.
    return text.replace("\r\n", "\n").replace("\r", "\n")
