"""The two things that are graded together: a Case (the task) and a Candidate (one patch for it)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Claim = Literal["success", "error"]

MAX_PATCH_BYTES = 10 * 1024 * 1024
"""A larger patch is not read: the reader's objects would take about a hundred times its size."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One task: where its source is, where it starts, what the human did, how it is timed.

    Attributes:
        id: name of the case, unique in one run.
        repo: git repository (bare, clone, worktree) or plain source directory; None if unknown.
        base: revision the patches start from; None for a plain directory.
        human: the human side: a revision, a diff file, or the diff itself; None if there is none.
        benchmark: file that defines `setup()` and `experiment(data)`; None if there is none.
        description: the task in words.
        tests: test command of the case.
        timing: options of the timing stage, as given in `case.toml`.
        origin: where the case was defined, for messages.
        repo_name: what the inputs call its repository, for messages; empty if they do not name it.
    """

    id: str
    repo: Path | None = None
    base: str | None = None
    human: str | Path | bytes | None = None
    benchmark: Path | None = None
    description: str = ""
    tests: str | None = None
    timing: Mapping[str, object] = field(default_factory=dict)
    origin: str = ""
    repo_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One patch for a case, with where it came from and what was claimed for it.

    Attributes:
        id: CASE/NAME, unique in one run.
        case: id of its case.
        source: the patch file, or FILE:LINE of a prediction.
        patch: the file to read, or the bytes themselves; None when the run left no patch at all.
        claimed: what the harness recorded for it.
    """

    id: str
    case: str
    source: str
    patch: Path | bytes | None = field(repr=False)
    agent: str | None = None
    model: str | None = None
    run: str | None = None
    claimed: Claim | None = None

    @property
    def missing(self) -> bool:
        """Whether the run left no patch at all, not even an empty one."""
        return self.patch is None


class UnreadablePatch(OSError):
    """The patch file could not be read or is larger than `MAX_PATCH_BYTES`."""


def read_patch(candidate: Candidate) -> bytes:
    """Return the raw patch text; a missing patch reads as empty, and `Candidate.missing` tells it apart.

    Raises:
        UnreadablePatch: naming the file, what is wrong and what to do.
    """
    if candidate.patch is None:
        return b""
    try:
        size = candidate.patch.stat().st_size if isinstance(candidate.patch, Path) else len(candidate.patch)
        if size > MAX_PATCH_BYTES:
            raise UnreadablePatch(
                f"{candidate.source}: {size / 2**20:.1f} MiB, over the limit of {MAX_PATCH_BYTES // 2**20} MiB; "
                "leave generated or binary files out of the patch"
            )
        return candidate.patch.read_bytes() if isinstance(candidate.patch, Path) else candidate.patch
    except OSError as error:
        if isinstance(error, UnreadablePatch):
            raise
        raise UnreadablePatch(
            f"{candidate.source}: cannot be read ({error.strerror}); check that it is a readable file"
        ) from error
