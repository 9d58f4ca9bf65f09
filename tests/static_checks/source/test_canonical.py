"""The canonical form of code: programs of one form do one thing."""

from __future__ import annotations

import ast
import itertools
from collections import defaultdict

import pytest

from judge.static_checks.source.canonical import canonical_statement

# Each hole takes any of these names; all three are globals of the program as well.
NAMES = ("x", "y", "z")
SHAPES = [
    "def f({0}=7):\n {1} = 1\n return {2}, {3}",
    "def f():\n {0} = 1\n {1} = {2}\n return {3}",
    "def f():\n {0} = 1\n return [{1} for {2} in (4, 5)], {3}",
    "def f():\n {0} = 1\n return [({1}, {2}) for {1} in [{3}]]",
    "def f():\n {0} = [1]\n return [{1} for {2} in {0} for {3} in [{2}, 9]]",
    "def f():\n {0} = 1\n def g():\n  {1} = 2\n  return {2}\n return g(), {3}",
    "def f():\n {0} = 1\n def g({1}):\n  return {2}\n return g(5), {3}",
    "def f():\n {0} = 1\n def g():\n  nonlocal {0}\n  {0} = 3\n  return {1}\n return g(), {2}, {3}",
    "def f():\n {0} = 1\n def g():\n  global {1}\n  {1} = 3\n  return {2}\n return g(), {3}",
    "def f():\n {0} = 1\n g = lambda {1}={2}: {3}\n return g()",
    "def f():\n {0} = 1\n class A:\n  {1} = {2}\n return A.__dict__.get('x'), {3}",
    "def f():\n {0} = 1\n return [({1} := i) for i in [8]], {2}, {3}",
    "def f():\n try:\n  raise ValueError\n except ValueError as {0}:\n  {1} = 5\n return {2}, {3}",
    "def f():\n import math as {0}\n {1} = 5\n return {2} is {3}",
    "def f():\n {0} = 1\n del {1}\n return {2}, {3}",
    "def f():\n {0} = 1\n {1} = 2\n def g():\n  nonlocal x\n  {2} = 3\n g()\n return {3}, {0}",
    "def f():\n {0} = 1\n def g():\n  global x\n  {1} = 3\n  return {2}\n return g(), {3}",
    "def f():\n {0} = [1]\n return [{1} for {2} in {3}]",
    "def f():\n {0} = 5\n def {1}(): return 6\n return repr({2})[:5], repr({3})[:5]",
    "def f():\n {0} = 5\n import math as {1}\n return repr({2})[:5], repr({3})[:5]",
    "def f():\n for {0} in (1, 2):\n  {1} = {2}\n return {3}",
    "def f():\n {0} = 1\n return f'{{{1}=}} {{{2}}}', dict({3}=1)",
    "def f():\n {0} = 1\n return sorted(locals()), {1}, {2}, {3}",
    "def f():\n {0} = 1\n return eval('x'), {1}, {2}, {3}",
    "def f(g=lambda: {0}):\n {1} = 5\n return g(), {2}, {3}",
    "def f():\n match [1, 2]:\n  case [{0}, *_]:\n   {1} = 3\n return {2}, {3}",
    "def f():\n {0}: int = 1\n def g():\n  def h():\n   return {1}\n  {2} = 2\n  return h\n return g()(), {3}",
    "def f():\n def {0}(): return 6\n {1} = 5\n return repr({2})[:5], repr({3})[:5]",
]


def outcome(text: str) -> str:
    """What calling f returns or raises, and what it leaves in the globals."""
    space: dict[str, object] = {name: f"global {name}" for name in NAMES}
    try:
        exec(text, space)
        result = repr(space["f"]())  # type: ignore[operator]
    except Exception as error:  # noqa: BLE001 - the kind of error is part of what a program does
        result = type(error).__name__
    return f"{result} {[space.get(name) for name in NAMES]}"


@pytest.mark.parametrize("shape", SHAPES)
def test_equal_forms_do_the_same(shape: str) -> None:
    """Of all programs of a shape, with every choice of names, those of one form do one thing when run."""
    seen: dict[str, set[str]] = defaultdict(set)
    for names in itertools.product(NAMES, repeat=4):
        text = shape.format(*names)
        try:
            compile(text, "shape", "exec")
        except SyntaxError:
            continue
        seen[canonical_statement(ast.parse(text).body[0])].add(outcome(text))
    assert seen
    assert not [outcomes for outcomes in seen.values() if len(outcomes) > 1]
