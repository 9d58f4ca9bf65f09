"""What gathers an audit's results from a stream of runs, in memory that does not grow with their texts."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from judge.auditing.audited_run import AuditedRun

EXAMPLES = 5

Severity = Literal["block", "warn", "info"]
_Result = TypeVar("_Result", covariant=True)


class Accumulator(Protocol[_Result]):
    """Sees every run once, in order of id, and then says what came of it."""

    def add(self, audited: AuditedRun) -> None:
        """Look at one run; keep counts and numbers of runs, never their texts."""

    def result(self) -> _Result:
        """Return the result; called once, after the last run."""


class RunSet:
    """Which runs something concerns: four bytes a run, and the first few names to show."""

    def __init__(self) -> None:
        """Start empty."""
        self._numbers = array("I")
        self.examples: list[str] = []

    def add(self, audited: AuditedRun) -> None:
        """Take a run in; runs come in order, and one that was just added is not added again."""
        self.take(audited.number, audited.run.id)

    def take(self, number: int, id: str) -> None:
        """Take a run in by number and id, in order of number."""
        if self._numbers and self._numbers[-1] == number:
            return
        self._numbers.append(number)
        if len(self.examples) < EXAMPLES:
            self.examples.append(id)

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[int]:
        """Yield the runs' numbers."""
        return iter(self._numbers)


@dataclass(frozen=True, kw_only=True)
class AuditFinding:
    """One thing that is wrong with runs, harness or judge.

    Attributes:
        code: name of the kind, e.g. `phantom-success`.
        severity: `block`: a number built on these runs is wrong; `warn`: it may be; `info`: good to know.
        title: the kind in a few words.
        message: what was seen here, with its figures.
        runs: the runs it concerns; empty where it concerns a file or the judge.
        recovers: how many runs mending it would recover; None if that cannot be said.
        mend: what to do.
        details: further figures, JSON values only, in a stable order.
    """

    code: str
    severity: Severity
    title: str
    message: str
    runs: RunSet = field(default_factory=RunSet)
    recovers: int | None = None
    mend: str = ""
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with its name (also its file's), a title, and rows of plain values; None is an empty cell."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str | int | float | None, ...]]
    note: str = ""
