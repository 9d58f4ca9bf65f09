"""What the strict reader says of a patch is what `git apply` does with it."""

# ruff: noqa: E501 - one quirk is one row of the table, however long
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import applied_by_git, diff, git, index_of, make_repo, write

from judge.static_checks.patch.parse import MalformedPatch, Patch, parse_patch

BASE: dict[str, bytes | str | None] = {
    "x": "1\n2\n3\n",
    "x.orig": "1\n2\n3\n",
    "my file": "1\n2\n3\n",
    "d/y": "1\n2\n3\n",
    "crlf": "1\r\n2\r\n3\r\n",
    "dashes": "-- a\n-- b\nc\n",
    "blank": "1\n\n3\n",
    "odd": "a\fb\u2028c\x85d\x1ce\n2\n",
    "latin": b"caf\xe9\n2\n",
    "open": "1\n2",
    "bin": b"\0\1\2",
}
BODY = "@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n"
X = "--- a/x\n+++ b/x\n"
NEW = "@@ -0,0 +1 @@\n+1\n"
LINK = "@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n"


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit of BASE."""
    folder = tmp_path_factory.mktemp("parity") / "repo"
    make_repo(folder, BASE)
    return folder


@dataclass(frozen=True)
class Quirk:
    """A patch text, and (status, old, new) of each section; None where it is refused."""

    name: str
    text: str | bytes
    says: Sequence[tuple[str, str | None, str | None]] | None

    @property
    def data(self) -> bytes:
        return self.text if isinstance(self.text, bytes) else self.text.encode()


SAME: list[tuple[str, str | None, str | None]] = [("modified", "x", "x")]
QUIRKS = [
    Quirk("rename", "diff --git a/x b/z\nsimilarity index 100%\nrename from x\nrename to z\n", [("renamed", "x", "z")]),
    Quirk("rename, old words", "diff --git a/x b/z\nrename old x\nrename new z\n", [("renamed", "x", "z")]),
    Quirk("rename by --- and +++", f"diff --git a/x b/z\n--- a/x\n+++ b/z\n{BODY}", [("renamed", "x", "z")]),
    Quirk("copy", "diff --git a/x b/z\nsimilarity index 100%\ncopy from x\ncopy to z\n", [("copied", "x", "z")]),
    Quirk("mode only", "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", SAME),
    Quirk("new empty file", "diff --git a/e b/e\nnew file mode 100644\nindex 0000000..e69de29\n", [("added", None, "e")]),
    Quirk("delete", "diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-1\n-2\n-3\n",
          [("deleted", "x", None)]),
    Quirk("delete, mode line left out", "diff --git a/x b/x\n--- a/x\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-1\n-2\n-3\n",
          [("renamed", "x", "dev/null")]),
    Quirk("quoted octal name", f'diff --git "a/\\303\\251" "b/\\303\\251"\nnew file mode 100644\n--- /dev/null\n+++ "b/\\303\\251"\n{NEW}',
          [("added", None, "é")]),
    Quirk("quoted name, raw and octal", f'diff --git "a/\\303\\251é" "b/\\303\\251é"\nnew file mode 100644\n--- /dev/null\n+++ "b/\\303\\251é"\n{NEW}',
          [("added", None, "éé")]),
    Quirk("quoted name, other escapes", f'diff --git "a/\\t\\"\\\\" "b/\\t\\"\\\\"\nnew file mode 100644\n--- /dev/null\n+++ "b/\\t\\"\\\\"\n{NEW}',
          [("added", None, '\t"\\')]),
    Quirk("quoted name, then a timestamp", f'diff --git "a/x" "b/x"\n--- "a/x"\t2020\n+++ "b/x"\tz\n{BODY}', SAME),
    Quirk("one side quoted", 'diff --git a/x "b/x"\nold mode 100644\nnew mode 100755\n', SAME),
    Quirk("unknown escape", f'diff --git "a/\\q" "b/\\q"\nnew file mode 100644\n--- /dev/null\n+++ "b/\\q"\n{NEW}',
          [("added", None, '\\q"')]),
    Quirk("name with spaces", f"diff --git a/my file b/my file\n--- a/my file\t\n+++ b/my file\t\n{BODY}",
          [("modified", "my file", "my file")]),
    Quirk("name with spaces, plain", f"--- a/my file\n+++ b/my file\n{BODY}", [("modified", "my file", "my file")]),
    Quirk("no newline at the end", "--- a/open\n+++ b/open\n@@ -1,2 +1,2 @@\n 1\n-2\n\\ No newline at end of file\n+two\n",
          [("modified", "open", "open")]),
    Quirk("no newline, in another language", f"{X}{BODY}\\ Kein Zeilenumbruch\n", SAME),
    Quirk("no newline mark too short", f"{X}@@ -1,3 +1,3 @@\n 1\n-2\n\\\n+two\n 3\n", None),
    Quirk("blank context line", "--- a/blank\n+++ b/blank\n@@ -1,3 +1,3 @@\n-1\n+one\n\n 3\n", [("modified", "blank", "blank")]),
    Quirk("CRLF content", "--- a/crlf\n+++ b/crlf\n@@ -1,3 +1,3 @@\n 1\r\n-2\r\n+two\r\n 3\r\n", [("modified", "crlf", "crlf")]),
    Quirk("CR alone as a context line", f"{X}@@ -1,2 +1,2 @@\n-1\n+one\n\r\n", None),
    Quirk("timestamps after a tab", f"--- a/x\t2020-01-01 00:00:00 +0000\n+++ b/x\twhatever\n{BODY}", SAME),
    Quirk("timestamps after spaces", f"--- a/x 2020-01-01 00:00:00 +0000\n+++ b/x  20-01-01 00:00:00.12 +01:00\n{BODY}", SAME),
    Quirk("created, by the epoch", f"--- a/n\t1970-01-01 01:00:00.000 +0100\n+++ b/n\t2020-01-01 00:00:00 +0000\n{NEW}",
          [("added", None, "n")]),
    Quirk("deleted, by the epoch", "--- a/x\n+++ b/x\t1969-12-31 19:00:00 -0500\n@@ -1,3 +0,0 @@\n-1\n-2\n-3\n",
          [("deleted", "x", None)]),
    Quirk("plain, backup name", f"--- a/x.orig\n+++ b/x\n{BODY}", SAME),
    Quirk("plain, tilde name", f"--- a/x\n+++ b/x~\n{BODY}", SAME),
    Quirk("plain, one side without prefix", f"--- x.orig\n+++ b/x\n{BODY}", SAME),
    Quirk("plain, created", f"--- /dev/null\n+++ b/n\n{NEW}", [("added", None, "n")]),
    Quirk("removed lines that look like a header", "--- a/dashes\n+++ b/dashes\n@@ -1,3 +1,2 @@\n--- a\n+++ b\n--- b\n c\n",
          [("modified", "dashes", "dashes")]),
    Quirk("prose around and between", f"From me\n\nHello --- you\n---\n x | 2\n\n{X}{BODY}-- \n2.39\nmore prose\n--- a/d/y\n+++ b/d/y\n{BODY}",
          [*SAME, ("modified", "d/y", "d/y")]),
    Quirk("prose only", "nothing here\n", None),
    Quirk("a diff line for nothing", f"diff --git a/x b/x\n\n{X}{BODY}", SAME),
    Quirk("a diff line for nothing, then a new file", f"diff --git a/n b/n\n\n--- /dev/null\n+++ b/n\n{NEW}", None),
    Quirk("a diff line for nothing, then an empty file", "diff --git a/x b/x\ndiff --git a/e b/e\nnew file mode 100644\n", None),
    Quirk("new file with an old name before", "diff --git a/n b/n\n--- a/x\nnew file mode 100644\n", None),
    Quirk("a section that changes nothing", f"diff --git a/d/y b/d/y\nindex 1234567..1234567 100644\ndiff --git a/x b/x\n{X}{BODY}", None),
    Quirk("mode to the same mode", "diff --git a/x b/x\nold mode 100644\nnew mode 100644\n", None),
    Quirk("index line with few digits", f"diff --git a/x b/x\nindex 0..1\n{X}{BODY}", SAME),
    Quirk("names of the two lines differ", f"diff --git a/d/y b/d/y\n{X}{BODY}", SAME),
    Quirk("names contradict a rename", f"diff --git a/x b/z\nrename from x\nrename to z\n--- a/d/y\n+++ b/q\n{BODY}", None),
    Quirk("new file with an old name", f"diff --git a/n b/n\nnew file mode 100644\n--- a/n\n+++ b/n\n{NEW}", None),
    Quirk("--- without +++", f"diff --git a/x b/x\n--- a/x\n{BODY}", None),
    Quirk("no name in the header", f"diff --git a/x b/y\n{BODY}", None),
    Quirk("binary without data", "diff --git a/bin b/bin\nindex 1234567..89abcde 100644\nBinary files a/bin and b/bin differ\n", None),
    Quirk("combined diff", "diff --cc x\nindex 1,2..3\n--- a/x\n+++ b/x\n@@@ -1,3 -1,3 +1,3 @@@\n  1\n- 2\n -3\n++two\n", None),
    Quirk("surplus lines are prose", f"{X}{BODY}+four\n", SAME),
    Quirk("counts too high", f"{X}@@ -1,4 +1,4 @@\n 1\n-2\n+two\n 3\n", None),
    Quirk("counts too low on one side", f"{X}@@ -1,1 +1,3 @@\n-1\n-2\n+two\n+3\n+4\n", None),
    Quirk("body cut off", f"{X}@@ -1,3 +1,3 @@\n 1\n-2\n", None),
    Quirk("last line cut off", f"{X}@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3", None),
    Quirk("hunk of context only", f"{X}@@ -1,3 +1,3 @@\n 1\n 2\n 3\n", None),
    Quirk("hunk of nothing", f"{X}@@ -0,0 +0,0 @@\n", None),
    Quirk("hunk header of words", f"{X}@@ -a,3 +1,3 @@\n 1\n-2\n+two\n 3\n", None),
    Quirk("hunk header in other digits", f"{X}@@ -\u0661,3 +1,3 @@\n 1\n-2\n+two\n 3\n", None),
    Quirk("second hunk header broken", f"{X}@@ -1,2 +1,2 @@\n 1\n-2\n+two\n@@ -3 x @@\n", None),
    Quirk("hunk without a file", BODY, None),
    Quirk("line ends that are none", "--- a/odd\n+++ b/odd\n@@ -1,2 +1,2 @@\n a\fb\u2028c\x85d\x1ce\n-2\n+\f\u2028\x85\v\n",
          [("modified", "odd", "odd")]),
    Quirk("bytes that are not UTF-8", b"--- a/latin\n+++ b/latin\n@@ -1,2 +1,2 @@\n-caf\xe9\n+the\xe9\n 2\n",
          [("modified", "latin", "latin")]),
    Quirk("two sections of one file", f"{X}{BODY}{X}@@ -1,3 +1,3 @@\n 1\n-two\n+zwei\n 3\n", SAME * 2),
    Quirk("mode bits of a link", f"diff --git a/l b/l\nnew file mode 0120777 x\n--- /dev/null\n+++ b/l\n{LINK}", [("added", None, "l")]),
    Quirk("mode that is none", f"diff --git a/n b/n\nnew file mode 10q644\n--- /dev/null\n+++ b/n\n{NEW}", None),
]  # fmt: skip


def file_changes(patch: Patch) -> list[tuple[str, str | None, str | None]]:
    return [(file.status, file.old_path, file.new_path) for file in patch.files]


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.name)
def test_reads_as_git_applies(quirk: Quirk, repo: Path) -> None:
    """The reader accepts what git applies, refuses what git refuses, and names the files git changes."""
    after = applied_by_git(repo, quirk.data)
    if quirk.says is None:
        assert after is None
        if quirk.name == "binary without data":
            assert parse_patch(quirk.data).files[0].binary  # readable; only git can tell that the data is missing
        else:
            with pytest.raises(MalformedPatch):
                parse_patch(quirk.data)
        return
    assert after is not None
    patch = parse_patch(quirk.data)
    assert file_changes(patch) == quirk.says
    before = index_of(repo)
    changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    assert changed == {path for path in patch.paths if before.get(path) != after.get(path)}
    for file in patch.files:
        if file.new_mode and file.new_path:
            assert file.new_mode == after[file.new_path][0]


def test_binary_data_is_not_read_as_text(repo: Path) -> None:
    """A binary change with data is one file without hunks, and what follows it is read."""
    write(repo, {"bin": bytes(range(256)) * 20, "x": "1\n"})
    made = diff(repo, "--binary", "--full-index")
    git(repo, "reset", "-q", "--hard")
    patch = parse_patch(made)
    assert [(f.path, f.binary, len(f.hunks)) for f in patch.files] == [("bin", True, 0), ("x", False, 1)]
    assert patch.files[0].old_blob and len(patch.files[0].old_blob) == 40


def test_strip_level(repo: Path) -> None:
    """With -p0 names are taken as they are, in both kinds of section."""
    for text in (f"--- d/y\n+++ d/y\n{BODY}", f"diff --git d/y d/y\n--- d/y\n+++ d/y\n{BODY}"):
        assert file_changes(parse_patch(text.encode(), strip=0)) == [("modified", "d/y", "d/y")]
        assert applied_by_git(repo, text.encode(), strip=0) is not None


def test_refusal_names_line_and_expectation() -> None:
    """A refused patch says at which line of its text, and what was due there."""
    with pytest.raises(MalformedPatch, match=r"line 5: .*found 'three' where 2 old and 2 new lines are due") as caught:
        parse_patch(f"{X}@@ -1,3 +1,3 @@\n 1\nthree\n".encode())
    assert caught.value.line == 5


def test_line_numbers() -> None:
    """Each line of a hunk has its 1-based number on its own side, and on both if it is context."""
    lines = parse_patch(f"{X}@@ -7,3 +9,3 @@ def f():\n 1\n-2\n+two\n 3\n".encode()).files[0].hunks[0].lines
    assert [(line.kind, line.text, line.old, line.new) for line in lines] == [
        (" ", "1", 7, 9), ("-", "2", 8, None), ("+", "two", None, 10), (" ", "3", 9, 11)
    ]  # fmt: skip


def test_long_header_is_read_in_linear_time() -> None:
    """A header line of megabytes is refused, not searched for a name for minutes."""
    with pytest.raises(MalformedPatch):
        parse_patch(b"diff --git " + b"a/ " * 1_000_000 + b"\nold mode 100644\nnew mode 100755\n")


LINES = st.lists(
    st.text(st.sampled_from("ab -+@\\\t\f\r\u2028é"), max_size=6) | st.sampled_from(["-- a/x", "++ b/x", "@ -1 +1 @@"]),
    max_size=12,
)
TEXTS = st.tuples(LINES, st.booleans()).map(lambda made: "\n".join(made[0]) + ("\n" if made[0] and made[1] else ""))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `git diff --no-index` compares two files."""
    folder = tmp_path_factory.mktemp("rebuild")
    git(folder, "init", "-q")
    return folder


