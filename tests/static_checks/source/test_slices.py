"""Statements cut out of a file are whole, and keep their lines."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from judge.static_checks.source import parser_child
from judge.static_checks.source.parser_process import Parsed, ParserHost
from judge.static_checks.source.python import PythonSource
from judge.static_checks.source.slices import changed_slices


@pytest.fixture(scope="module")
def host() -> Iterator[ParserHost]:
    """One parser for all of the file, which waits long enough for a busy machine."""
    patient = ParserHost(timeout_s=60)
    yield patient
    patient.close()


CLASS = (
    b"class A(\n    B,\n):\n    x = 1; y = (\n2,\n)\n\n    @p\n    def f(self):\n        return '''\nz\n'''\n\n"
    b"    def g(self): pass\n"
)
SLICED = {
    "every line of a class": (CLASS, range(1, 15)),
    "class header": (CLASS, [2]),
    "second statement of a line": (CLASS, [5]),
    "decorator": (CLASS, [8]),
    "string at the margin": (CLASS, [11]),
    "tabs": (b"class A:\n\tdef f(self):\n\t\treturn 1\n", [3]),
    "form feed before a method": (b"class A:\n\x0c    def f(self):\n        pass\n", [3]),
    "carriage return alone": (b'"""a\rb"""\ndef f():\n    return (1,\n      2)\n\ndef g():\n    return 3\n', [3, 6]),
    "nonlocal __class__": (b"class A:\n    def f(self):\n        nonlocal __class__\n", [3]),
    "future import": (b'"""Doc."""\nfrom __future__ import annotations\nx = 1\n', [3]),
    "no line at all": (CLASS, []),
    "a line past the end": (CLASS, [99]),
}


@pytest.mark.parametrize("name", SLICED)
def test_slices_parse_where_the_whole_does(host: ParserHost, name: str) -> None:
    """The statements cut out for libcst are whole: cutting never makes a fault of its own."""
    source, lines = SLICED[name]
    parsed = host.parse(PythonSource(source), lines)
    assert parsed == Parsed(grammar=None, compiled=None, libcst=None)


@pytest.mark.parametrize(("line", "lines"), [(1, [1]), (3, [3]), (5, [5]), (5, [3, 5])])
def test_refusal_of_a_slice_names_the_line_of_the_file(line: int, lines: list[int]) -> None:
    """libcst sees a piece of the file; its refusal is reported with the line of the whole."""
    # No text is known that libcst alone refuses, so the tree is that of a good text with the same lines.
    good = ["x = 1", "class A:", "    def f(self): pass", "", "    def g(self): pass"]
    bad = [*good[: line - 1], good[line - 1] + " 2", *good[line:]]
    parts = changed_slices(ast.parse("\n".join(good)), "\n".join(bad).encode(), lines)
    fault = parser_child.with_libcst([(part.line, part.text, part.nested) for part in parts])
    assert fault is not None and fault["line"] == line
