"""What the gates hand on to timing of a patch that they applied, so that nothing reads or applies it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from judge.stages.watched_lines import watched_lines
from judge.static_checks.change.change import Change
from judge.static_checks.repo.tree import WrittenFile


@dataclass(frozen=True, kw_only=True)
class PatchedFiles:
    """An applied patch as plain data: exactly the bytes that the gates read and the judge was shown.

    Attributes:
        files: the touched paths as the patch leaves them; None where nothing is left.
        watched: by file, the lines of which it is asked whether the benchmark runs them.
        changed_lines: how many lines the patch adds or removes, whichever is more.
    """

    files: Mapping[str, WrittenFile | None] = field(repr=False)
    watched: Mapping[str, frozenset[int]]
    changed_lines: int

    @classmethod
    def of(cls, change: Change) -> PatchedFiles:
        """Take what timing needs from a change whose patch applies.

        Raises:
            GitError: git could not read a file that the patch writes.
        """
        files = change.patch.files
        changed_lines = max(sum(len(file.added) for file in files), sum(len(file.removed) for file in files))
        return cls(files=change.after.written(), watched=watched_lines(change.files), changed_lines=changed_lines)
