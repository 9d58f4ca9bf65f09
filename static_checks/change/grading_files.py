"""Which files a case is graded by, and what the human commit does to a file: the ground of the tamper rules."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, Self

from judge.static_checks.change.change import Change, TouchedFile

Touch = Literal["same edit", "other edit"]


@dataclass(frozen=True, kw_only=True)
class GradingFiles:
    """The benchmark of a case and the files that its test command names."""

    benchmark: str | None
    tests: frozenset[str]

    @classmethod
    def of(cls, change: Change) -> Self:
        """Return the grading files of a change's case."""
        return cls(benchmark=change.benchmark, tests=named_files(change.tests or ""))

    def role(self, path: str) -> str | None:
        """Say what the case uses a file for, None if for nothing."""
        if path == self.benchmark:
            return "the benchmark that this case is timed by"
        return "a file that this case's test command runs" if path in self.tests else None


def named_files(command: str) -> frozenset[str]:
    """Return the paths, relative to the tree, that a shell command names; `cd FOLDER &&` is followed."""
    try:
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:
        words = command.split()
    folder = PurePosixPath()
    paths: set[str] = set()
    previous = ""
    for word in words:
        if previous == "cd":
            folder /= word
        elif not word.startswith("-"):
            paths.add(str(_normal(folder / word.split("::", 1)[0])))
        previous = word
    return frozenset(paths)


def _normal(path: PurePosixPath) -> PurePosixPath:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        else:
            parts.append(part)
    return PurePosixPath(*parts)


def human_touch(change: Change, file: TouchedFile) -> Touch | None:
    """Return what the human commit does to a file that the candidate touches; None if nothing, or if there is none."""
    if change.human is None:
        return None
    paths = {file.change.old_path, file.change.new_path} - {None}
    for other in change.human.files:
        if paths & {other.change.old_path, other.change.new_path}:
            same = other.after == file.after and other.change.new_path == file.change.new_path
            return "same edit" if same else "other edit"
    return None
