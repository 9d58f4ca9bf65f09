"""What counts as the same edit: every claim of sameness must be a proof."""

# ruff: noqa: E501 - one case is one row of a table, however long
from __future__ import annotations

import pytest
from change_kit import touched

from judge.static_checks.change.equivalence import Different, Identical, NoChange, compare_edits, same_code
from judge.static_checks.source.python import PythonSource

BASE = {
    "lib.py": "import heapq\n\n\ndef top(values, k):\n    ordered = sorted(values)\n    return ordered[:k]\n",
    "k.cu": "int f() { return 1; }\n",
    "tests/test_lib.py": "def test_top():\n    assert 1\n",
}
FAST = BASE["lib.py"].replace("    ordered = sorted(values)\n    return ordered[:k]\n", "    best = heapq.nsmallest(k, values)\n    return best\n")  # fmt: skip
SAME = FAST.replace("best", "result").replace("    result =", '    """Fast."""\n    # faster\n    result =')


def same(left: str, right: str) -> bool:
    """Whether two texts are shown to compute the same."""
    return same_code(PythonSource(left.encode()), PythonSource(right.encode()))


def body(text: str) -> str:
    """A function around some lines."""
    return "def f(p, *rest, q=1):\n" + "".join(f"    {line}\n" for line in text.split("\n"))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("x = 1\nreturn x", "# why\ny = 1  # a comment\n\nreturn (y)"),
        ('"""Doc."""\nx = p\nreturn x', "x = p\npass\nreturn x"),
        ("for i in p: print(i)", "for j in p:\n    print(j)"),
        ("a, (b, *c) = p\nreturn b", "x, (y, *z) = p\nreturn y"),
        ("return [i for i in p if i]", "return [j for j in p if j]"),
        ("x = 1\ndef g(): return x\nreturn g", "y = 1\ndef g(): return y\nreturn g"),
        ("x = 1\ndef g():\n    x = 2\n    return x\nreturn x + g()", "a = 1\ndef g():\n    b = 2\n    return b\nreturn a + g()"),
        ("with p as x: return x", "with p as y: return y"),
        ("try: p()\nexcept E as e:\n    x = e\n    return x", "try: p()\nexcept E as e:\n    y = e\n    return y"),
        ("i = 0\nreturn [i for i in p], i", "k = 0\nreturn [j for j in p], k"),
    ],
)  # fmt: skip
def test_renamed_locals_are_the_same(left: str, right: str) -> None:
    """Comments, layout, docstrings and the names of plain locals make no difference."""
    assert same(body(left), body(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("x = 1\nreturn x", "x = 1\nreturn y"),
        ("return x", "return y"),
        ("p = p + 1\nreturn p", "x = x + 1\nreturn x"),
        ("x = 1\nreturn locals()", "y = 1\nreturn locals()"),
        ("x = 1\nreturn eval(p)", "y = 1\nreturn eval(p)"),
        ("x = 1\nreturn p.query('a > @x')", "y = 1\nreturn p.query('a > @x')"),
        ("x = 1\nreturn f'{x=}'", "y = 1\nreturn f'{y=}'"),
        ("global x\nx = 1", "global y\ny = 1"),
        ("x = 1\nreturn p(x=x)", "y = 1\nreturn p(y=y)"),
        ("p.x = 1", "p.y = 1"),
        ("x = 'x'\nreturn x", "y = 'y'\nreturn y"),
        ("class A:\n    x = 1\nreturn A", "class A:\n    y = 1\nreturn A"),
        ("import x\nreturn x", "import y\nreturn y"),
        ("return [x := i for i in p], x", "return [y := i for i in p], x"),
        ("a = 1\nb = 2\nreturn a - b", "a = 1\nb = 2\nreturn b - a"),
        ("x = 1\nif p: pass\nelse: x = 2\nreturn x", "x = 1\nif p: x = 2\nreturn x"),
        ("def g(): return x\nx = 1\nreturn g", "def g(): return y\nx = 1\nreturn g"),
    ],
)
def test_what_is_not_the_same(left: str, right: str) -> None:
    """A name that is also a global, an attribute, a keyword or a text, or that code can read, stays what it is."""
    assert not same(body(left), body(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("@x\ndef f(a=x):\n    x = 1\n    return x\n", "@y\ndef f(a=y):\n    y = 1\n    return y\n"),
        ("class A:\n    def f(self):\n        __x = 1\n        return _A__x\n", "class A:\n    def f(self):\n        y = 1\n        return _A__x\n"),
        ("def f():\n    '''a'''\nprint(f.__doc__)\n", "def f():\n    '''b'''\nprint(f.__doc__)\n"),
        ("'''a'''\nprint(__doc__)\n", "'''b'''\nprint(__doc__)\n"),
        ("x = 1; y = 2\n", "y = 2; x = 1\n"),
        ("a(); b()\nb()\n", "a()\na(); b()\n"),
        ("def f(x):\n    # type: (int) -> int\n    return x\n", "def f(x):\n    # type: (float) -> float\n    return x\n"),
        ("# coding: latin-1\nx = ['\xe9',\n1]\n", "# coding: utf-8\nx = ['\xe9',\n1]\n"),
        ("class A(B):\n    def f(self):\n        return 1\n", "class A(C):\n    def f(self):\n        return 1 \n"),
        ("class A:\n    x = 1\n", "class A:\n    x = 1\n    y = 2\n"),
        ("a()\rb()\nc()\n", "a()\rd()\nc()\n"),
        ("f()\n", "f()\ng()\n"),
        ("@jit(locals={'x': int})\ndef f():\n    x = 1\n", "@jit(locals={'x': int})\ndef f():\n    y = 1\n"),
        ("x = (\n", "x = ( \n"),
        ("x = 1\n", "x = 1.0\n"),
    ],
)  # fmt: skip
def test_what_is_not_the_same_in_a_file(left: str, right: str) -> None:
    """What stands outside of a function's own scope is compared as it is written."""
    assert not same(left, right)


