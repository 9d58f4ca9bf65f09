"""Each repair is named, does one thing, and leaves a good patch as it was."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from support import applied_by_git, diff_of, make_repo

from judge.static_checks.patch.parse import MalformedPatch, parse_patch
from judge.static_checks.patch.repair import repair

GOOD = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n"
PLAIN = GOOD.split(b"\n", 1)[1]
NO_PREFIX = GOOD.replace(b"a/x", b"x").replace(b"b/x", b"x")
BOM = "byte order mark removed"
FENCE = "Markdown fence removed"
CRLF = "CRLF line ends changed to LF"
NEWLINE = "final newline added"
PREFIX = "paths without a/ and b/ prefixes"


def crlf(data: bytes) -> bytes:
    return data.replace(b"\n", b"\r\n")


DAMAGED = {
    "byte order mark": (codecs.BOM_UTF8 + GOOD, (BOM,), 1),
    "fence": (b"Here it is:\n\n```diff\n" + GOOD + b"```\nDone.\n", (FENCE,), 1),
    "fence of tildes": (b"~~~~\n" + GOOD + b"~~~~\n", (FENCE,), 1),
    "fence after another": (b"```sh\nmake\n```\nand\n```diff\n" + GOOD + b"```\n", (FENCE,), 1),
    "fence, CRLF": (crlf(b"```diff\n" + GOOD + b"```\n"), (FENCE, CRLF), 1),
    "CRLF": (crlf(GOOD), (CRLF,), 1),
    "CRLF, plain": (crlf(PLAIN), (CRLF,), 1),
    "final newline": (GOOD[:-1], (NEWLINE,), 1),
    "prefix": (NO_PREFIX, (PREFIX,), 0),
    "prefix, plain": (NO_PREFIX.split(b"\n", 1)[1], (PREFIX,), 0),
    "all": (codecs.BOM_UTF8 + crlf(b"```\n" + NO_PREFIX + b"```\n")[:-2], (BOM, FENCE, CRLF, PREFIX), 0),
    "fence and newline lost": (b"```\n" + GOOD + b"```", (FENCE,), 1),
    "CRLF and newline lost": (crlf(GOOD)[:-2], (CRLF, NEWLINE), 1),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_each_repair(name: str) -> None:
    """Damage is undone to the very bytes of the good patch, and every repair is on record."""
    data, repairs, strip = DAMAGED[name]
    repaired = repair(data)
    assert (repaired.repairs, repaired.strip) == (repairs, strip)
    good = NO_PREFIX if strip == 0 else GOOD
    assert repaired.data in (good, good.split(b"\n", 1)[1])
    parse_patch(repaired.data, strip=repaired.strip)


FENCED_DOC = (
    b"diff --git a/doc.py b/doc.py\nnew file mode 100644\n--- /dev/null\n+++ b/doc.py\n@@ -0,0 +1,7 @@\n"
    b'+"""Say:\n+```diff\n+--- a/x\n++++ b/x\n+@@ -1 +1 @@\n+```\n+"""\n'
)
LUA = b"--- a/x.lua\n+++ b/x.lua\n@@ -1,3 +1,3 @@\n one\r\n--- two\r\n+++ two\r\n three\r\n"
UNTOUCHED = {
    "good": GOOD,
    "plain": PLAIN,
    "fence in a docstring of an added file": FENCED_DOC,
    "CRLF content only": b"--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n one\r\n-two\r\n+zwei\r\n",
    "CRLF content that looks like a header": LUA,
    "two fenced diffs": b"```diff\n" + GOOD + b"```\nand\n```diff\n" + GOOD.replace(b"/x", b"/y") + b"```\n",
    "a diff and a fence after it": GOOD + b"```\nmake\n```\n",
    "fence that is never closed": b"```diff\n" + GOOD,
    "other prefixes": GOOD.replace(b"a/x", b"i/x").replace(b"b/x", b"w/x"),
    "added lines that look like names": GOOD.replace(b"+two\n", b"+++ two\n").replace(b"-2\n", b"--- 2\n"),
    "a mode change": b"diff --git a/x b/x\nold mode 100644\nnew mode 100755\n",
    "prose": b"I could not find anything to optimise",
    "nothing": b"",
}


@pytest.mark.parametrize("name", UNTOUCHED)
def test_good_text_is_left_alone(name: str) -> None:
    """What is not damaged keeps its bytes, and no repair is claimed."""
    repaired = repair(UNTOUCHED[name])
    assert (repaired.data, repaired.strip, repaired.repairs) == (UNTOUCHED[name], 1, ())


def test_two_fenced_diffs_are_both_read() -> None:
    """Of several fenced diffs none is lost."""
    assert parse_patch(repair(UNTOUCHED["two fenced diffs"]).data).paths == ("x", "y")


def test_fence_in_the_content_does_not_end_the_fence() -> None:
    """A context line that looks like a fence stays part of the fenced diff."""
    inner = b"--- a/README\n+++ b/README\n@@ -1,3 +1,3 @@\n ```\n-make\n+make -j\n ```\n"
    assert repair(b"```diff\n" + inner + b"```\n").data == inner


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_foreign_encodings_are_named(encoding: str) -> None:
    """A text in an encoding that git cannot read is refused with the encoding's name and the way out."""
    with pytest.raises(MalformedPatch, match=f"{encoding[:6].upper()}, which git cannot read; save it as UTF-8"):
        repair(GOOD.decode().encode(encoding))


def test_no_prefix_patch_of_git_applies(tmp_path: Path) -> None:
    """What `git diff --no-prefix` writes is applied with -p0, nested folders and new files included."""
    make_repo(tmp_path, {"src/x.py": "1\n", "y": "1\n"})
    made = diff_of(tmp_path, {"src/x.py": "2\n", "y": None, "src/new file.py": "3\n"}, "--no-prefix")
    repaired = repair(made)
    assert (repaired.strip, repaired.repairs) == (0, (PREFIX,))
    after = applied_by_git(tmp_path, repaired.data, strip=0)
    assert after is not None and sorted(after) == ["src/new file.py", "src/x.py"]


@pytest.mark.parametrize("data", [b"```x\n" * 300_000, b"~" * 1_000_000, b"```\n--- a\n" * 200_000])
def test_hostile_fences_take_linear_time(data: bytes) -> None:
    """Text made to send a pattern astray is answered like any other, within the test's limit."""
    repair(data)