@settings(max_examples=60, deadline=None, derandomize=True)
@given(old=TEXTS, new=TEXTS, context=st.integers(0, 3))
def test_hunks_rebuild_both_files(scratch: Path, old: str, new: str, context: int) -> None:
    """Random edits: the old and new sides of the hunks, put over the old file, give the new file."""
    write(scratch, {"old": old, "new": new})
    made = git(scratch, "diff", "--no-index", "--text", f"-U{context}", "old", "new", check=False).out
    if old == new:
        assert not made
        return
    (file,) = parse_patch(made).files
    assert file.status == "renamed"
    before, after = old.split("\n"), new.split("\n")
    rebuilt: list[str] = []
    at = 0
    for hunk in file.hunks:
        start = hunk.old_start - 1 if hunk.old_count else hunk.old_start
        rebuilt += before[at:start]
        assert [line.text for line in hunk.lines if line.kind != "+"] == before[start : start + hunk.old_count]
        rebuilt += [line.text for line in hunk.lines if line.kind != "-"]
        at = start + hunk.old_count
        for line in hunk.lines:
            assert line.old is None or before[line.old - 1] == line.text
            assert line.new is None or after[line.new - 1] == line.text
    rest = before[at:]
    # What follows the last newline is a line only when it is not empty.
    assert "\n".join(rebuilt + rest).rstrip("\n") == new.rstrip("\n")