def test_same_edit_is_identical() -> None:
    """The human's edit with other comments and local names is the human's edit, and names its units."""
    human = touched(BASE, {"lib.py": FAST})
    assert compare_edits(touched(BASE, {"lib.py": SAME}), human) == Identical(units=("lib.py::top",))


def test_what_the_proof_does_not_cover_is_said() -> None:
    """Tests and prose may differ, and are listed."""
    candidate = touched(
        BASE, {"lib.py": SAME, "README.md": "fast\n", "tests/test_lib.py": "def test_top():\n    pass\n"}
    )
    comparison = compare_edits(candidate, touched(BASE, {"lib.py": FAST}))
    assert comparison == Identical(units=("lib.py::top",), beyond=("README.md", "tests/test_lib.py"))


@pytest.mark.parametrize(
    "after",
    [
        {"lib.py": SAME, "k.cu": "int f() { return 2; }\n"},
        {"lib.py": SAME, "extra.py": "x = 1\n"},
        {"lib.py": SAME, "k.cu": None},
        {"lib.py": FAST.replace("k, values", "k + 1, values")},
        {"fast.py": FAST},
    ],
)
def test_another_edit_is_different(after: dict[str, str | None]) -> None:
    """A file more, a file less or another argument is another edit, however alike."""
    assert isinstance(compare_edits(touched(BASE, after), touched(BASE, {"lib.py": FAST})), Different)


@pytest.mark.parametrize("after", [{"lib.py": "# fast\n" + BASE["lib.py"]}, {"README.md": "fast\n"}])
def test_no_code_change(after: dict[str, str | None]) -> None:
    """An edit of comments or prose changes nothing, which is shown, not guessed."""
    assert isinstance(compare_edits(touched(BASE, after), touched(BASE, {"lib.py": FAST})), NoChange)


def test_a_comment_in_a_file_the_human_leaves_alone() -> None:
    """A file touched by one side only must be the same code before and after."""
    base = {**BASE, "other.py": "y = 1\n"}
    human = touched(base, {"lib.py": FAST})
    assert isinstance(compare_edits(touched(base, {"lib.py": SAME, "other.py": "y = 1  # one\n"}), human), Identical)
    assert isinstance(compare_edits(touched(base, {"lib.py": SAME, "other.py": "y = 2\n"}), human), Different)


def test_renamed_file_is_compared_by_what_stands_where() -> None:
    """A rename is a change of two paths: leaving it out, or copying instead, is another edit."""
    rename = "diff --git a/lib.py b/new.py\nsimilarity index 100%\nrename from lib.py\nrename to new.py\n"
    human = touched(BASE, {"new.py": BASE["lib.py"]}, patch=rename)
    moved = touched(BASE, {"lib.py": None, "new.py": "# moved\n" + BASE["lib.py"]})
    assert isinstance(compare_edits(moved, human), Identical)
    assert isinstance(compare_edits(touched(BASE, {"new.py": BASE["lib.py"]}), human), Different)


def test_fact_sheet() -> None:
    """What was not shown the same comes with facts for a judge, and no measure of likeness."""
    slow = BASE["lib.py"].replace("sorted(values)", "list(set(values).copy())")
    comparison = compare_edits(touched(BASE, {"lib.py": slow, "k.cu": "int f();\n"}), touched(BASE, {"lib.py": FAST}))
    assert isinstance(comparison, Different)
    assert comparison.facts == {
        "files that differ": ["k.cu", "lib.py"],
        "definitions touched by both": ["lib.py::top"],
        "files not compared": ["k.cu: not Python"],
        "calls added by the human": ["heapq.nsmallest"],
        "calls removed by the human": ["sorted"],
        "calls added by the candidate": ["list", "set", "set().copy"],
        "calls removed by the candidate": ["sorted"],
    }


def test_code_too_deep_for_the_parser_is_not_proven_the_same() -> None:
    """Where the tools give up there is no proof, and no crash."""
    deep = "x = " + "-" * 30_000 + "1\n"
    assert not same(deep, deep + "\n")
    assert same(deep, deep)
