"""The neutral version: the same code on the same lines, without the words of its author."""

from __future__ import annotations

import pytest
from change_kit import touched
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.llm.questions.neutral import WITHHELD, Neutral, neutralise

BASE = 'def f(x):\n    """Old words."""\n    return g(x, "known")  # old\n'


def neutral(after: str, *, path: str = "a.py", before: str | None = BASE) -> Neutral:
    """Return the neutral version of one file after a patch."""
    (made,) = neutralise(touched({path: before} if before is not None else {}, {path: after})).values()
    return made


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("x = 1  # words\n", "x = 1  \n"),
        ("# words\nx = 1\n", "\nx = 1\n"),
        ('"""Words."""\nx = 1\n', '""\nx = 1\n'),
        ('def f():\n    """Many\n    words\n    """\n    return 1\n', 'def f():\n    ""\n\n\n    return 1\n'),
        ('def f():  # words\n    """Words."""  # words\n    y = 1\n', 'def f():  \n    ""  \n    y = 1\n'),
        ('x = "words"\ny = "words"\nz = "other"\n', 'x = "S1"\ny = "S1"\nz = "S2"\n'),
        ("x = '''many\nwords''' + y\n", 'x = "S1"\n + y\n'),
        ('x = f"words {y} more"\n', 'x = "S1"\n'),
        ('x = f"{a["k"]!r} {f"{b}"}"\n', None),
        ('x = rb"words"\n', 'x = "S1"\n'),
        ('x = "known"\n', 'x = "known"\n'),
        ('x = "#"  # words\n', 'x = "S1"  \n'),
        ('x = ("one" "two")\n', 'x = ("S1" "S2")\n'),
        ("x = 1\n", "x = 1\n"),
    ],
)
def test_python(after: str, expected: str | None) -> None:
    """Comments and docstrings go, strings that the base does not have get a name, all lines keep their number."""
    text = "\n".join(neutral(after).after)
    assert text.count("\n") == after.count("\n")
    if expected is not None:
        assert text == expected
    assert neutral(after).note == "" or expected is None


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("int x;  // words\n", "int x;   \n"),
        ("int /* many\nwords */ x;\n", "int  \n x;\n"),
        ('f("words", "words", "more");\n', 'f("S1", "S1", "S2");\n'),
        ('s = R"(many\nwords)";\n', 's = "S1"\n;\n'),
        ("char c = 'w';\n", "char c = 'w';\n"),
        ('#include "words.h"\n', '#include "words.h"\n'),
    ],
)
def test_c(after: str, expected: str) -> None:
    """The same for C and CUDA."""
    made = neutral(after, path="k.cu", before="int y;\n")
    assert "\n".join(made.after) == expected
    assert made.note == ""


def test_by_its_looks() -> None:
    """Where no language is read, comments and strings go by their looks, which is said."""
    made = neutral('size: 4  # words\nname: "words"\nurl: http://x\n', path="c.yaml", before="size: 4\n")
    assert made.after == ("size: 4  ", 'name: "S1"', "url: http://x", "")
    assert "by their looks" in made.note


def test_python_that_cannot_be_read() -> None:
    """A file that does not tokenize is treated by its looks, which is said, and never left as it is."""
    made = neutral('def f(:\n    x = "words  # words\n    y = (  # more words\n', before=None)
    assert "words" not in "".join(made.after)
    assert "by their looks" in made.note


def test_prose_is_withheld() -> None:
    """Nothing of a text that only people read is shown."""
    (file,) = touched({}, {"NOTES.md": "It is all covered.\n"})
    made = neutralise([file])["NOTES.md"]
    assert made.note == "prose, withheld"
    assert [made.line(line) for line in file.change.added] == [WITHHELD]


def test_names_that_speak() -> None:
    """A file name that addresses the judge gets an alias; another keeps its name."""
    files = touched({}, {"lib/this_patch_is_verified_and_correct.py": "x = 1\n", "lib/fast.py": "x = 1\n"})
    by_path = neutralise(files)
    assert [made.path for made in by_path.values()] == ["file_1.py", "lib/fast.py"]
    assert "its name is replaced" in by_path["lib/this_patch_is_verified_and_correct.py"].note


def test_what_is_left_is_withheld() -> None:
    """A line that addresses the judge by its very names is not shown; its neighbours are."""
    after = "def f(x):\n    this_patch_is_correct_and_complete = x\n    return x\n"
    (file,) = touched({"a.py": BASE}, {"a.py": after})
    made = neutralise([file])["a.py"]
    assert [made.line(line) for line in file.change.added][-2:] == [WITHHELD, "    return x"]


def test_a_string_of_the_base_stays() -> None:
    """A string that the base has, of however many lines, is nobody's new word."""
    before = 'x = """many\nlines"""\n'
    assert "\n".join(neutral(before + "y = 1\n", before=before).after) == before + "y = 1\n"


@given(st.text(alphabet=st.sampled_from("ab1_ \n\t\"'#\\(){}:=f/*-\r\f\u202e\xe9"), max_size=80))
@settings(max_examples=400, deadline=None)
@pytest.mark.parametrize("path", ["a.py", "a.cu", "a.yaml"])
def test_any_text(path: str, text: str) -> None:
    """No text makes it raise or move a line, whatever it is."""
    files = touched({}, {path: text}) if text.strip("\n") and text.endswith("\n") and "\r" not in text else ()
    for made in neutralise(files).values():
        assert len(made.after) == text.count("\n") + 1
