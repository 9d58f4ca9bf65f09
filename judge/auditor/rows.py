"""Values by group, kept in a temporary database of this process: what must be compared between runs of one task."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from judge.auditor.accumulate import RunSet
from judge.auditor.run import AuditedRun

_BATCH = 1000


class Row(NamedTuple):
    """One run in its group."""

    group: str
    value: float
    word: str
    number: int
    id: str


class Rows:
    """Rows of many groups; read once, in order of group, value and run."""

    def __init__(self) -> None:
        """Start empty."""
        self._db = sqlite3.connect("", isolation_level=None)  # an empty name: a private file, gone when closed
        self._db.execute("CREATE TABLE row (grouped TEXT, value REAL, word TEXT, number INTEGER, id TEXT)")
        self._waiting: list[Row] = []

    def add(self, group: str, audited: AuditedRun, *, value: float = 0.0, word: str = "") -> None:
        """Keep one run."""
        self._waiting.append(Row(group, value, word, audited.number, audited.run.id))
        if len(self._waiting) >= _BATCH:
            self._write()

    def groups(self) -> Iterator[tuple[str, list[Row]]]:
        """Yield each group with its rows, and close the database behind the last."""
        self._write()
        try:
            rows = map(Row._make, self._db.execute("SELECT * FROM row ORDER BY grouped, value, number"))
            for group, members in groupby(rows, key=lambda row: row.group):
                yield group, list(members)
        finally:
            self._db.close()

    def _write(self) -> None:
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO row VALUES (?, ?, ?, ?, ?)", self._waiting)
        self._db.execute("COMMIT")
        self._waiting.clear()


def run_set(rows: list[Row]) -> RunSet:
    """Return the runs of rows."""
    found = RunSet()
    for number, name in sorted({(row.number, row.id) for row in rows}):
        found.take(number, name)
    return found
