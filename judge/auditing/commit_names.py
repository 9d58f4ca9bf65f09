"""Completes the short names of commits: a task under a long and a short name would otherwise count as two."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from judge.auditing.stores.run_spool import Spool
from judge.inputs.runs.recorded_run import RecordedRun
from judge.static_checks.repo.git import GitError, Repository, RepositoryError

_SHORT = re.compile(r"[0-9a-f]{7,39}")


class CommitNames:
    """Looks a short name up among the full ids that other runs give, then in the repository."""

    def __init__(self, spool: Spool, repos: Mapping[str, Path]) -> None:
        """Look up in what the spool has seen, and in `repos`."""
        self._spool = spool
        self._repos = repos
        self._open: dict[str, Repository | None] = {}
        self._full = lru_cache(maxsize=4096)(self._look_up)

    def complete(self, run: RecordedRun) -> RecordedRun:
        """Return the run with the full id of its human commit; unchanged if no, or no single, commit has that name."""
        if run.human is None or not _SHORT.fullmatch(run.human):
            return run
        full = self._full(run.repo, run.human)
        return replace(run, human=full) if full else run

    def _look_up(self, repo: str | None, short: str) -> str | None:
        seen = self._spool.commits(repo, short)
        if seen:
            return seen[0] if len(seen) == 1 else None
        name = repo or ""
        if name not in self._repos:
            return None
        try:
            if name not in self._open:
                self._open[name] = Repository.open(self._repos[name])
            repository = self._open[name]
            return repository.resolve(short) if repository else None
        except (RepositoryError, GitError):
            return None