SEEDS = [quirk.data for quirk in QUIRKS]


def mutations() -> st.SearchStrategy[bytes]:
    piece = st.binary(max_size=3) | st.sampled_from(
        [b"\n", b"@@ -1 +1 @@\n", b"--- ", b"+++ ", b"diff --git ", b'"', b"\\"]
    )
    edit = st.tuples(st.integers(0, 400), st.integers(0, 12), piece)
    return st.tuples(st.sampled_from(SEEDS), st.lists(edit, min_size=1, max_size=6)).map(lambda made: mutated(*made))


def mutated(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, piece in edits:
        at %= len(data) + 1
        data = data[:at] + piece + data[at + length :]
    return data


@settings(max_examples=400, deadline=None, derandomize=True)
@given(data=mutations())
def test_mutations_raise_nothing_else(data: bytes) -> None:
    """Whatever bytes come, the reader answers with a patch or with MalformedPatch."""
    try:
        patch = parse_patch(data)
    except MalformedPatch:
        return
    assert patch.files and all(file.path for file in patch.files)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=mutations())
def test_mutations_change_no_file_unseen(repo: Path, data: bytes) -> None:
    """Whatever git makes of a damaged patch, it changes no file that the reader does not name."""
    after = applied_by_git(repo, data)
    if after is None:
        return
    before = index_of(repo)
    assert {path for path in {*before, *after} if before.get(path) != after.get(path)} <= set(parse_patch(data).paths)
