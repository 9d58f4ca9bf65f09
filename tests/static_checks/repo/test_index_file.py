"""The index files we write and read, against those of git itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import git

from judge.static_checks.repo.git import GitError
from judge.static_checks.repo.index_file import read_index, write_index
from judge.static_checks.repo.tree import Entry

PATHS = [
    "a",
    "a.py",
    "dir/b.py",
    "dir-c",
    "d\u00e9/\u4e16.py",
    'quoted "name"',
    "long/" + "x" * 200,
    "y" * 4200,
    "z.sh",
]


def entries(oid_length: int) -> dict[str, Entry]:
    modes = ("100644", "100755", "120000", "160000")
    return {
        path: Entry(mode=modes[number % 4], oid=f"{number + 1:0{oid_length}x}") for number, path in enumerate(PATHS)
    }


@pytest.mark.parametrize(("object_format", "oid_length"), [("sha1", 40), ("sha256", 64)])
def test_git_writes_the_same_bytes(tmp_path: Path, object_format: str, oid_length: int) -> None:
    """What we write is, byte for byte, what `git update-index --index-info` writes; reading gives it back."""
    git(tmp_path, "init", "-q", f"--object-format={object_format}")
    known = entries(oid_length)
    rows = "".join(f"{entry.mode} {entry.oid}\t{path}\0" for path, entry in known.items())
    git(tmp_path, "update-index", "-z", "--index-info", stdin=rows.encode())
    content = (tmp_path / ".git/index").read_bytes()
    assert write_index(known, object_format) == content
    assert read_index(content, object_format) == known


def test_empty_index() -> None:
    """An index without entries, as left by a patch that deletes all it touches, is read as such."""
    assert read_index(write_index({}, "sha1"), "sha1") == {}


@pytest.mark.parametrize("damage", [b"", b"DIRC\0\0\0\4\0\0\0\0", write_index(entries(40), "sha1")[:300]])
def test_a_foreign_or_cut_index_is_an_error(damage: bytes) -> None:
    """Another version or a cut file is git's or our failure, never an empty result."""
    with pytest.raises(GitError, match="cannot be read"):
        read_index(damage, "sha1")
