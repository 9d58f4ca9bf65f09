"""What two edits share: by file, definition and base line, whatever either side renames."""

from __future__ import annotations

import pytest
from change_kit import touched

from judge.static_checks.change.overlap import (
    change_blocks,
    changed_lines,
    compare_files,
    definitions_in_file,
    pair_files,
    ratios,
    touched_definitions,
)

CODE = """import os

LIMIT = 1


class Cache:
    size = 0

    def get(self, key):
        # look it up
        return key

    def put(self, key):
        return key


def hot(n):
    total = 0
    for i in range(n):
        total += i
    return total
"""
RENAME = "diff --git a/old.py b/new.py\nsimilarity index 90%\nrename from old.py\nrename to new.py\n"


def names(after: str, before: str = CODE) -> set[str]:
    """The definitions touched in one file."""
    (file,) = touched({"a.py": before}, {"a.py": after})
    return set(definitions_in_file(file).names)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("total += i", "total = total + i", {"hot"}),
        ("        return key\n\n    def put", "        return -key\n\n    def put", {"Cache.get"}),
        ("size = 0", "size = 1", {"Cache"}),
        ("LIMIT = 1", "LIMIT = 2", {"<module>"}),
        ("import os\n", "import os\nimport sys\n", {"<module>"}),
        ("    total = 0\n", "    total = 0\n    n = int(n)\n", {"hot"}),
        ("    total = 0\n", "", {"hot"}),
        ("    total = 0\n", "    total = 0\n\n    def inner():\n        return 1\n\n", {"hot", "hot.inner"}),
        ("    def put", "    def drop(self):\n        return 0\n\n    def put", {"Cache.drop"}),
        ("\n\ndef hot", "\n\ndef warm():\n    return 0\n\n\ndef hot", {"warm"}),
        ("    def put(self, key):\n        return key\n", "", {"Cache.put"}),
        ("# look it up", "# look up", set()),
        ("LIMIT = 1\n", "# a comment\nLIMIT = 1\n\n", set()),
    ],
)
def test_touched_definitions(old: str, new: str, expected: set[str]) -> None:
    """A changed code line touches the innermost definition that holds it; blank lines and comments touch none."""
    assert names(CODE.replace(old, new, 1)) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("def hot(n):\n    total = 0", "def fast(n):\n    total = 1", {"hot"}),
        ("class Cache:\n    size = 0", "class Store:\n    size = 1", {"Cache"}),
        ("def hot(n):", "class hot_(object):", {"hot", "hot_"}),
    ],
)
def test_renamed_definition_is_one_thing(old: str, new: str, expected: set[str]) -> None:
    """A definition renamed in place keeps its old name; one that becomes another kind of thing does not."""
    assert names(CODE.replace(old, new, 1)) == expected


def test_members_of_a_renamed_class_keep_its_old_name() -> None:
    """A method changed in a class that is renamed is the same method."""
    after = CODE.replace("class Cache", "class Store").replace(
        "return key\n\n    def put", "return -key\n\n    def put"
    )
    assert names(after) == {"Cache", "Cache.get"}


def test_blocks_of_a_diff_without_context() -> None:
    """Line numbers are right where a hunk holds no line of one side, as `git diff -U0` writes them."""
    patch = "--- a/a.py\n+++ b/a.py\n@@ -2,0 +3 @@\n+x\n@@ -4 +5,0 @@\n-y\n"
    (file,) = touched({"a.py": "1\n2\n3\ny\n"}, {"a.py": "1\n2\nx\n3\n"}, patch=patch)
    blocks = [(block.old, block.new, block.old_at, block.new_at) for block in change_blocks(file.change)]
    assert blocks == [(range(3, 3), range(3, 4), 3, 4), (range(4, 5), range(6, 6), 5, 6)]


@pytest.mark.parametrize(
    ("after", "expected"),
    [("1\nx\n3\n", {2}), ("1\nx\n2\n3\n", {1, 2}), ("x\n1\n2\n3\n", {1}), ("1\n2\n3\nx\n", {3}), ("2\n3\n", {1})],
)
def test_changed_lines(after: str, expected: set[int]) -> None:
    """Base lines are those removed or, where a block only inserts, those on either side of it."""
    files = pair_files(touched({"a.txt.py": "1\n2\n3\n"}, {"a.txt.py": after}), ()).candidate
    assert changed_lines(files) == {("a.txt.py", number) for number in expected}


def test_a_file_renamed_by_the_human_is_one_file() -> None:
    """Both an edit under the old path and a new file under the new path meet the human's rename."""
    human = touched({"old.py": CODE}, {"new.py": CODE.replace("LIMIT = 1", "LIMIT = 2")}, patch=RENAME)
    for after in ({"old.py": CODE.replace("+= i", "+= 1")}, {"old.py": None, "new.py": CODE}):
        overlap = compare_files(pair_files(touched({"old.py": CODE}, after), human))
        assert overlap.common == ("old.py",) == overlap.candidate


def test_only_source_counts() -> None:
    """Prose and debris are no part of an overlap, configuration is."""
    after: dict[str, str | None] = {"README.md": "x\n", "a.orig": "x\n", "build/lib/a.py": "x\n", "c.json": "{}\n"}
    assert list(pair_files(touched({}, after), ()).candidate) == ["c.json"]


def test_what_cannot_be_compared_is_said() -> None:
    """A file that is not Python, or does not parse, has no definitions, and the record says why."""
    files = pair_files(touched({"k.cu": "1\n", "a.py": "x = 1\n"}, {"k.cu": "2\n", "a.py": "x = (\n"}), ()).candidate
    definitions = touched_definitions(files)
    assert not definitions.names
    assert definitions.not_compared == {"k.cu": "not Python", "a.py": "does not parse"}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((0, 0, 0), (None, None, None)),
        ((2, 0, 0), (0.0, None, 0.0)),
        ((0, 2, 0), (None, 0.0, 0.0)),
        ((2, 4, 1), (0.5, 0.25, 0.2)),
    ],
)
def test_ratios_over_nothing_are_null(counts: tuple[int, int, int], expected: tuple[float | None, ...]) -> None:
    """Null is not a number: where nothing stands below the line there is no ratio, not 0 and not 1."""
    assert tuple(ratios(*counts).values()) == expected
