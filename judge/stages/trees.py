"""Writes source trees for the timing engine: the base of a case as plain files, and a patch laid over it."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from judge.static_checks.repo.git import GitError, ScratchRepository
from judge.static_checks.repo.tree import SYMLINK, GitTree, WrittenFile

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


def write_base(prepared: PreparedCase, folder: Path) -> None:
    """Write the files that the patches of a case start from to a new folder."""
    if isinstance(prepared.base, GitTree):
        write_commit(prepared.scratch, prepared.base.commit, folder)
        return
    assert prepared.case.repo is not None
    shutil.copytree(prepared.case.repo, folder, symlinks=True, ignore=shutil.ignore_patterns(".git", "__pycache__"))


def lay_over(base: Path, folder: Path, files: Mapping[str, WrittenFile | None]) -> None:
    """Copy the base and write changed files over it; copies, so that no variant can touch another's files."""
    shutil.copytree(base, folder, symlinks=True)
    write_files(folder, files)


def write_files(folder: Path, files: Mapping[str, WrittenFile | None]) -> None:
    """Write changed files into a tree as they are after the change; what it deletes goes."""
    for path, file in files.items():
        target = folder / path
        target.unlink(missing_ok=True)
        if file is None:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.mode == SYMLINK:
            target.symlink_to(file.content.decode("utf-8", "surrogateescape"))
        else:
            target.write_bytes(file.content)
            target.chmod(0o755 if file.mode == "100755" else 0o644)
