"""What findings and tables may ask for besides the runs themselves: repositories, expectations, judgements."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from judge.inputs.runs.judgement_file import JudgementScope, RecordedJudgement
from judge.inputs.runs.recorded_run import RecordedRun, Unread
from judge.results.record import VerdictRecord
from judge.static_checks.repo.git import GitError, Repository, RepositoryError

_KEPT_DIFFS = 512


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """`--expect FILE:PATH=VALUE`: what a configuration file is said to hold."""

    file: Path
    path: str
    value: str


@dataclass(kw_only=True)
class HumanSides:
    """What the gates said of the human changes that the tasks were made from: the measure of the gates themselves.

    A gate that blocks one is itself in doubt.

    Attributes:
        keys: keys of their records by task.
        unchecked: tasks whose base or human commit could not be used, with the reason.
        blocked: tasks whose human change a gate blocks, with the finding's code.
    """

    keys: dict[str, str] = field(default_factory=dict)
    applied: int = 0
    parsed: int = 0
    passed: int = 0
    unchecked: dict[str, str] = field(default_factory=dict)
    blocked: dict[str, str] = field(default_factory=dict)

    def add(self, record: VerdictRecord) -> None:
        """Count one."""
        self.keys[record.case.id] = record.key
        statuses = {name: gate.status for name, gate in record.gates.items()}
        self.applied += statuses["apply"] == "pass"
        self.parsed += statuses["parse"] == "pass"
        findings = [finding for gate in record.gates.values() for finding in gate.findings]
        faults = [f"{finding.code}: {finding.message}" for finding in findings if finding.severity == "error"]
        if "fail" in statuses.values():
            self.blocked[record.case.id] = next(f.code for f in findings if f.severity == "block")
        elif faults:
            self.unchecked[record.case.id] = faults[0]
        else:
            self.passed += 1


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
    judged: JudgementScope | None = None
    unread: tuple[Unread, ...] = ()
    humans: HumanSides = field(default_factory=HumanSides)
    human_diff: Callable[[RecordedRun], bytes | None] = field(default=lambda run: None, repr=False)


class HumanDiffs:
    """Reads the human change of a run's task from its repository, and keeps the last ones."""

    def __init__(self, repos: Mapping[str, Path]) -> None:
        """Read from `repos`."""
        self._repos = repos
        self._open: dict[str, Repository | None] = {}
        self._kept: OrderedDict[tuple[str, str, str], bytes | None] = OrderedDict()

    def __call__(self, run: RecordedRun) -> bytes | None:
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
