"""What findings and tables may ask for besides the runs themselves: repositories, expectations, judgements."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from judge.auditor.run import Run, Unread
from judge.recorded import RecordedJudgement
from judge.static_checks.git import GitError, Repository, RepositoryError

_KEPT_DIFFS = 64


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
        unread: files that could not be read.
    """

    roots: tuple[Path, ...] = ()
    repos: Mapping[str, Path] = field(default_factory=dict)
    expect: tuple[Expectation, ...] = ()
    judgements: tuple[RecordedJudgement, ...] = ()
    unread: tuple[Unread, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "_diffs", _HumanDiffs(self.repos))

    def human_diff(self, run: Run) -> bytes | None:
        """Return the human change of a run's task as a diff; None without its repository or commits."""
        diffs: _HumanDiffs = self._diffs  # type: ignore[attr-defined]  # set in __post_init__ of a frozen class
        return diffs.of(run)


class _HumanDiffs:
    def __init__(self, repos: Mapping[str, Path]) -> None:
        self._repos = repos
        self._open: dict[str, Repository | None] = {}
        self._kept: OrderedDict[tuple[str, str, str], bytes | None] = OrderedDict()

    def of(self, run: Run) -> bytes | None:
        if run.repo not in self._repos or run.base is None or run.human is None:
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
