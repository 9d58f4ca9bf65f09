"""The reader of git objects survives the end of its process."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import git, make_repo

from judge.static_checks.repo.git import GitError, GitObject, Repository, ScratchRepository


def test_reader_that_died_is_started_again(tmp_path: Path) -> None:
    """A `git cat-file` that ends is an error once; the next question is answered by a new one."""
    repo = tmp_path / "repo"
    make_repo(repo, {"open": "1\n2"})
    oid = git(repo, "rev-parse", "HEAD:open").out.decode().strip()
    with ScratchRepository(Repository.open(repo)) as scratch:
        assert scratch.read(oid) == GitObject("blob", b"1\n2")
        reader = scratch._reader
        assert reader is not None
        reader._child.kill()
        reader._child.wait()
        with pytest.raises(GitError):
            scratch.read(oid)
        assert scratch.read(oid) == GitObject("blob", b"1\n2")
