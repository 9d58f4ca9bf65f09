"""What findings and tables may ask for besides the runs themselves: repositories, expectations, judgements."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from judge.auditing.regrading.human_gates import HumanSides
from judge.inputs.runs.recorded_judgements import RecordedJudgement, RecordedScope
from judge.inputs.runs.run import Run, Unread
from judge.static_checks.repo.git import GitError, Repository, RepositoryError

_KEPT_DIFFS = 512


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """`--expect FILE:PATH=VALUE`: what a configuration file is said to hold."""

    file: Path
    path: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Context:
    """What is the same for the whole audit.

    Attributes:
        roots: the paths that were given.
        repos: repositories by name.
        expect: what configuration files are said to hold.
        judgements: every recorded judgement, also those whose run was not found.
        judged: what the file of recorded judgements is about, None if none was given.
        unread: files that could not be read.
        humans: what the gates said of the human changes of all tasks.
        human_diff: the human change of a run's task as a diff; None where it cannot be had.
    """

    roots: tuple[Path, ...] = ()
    repos: Mapping[str, Path] = field(default_factory=dict)
    expect: tuple[Expectation, ...] = ()
    judgements: tuple[RecordedJudgement, ...] = ()
    judged: RecordedScope | None = None
    unread: tuple[Unread, ...] = ()
    humans: HumanSides = field(default_factory=HumanSides)
    human_diff: Callable[[Run], bytes | None] = field(default=lambda run: None, repr=False)


class HumanDiffs:
    """Reads the human change of a run's task from its repository, and keeps the last ones."""

    def __init__(self, repos: Mapping[str, Path]) -> None:
        """Read from `repos`."""
        self._repos = repos
        self._open: dict[str, Repository | None] = {}
        self._kept: OrderedDict[tuple[str, str, str], bytes | None] = OrderedDict()

    def __call__(self, run: Run) -> bytes | None:
        """Return the change as a diff; None without the repository or the commits."""
        if run.repo is None or run.repo not in self._repos or run.base is None or run.human is None:
            return None
        key = (run.repo, run.base, run.human)
        if key not in self._kept:
            self._kept[key] = self._read(*key)
            if len(self._kept) > _KEPT_DIFFS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _read(self, repo: str, base: str, human: str) -> bytes | None:
        if repo not in self._open:
            self._open[repo] = Repository.open(self._repos[repo])
        repository = self._open[repo]
        try:
            return repository.diff(base, human) if repository is not None else None
        except (RepositoryError, GitError):
            return None
