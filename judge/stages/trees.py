"""Writes source trees for the timing engine: the base of a case as plain files, and a patch laid over it."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from judge.static_checks.repo.git import GitError, ScratchRepository
from judge.static_checks.repo.tree import SUBMODULE, SYMLINK, GitTree, PatchedTree

if TYPE_CHECKING:
    from judge.static_checks.checker import PreparedCase


def write_commit(scratch: ScratchRepository, commit: str, folder: Path) -> None:
    """Write the files of `commit` to a new folder.

    Raises:
        GitError: git cannot read the commit.
    """
    folder.mkdir()
    archived = scratch.run(["archive", "--format=tar", commit])
    if archived.code != 0:
        raise GitError(f"git archive failed: {archived.err.strip()[:300]}")
    with tarfile.open(fileobj=io.BytesIO(archived.out)) as archive:
        archive.extractall(folder, filter="data")


def write_base(ground: PreparedCase, folder: Path) -> None:
    """Write the files that the patches of a case start from to a new folder."""
    if isinstance(ground.base, GitTree):
        write_commit(ground.scratch, ground.base.commit, folder)
        return
    assert ground.case.repo is not None
    shutil.copytree(ground.case.repo, folder, symlinks=True, ignore=shutil.ignore_patterns(".git", "__pycache__"))


def lay_over(base: Path, folder: Path, after: PatchedTree) -> None:
    """Copy the base and write the changed files over it; copies, so that no variant can touch another's files."""
    shutil.copytree(base, folder, symlinks=True)
    write_changes(folder, after, after.changed)


def write_changes(folder: Path, after: PatchedTree, paths: Iterable[str]) -> None:
    """Write changed files into a tree as they are after the change; what it deletes goes."""
    for path in paths:
        entry = after.changed[path]
        target = folder / path
        target.unlink(missing_ok=True)
        content = after.read(path)
        if entry is None or content is None or entry.mode == SUBMODULE:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.mode == SYMLINK:
            target.symlink_to(content.decode("utf-8", "surrogateescape"))
        else:
            target.write_bytes(content)
            target.chmod(0o755 if entry.mode == "100755" else 0o644)
