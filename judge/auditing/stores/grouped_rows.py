"""Values by group, kept in a temporary database of this process: what must be compared between runs of one task."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import EXAMPLES, RunSet

_BATCH = 1000


class Row(NamedTuple):
    """One run in its group."""

    group: str
    value: float
    word: str
    number: int
    id: str


class GroupedRows:
    """Rows of many groups; read once, in order of group, value and run."""

    def __init__(self) -> None:
        """Start empty."""
        self._db = sqlite3.connect("", isolation_level=None)  # an empty name: a private file, gone when closed
        weakref.finalize(self, self._db.close)  # where nobody comes to read them
        self._db.execute("PRAGMA cache_size = -256")  # KiB; a dozen of these are open at once, and each writes in order
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


class ConcernedRuns:
    """Runs that come in any order, gathered for a `RunSet`, which wants them in order of number: one bit a run."""

    def __init__(self) -> None:
        """Start empty."""
        self._bits = bytearray()
        self._count = 0
        self._first: dict[int, str] = {}

    def __len__(self) -> int:
        return self._count

    def add(self, row: Row) -> None:
        """Take a run in; a set keeps the names of its first runs only, so only these are kept here."""
        place, bit = row.number >> 3, 1 << (row.number & 7)
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits)))
        if self._bits[place] & bit:
            return
        self._bits[place] |= bit
        self._count += 1
        self._first[row.number] = row.id
        if len(self._first) > EXAMPLES:
            del self._first[max(self._first)]

    def runs(self) -> RunSet:
        """Return them, each once."""
        concerned = RunSet()
        for place, byte in enumerate(self._bits):
            for bit in range(8):
                if byte & 1 << bit:
                    number = place << 3 | bit
                    concerned.take(number, self._first.get(number, ""))
        return concerned
