"""Writes source trees for the timing engine: one commit of a repository as plain files."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from judge.static_checks.git import GitError, ScratchRepository


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
