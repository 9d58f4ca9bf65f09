"""Looking up quotes: verbatim but for white space and our margins, on the right side, in the right file."""

from __future__ import annotations

import pytest

from judge.core.judgement import Side
from judge.llm.answer import Quote
from judge.llm.quotes import Library

CANDIDATE = (
    "= lib/a.py\n= modified\n@@ -1,4 +1,5 @@\n def total(rows):\n-    found = slow_sum(rows)\n+    found = sum(\n"
    "+        rows)\n     return found\n+    # caf\u00e9 <U+202E>\n@@ -40,2 +41,2 @@\n-def later():\n+def earlier():"
)
HUMAN = "= lib/a.py\n@@ -1,3 +1,3 @@\n def total(rows):\n-    found = slow_sum(rows)\n+    found = fast_sum(rows)"
BASE = "= lib/a.py\n1| def total(rows):\n2|     found = slow_sum(rows)\n3|     return found"
NEW = "= lib/new.yaml\n= added\n@@ -0,0 +1,2 @@\n+- name: fast\n+- size: 8"

LIBRARY = Library(
    {
        ("candidate", "lib/a.py"): (CANDIDATE,),
        ("candidate", "lib/new.yaml"): (NEW,),
        ("human", "lib/a.py"): (HUMAN,),
        ("base", "lib/a.py"): (BASE,),
    }
)


def holds(side: Side, text: str, file: str = "lib/a.py") -> bool:
    """Look one quote up."""
    return LIBRARY.holds(Quote(side=side, file=file, text=text))


@pytest.mark.parametrize(
    "text",
    [
        "found = sum(",
        "+    found = sum(",
        "    found = sum(\n        rows)",
        "+    found = sum(\n+        rows)",
        "found = sum( rows)",
        "def total(rows):\n    found = sum(\n        rows)\n    return found",
        "def total(rows):\n    found = slow_sum(rows)\n    return found",
        "-    found = slow_sum(rows)\n+    found = sum(",
        "found = slow_sum(rows)\n    found = sum(",
        "# caf\u00e9 <U+202E>",
        "# caf\u00e9 \u202e",
        "\n\n  return found  \n",
    ],
)
def test_verbatim(text: str) -> None:
    """White space and margins do not matter; the text before, after, or as the change was shown does."""
    assert holds("candidate", text)


@pytest.mark.parametrize(
    "text",
    [
        "found = sum(rows)",
        "found = fast_sum(rows)",
        "FOUND = SUM(",
        "found = sum( ... return found",
        "return found\ndef earlier():\nfound",
        "found",
        "= ( ) : ( ) =",
        "",
        "        ",
        "lib/a.py modified",
        "@@ -1,4 +1,5 @@",
    ],
)
def test_not_verbatim(text: str) -> None:
    """Text that was not sent so, that is too short to mean anything, or that is ours, shows nothing."""
    assert not holds("candidate", text)


@pytest.mark.parametrize(
    ("side", "text", "expected"),
    [
        ("human", "found = fast_sum(rows)", True),
        ("human", "found = sum(", False),
        ("base", "found = fast_sum(rows)", False),
        ("base", "2|     found = slow_sum(rows)\n3|     return found", True),
        ("base", "found = slow_sum(rows)\nreturn found", True),
        ("base", "def later():", True),
        ("base", "def earlier():", False),
    ],
)
def test_sides_are_kept_apart(side: Side, text: str, expected: bool) -> None:
    """A quote counts for the side that it names; the base also shows in the lines that a change removes or keeps."""
    assert holds(side, text) == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("lib/a.py", True),
        ("a/lib/a.py", True),
        ("b/lib/a.py", True),
        ("./lib/a.py", True),
        (" `lib/a.py` ", True),
        ("a.py", False),
        ("lib/new.yaml", False),
        ("", False),
    ],
)
def test_the_file_is_the_one_named(file: str, expected: bool) -> None:
    """A quote counts for the file that it names, however a diff would write its path."""
    assert holds("candidate", "found = sum(", file) == expected


def test_a_list_is_no_margin() -> None:
    """Lines that begin with a minus of their own are found with it and without."""
    assert holds("candidate", "- name: fast\n- size: 8", "lib/new.yaml")
    assert holds("candidate", "name: fast", "lib/new.yaml")
