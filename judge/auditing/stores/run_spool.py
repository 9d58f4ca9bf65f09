"""Keeps what the readers describe on disk, joined and in order, so that an audit's memory does not grow with it."""

from __future__ import annotations

import pickle
import sqlite3
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from judge.inputs.runs.recorded_run import RecordedRun
from judge.results.keys import PatchText

_SCHEMA = """
CREATE TABLE description (key TEXT NOT NULL, run BLOB NOT NULL);
CREATE INDEX description_key ON description (key);
CREATE TABLE commit_id (repo TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (repo, id)) WITHOUT ROWID;
CREATE TABLE run (
    number INTEGER, id TEXT PRIMARY KEY, task TEXT NOT NULL, sha256 TEXT, bytes INTEGER, chars INTEGER,
    twins TEXT NOT NULL DEFAULT '', run BLOB NOT NULL
);
CREATE TABLE graded (number INTEGER PRIMARY KEY, key TEXT NOT NULL);
CREATE TABLE stored (key TEXT PRIMARY KEY, start INTEGER NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID;
"""

_FULL_ID = 40


@dataclass(frozen=True, kw_only=True)
class Spooled:
    """A run as it stands in the spool.

    Attributes:
        number: place in order of id; -1 until `settle`.
        task: REPO/HUMAN, or what else names the task; runs of one task share it.
        text: digest and size of the patch, None if there is none or it cannot be read.
        twins: other tasks that were given the same, non-empty patch.
    """

    number: int
    run: RecordedRun
    task: str
    text: PatchText | None
    twins: tuple[str, ...]


class Spool(AbstractContextManager["Spool"]):
    """A database in a temporary file; one process writes and reads it, nothing else sees it."""

    def __init__(self) -> None:
        """Open an empty one."""
        self._folder = tempfile.TemporaryDirectory(prefix="judge-audit-")
        self._db = sqlite3.connect(Path(self._folder.name) / "spool.sqlite", isolation_level=None)
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN;")
        for statement in _SCHEMA.split(";"):
            self._db.execute(statement)

    def close(self) -> None:
        """Delete it."""
        self._db.close()
        self._folder.cleanup()

    def __exit__(self, *_: object) -> None:
        self.close()

    def describe(self, run: RecordedRun) -> None:
        """Keep one description."""
        self._db.execute("INSERT INTO description VALUES (?, ?)", (run.key, _pack(run)))
        if run.human and len(run.human) == _FULL_ID:
            self._db.execute("INSERT OR IGNORE INTO commit_id VALUES (?, ?)", (run.repo or "", run.human))

    def commits(self, repo: str | None, short: str) -> list[str]:
        """Return the full ids of human commits in a repository that begin like a short one, two at most."""
        rows = self._db.execute(
            "SELECT id FROM commit_id WHERE repo = ? AND id >= ? AND id < ? LIMIT 2", (repo or "", short, short + "g")
        )
        return [str(row[0]) for row in rows]

    def descriptions(self) -> Iterator[list[RecordedRun]]:
        """Yield the descriptions of each run, in the order in which they came."""
        group: list[RecordedRun] = []
        for key, packed in self._db.execute("SELECT key, run FROM description ORDER BY key, rowid"):
            if group and group[0].key != key:
                yield group
                group = []
            group.append(_unpack(packed))
        if group:
            yield group

    def add(self, run: RecordedRun, *, task: str, text: PatchText | None) -> None:
        """Keep a joined run; one whose id is taken is told apart by its key."""
        taken = self._db.execute("SELECT 1 FROM run WHERE id = ?", (run.id,)).fetchone()
        kept = replace(run, id=f"{run.id} ({run.key})") if taken else run
        self._db.execute(
            "INSERT INTO run (number, id, task, sha256, bytes, chars, run) VALUES (-1, ?, ?, ?, ?, ?, ?)",
            (kept.id, task, *(text or (None, None, None)), _pack(kept)),
        )

    def settle(self) -> int:
        """Number the runs in order of id and find out which tasks share a patch; return how many runs there are."""
        self._db.execute("DROP TABLE description")
        self._db.execute(
            "UPDATE run SET number = ranked.place FROM "
            "(SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM run) AS ranked WHERE run.id = ranked.id"
        )
        shared = self._db.execute(
            "SELECT sha256 FROM run WHERE bytes > 0 GROUP BY sha256 HAVING count(DISTINCT task) > 1"
        ).fetchall()
        for (sha256,) in shared:
            tasks = [
                task
                for (task,) in self._db.execute(
                    "SELECT DISTINCT task FROM run WHERE sha256 = ? ORDER BY task LIMIT 50", (sha256,)
                )
            ]
            for task in tasks:
                others = "\n".join(other for other in tasks if other != task)
                self._db.execute("UPDATE run SET twins = ? WHERE sha256 = ? AND task = ?", (others, sha256, task))
        self._db.execute("CREATE UNIQUE INDEX run_number ON run (number)")
        self._db.execute("CREATE INDEX run_task ON run (task, number)")
        return int(self._db.execute("SELECT count(*) FROM run").fetchone()[0])

    def runs(self, *, by_task: bool = False) -> Iterator[Spooled]:
        """Yield all runs in order of number, or those of one task after those of another."""
        order = "task, number" if by_task else "number"
        for number, task, sha256, size, chars, twins, packed in self._db.execute(
            f"SELECT number, task, sha256, bytes, chars, twins, run FROM run ORDER BY {order}"
        ):
            yield Spooled(
                number=number,
                run=_unpack(packed),
                task=task,
                text=PatchText(sha256=sha256, bytes=size, chars=chars) if sha256 else None,
                twins=tuple(twins.split("\n")) if twins else (),
            )

    def names(self, numbers: Iterable[int]) -> Iterator[str]:
        """Yield the ids of runs."""
        for number in numbers:
            yield str(self._db.execute("SELECT id FROM run WHERE number = ?", (number,)).fetchone()[0])

    def keep_key(self, number: int, key: str) -> None:
        """Remember under which key the record of a run is stored."""
        self._db.execute("INSERT OR REPLACE INTO graded VALUES (?, ?)", (number, key))

    def key(self, number: int) -> str:
        """Return the key of a run's record."""
        return str(self._db.execute("SELECT key FROM graded WHERE number = ?", (number,)).fetchone()[0])

    def keys(self) -> Iterator[str]:
        """Yield the keys of all runs' records in order of number."""
        for (key,) in self._db.execute("SELECT key FROM graded ORDER BY number"):
            yield str(key)

    def keep_place(self, key: str, start: int, size: int) -> None:
        """Remember where the record with a key stands in the ledger; a later place wins."""
        self._db.execute("INSERT OR REPLACE INTO stored VALUES (?, ?, ?)", (key, start, size))

    def place(self, key: str) -> tuple[int, int] | None:
        """Return where the record with a key stands in the ledger."""
        row = self._db.execute("SELECT start, size FROM stored WHERE key = ?", (key,)).fetchone()
        return (int(row[0]), int(row[1])) if row else None


def _pack(run: RecordedRun) -> bytes:
    return zlib.compress(pickle.dumps(run, protocol=pickle.HIGHEST_PROTOCOL), 1)


def _unpack(packed: bytes) -> RecordedRun:
    run = pickle.loads(zlib.decompress(packed))
    assert isinstance(run, RecordedRun)
    return run
