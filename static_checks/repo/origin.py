"""Finds the commit a patch was really made against, through the pre-image blob ids of its `index` lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from judge.static_checks.patch.parse import Patch
from judge.static_checks.repo.git import GitError, ScratchRepository
from judge.static_checks.repo.tree import GitTree

# A file is rarely changed more often; the limit keeps one odd patch from reading all of a history.
MAX_COMMITS = 5000


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """The commit whose files the patch was made from, and how far it lies from the base.

    Attributes:
        commit: full id of the nearest commit that holds every pre-image blob.
        relation: where it lies, seen from the base.
        distance: commits between the two (on both sides, when they are on different branches).
    """

    commit: str
    relation: Literal["after", "before", "beside", "same"]
    distance: int

    def describe(self) -> str:
        """Say it in words, with a short commit id."""
        commits = "commit" if self.distance == 1 else "commits"
        place = {
            "same": "the base itself",
            "after": f"{self.distance} {commits} after the base",
            "before": f"{self.distance} {commits} before the base",
            "beside": f"{self.distance} {commits} from the base, on another branch",
        }[self.relation]
        return f"{self.commit[:12]}, {place}"


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownOrigin:
    """No commit of the repository holds all pre-images; `why` says what was looked for."""

    why: str


def find_origin(scratch: ScratchRepository, base: str, patch: Patch) -> Origin | UnknownOrigin | None:
    """Find where the patch was made; None when its pre-images are those of the base, or it names none.

    Args:
        scratch: a scratch repository over the one that holds the history.
        base: full id of the commit the patch was meant for.
        patch: the patch; its `index OLD..NEW` lines are what is looked up.

    Raises:
        GitError: git could not read the history.
    """
    wanted = {f.old_path: f.old_blob for f in patch.files if f.old_path and f.old_blob and f.old_blob.strip("0")}
    if not wanted or scratch.source is None:
        return None
    if _holds(GitTree(scratch, base), wanted):
        return None
    absent = [path for path, blob in wanted.items() if scratch.read(blob) is None]
    if absent:
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        return UnknownOrigin(why=f"made from content of {absent[0]!r}{more} that no object of the repository holds")
    holders = _holders(scratch, base, wanted)
    if not holders:
        return UnknownOrigin(why="each file it was made from is in the repository, but no commit holds them together")
    return min((_relate(scratch, base, commit) for commit in holders), key=lambda origin: origin.distance)


def _holds(tree: GitTree, wanted: dict[str, str]) -> bool:
    entries = ((tree.entry(path), blob) for path, blob in wanted.items())
    return all(entry is not None and entry.oid.startswith(blob) for entry, blob in entries)


def _holders(scratch: ScratchRepository, base: str, wanted: dict[str, str]) -> list[str]:
    """Commits that hold all: the one that gave the last of the files its content does, whichever file that is.

    Asked file by file, as that is much faster; what it misses is a merge that brought two of them together.
    """
    histories = ((path, scratch.history(path, limit=MAX_COMMITS)) for path in wanted)
    setters = [c for path, history in histories for c, blob in history if blob.startswith(wanted[path])]
    if holders := _holding(scratch, setters, wanted):
        return holders
    # The base may be a commit that no ref reaches, such as one fetched by its id.
    for tip in (None, base) if len(wanted) > 1 else (base,):
        changes = scratch.changes(tuple(wanted), limit=MAX_COMMITS, tip=tip)
        if holders := _holding(scratch, (c for c, path, blob in changes if blob.startswith(wanted[path])), wanted):
            return holders
    return []


def _holding(scratch: ScratchRepository, commits: Iterable[str], wanted: dict[str, str]) -> list[str]:
    return [commit for commit in dict.fromkeys(commits) if _holds(GitTree(scratch, commit), wanted)]


def _relate(scratch: ScratchRepository, base: str, commit: str) -> Origin:
    counted = scratch.run(["rev-list", "--count", "--left-right", f"{base}...{commit}"])
    if counted.code != 0:
        raise GitError(f"git rev-list failed: {counted.err.strip()}")
    behind, ahead = (int(word) for word in counted.out.split())
    if not behind and not ahead:
        return Origin(commit=commit, relation="same", distance=0)
    if not behind:
        return Origin(commit=commit, relation="after", distance=ahead)
    if not ahead:
        return Origin(commit=commit, relation="before", distance=behind)
    return Origin(commit=commit, relation="beside", distance=behind + ahead)
