"""A source tree is what was committed."""

from __future__ import annotations

from pathlib import Path

from support import head, make_repo

from judge.static_checks.repo.git import Repository, ScratchRepository
from judge.static_checks.repo.tree import GitTree


def test_commit_is_read_and_not_the_work_tree(tmp_path: Path) -> None:
    """The base is the commit, not the work tree: edits that are not committed are not seen."""
    repo = tmp_path / "repo"
    make_repo(repo, {"open": "1\n2"})
    (repo / "open").write_text("not committed\n")
    with ScratchRepository(Repository.open(repo)) as scratch:
        assert GitTree(scratch, head(repo)).read("open") == b"1\n2"
