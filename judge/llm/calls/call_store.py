"""Keeps every call to a model and its reply: one SQLite file, safe with several processes and after `kill -9`.

The row of a call is committed as `sent` before the call and settled after it. So what a killed run had in flight is
known, nothing that was answered is asked again, and no two processes ask the same.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from judge.errors import OutputError, UsageError

SCHEMA = 1
APPLICATION = 0x4A554447
"""`PRAGMA application_id` of these files: "JUDG"."""

State = Literal["sent", "answered", "failed", "lost"]

BATCH = "batch:"
"""What an owner begins with that is no process but a provider's batch; it does not die."""

Standing = Literal["alive", "dead", "elsewhere", "batch"]

_BUSY_S = 60.0
"""How long a write waits for other processes; each of theirs takes milliseconds."""

_CREATE = """
CREATE TABLE attempts (
    key TEXT NOT NULL,               -- what was asked, of whom and how
    number INTEGER NOT NULL,         -- 1 is the first call for this key
    state TEXT NOT NULL,             -- sent | answered | failed (not billed) | lost (may have been billed)
    model TEXT NOT NULL,
    custom_id TEXT NOT NULL,         -- of the question, as in batch and replay files
    max_output_tokens INTEGER NOT NULL,
    owner TEXT NOT NULL,             -- who made the call: JSON, or "batch:..."
    sent_at REAL NOT NULL,           -- seconds since 1970
    expires_at REAL,                 -- after this an owner that cannot be seen counts as dead; null: never
    settled_at REAL,
    payload TEXT,                    -- the provider's JSON as it came
    reason TEXT,                     -- why there is none
    message TEXT,
    PRIMARY KEY (key, number)
)
"""
_COLUMNS = "number, state, max_output_tokens, owner, expires_at, payload, reason, message"

_ADVICE = {
    "SQLITE_NOTADB": "is no file of kept replies; choose another with --cache",
    "SQLITE_CORRUPT": "is damaged; move it away, or choose another with --cache",
    "SQLITE_READONLY": "cannot be written; choose another with --cache",
    "SQLITE_CANTOPEN": "cannot be opened; choose another with --cache",
    "SQLITE_PERM": "cannot be opened; choose another with --cache",
    "SQLITE_FULL": "the disk is full; make room, then give the same command again",
    "SQLITE_IOERR": "the disk cannot be read or written; make room or repair it, then give the same command again",
    "SQLITE_BUSY": f"is locked by another program for more than {_BUSY_S:.0f} s; end it, then give the same command "
    "again",
}


def this_process() -> str:
    """Make a name for an owner in this process, never the same twice: machine, process id and time of its start."""
    pid = os.getpid()
    owner = {
        "host": socket.gethostname(),
        "place": _place(),
        "pid": pid,
        "start": _start(pid),
        "mark": os.urandom(8).hex(),
    }
    return json.dumps(owner, sort_keys=True)


def standing(owner: str) -> Standing:
    """Say whether an owner still runs; `elsewhere` where that cannot be seen from here."""
    if owner.startswith(BATCH):
        return "batch"
    known = json.loads(owner)
    if known["place"] is None or known["place"] != _place():
        return "elsewhere"
    return "alive" if known["start"] == _start(known["pid"]) else "dead"


def _place() -> str | None:
    """Where a process id means something: one start of one machine, one container; None where that is not told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return None


def _start(pid: int) -> str | None:
    """When a process started, in the clock ticks of proc(5); None if there is none or only its remains."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The name stands in parentheses and may hold any byte, so count from the last one: state is 3rd, start 22nd.
    fields = stat[stat.rindex(b")") + 2 :].split()
    return None if fields[0] in (b"Z", b"X") else fields[19].decode("ascii")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One call.

    Attributes:
        number: 1 is the first call for its key.
        state: `sent` has no reply yet; `answered` has a payload; `failed` was not billed; the reply of a `lost` one
            never came and may have been billed.
        max_output_tokens: limit that was set for the reply.
        owner: who made it.
        expires_at: when an owner that cannot be seen counts as dead, seconds since 1970; None is never.
        payload: the provider's JSON as it came.
        reason: why there is none, by name.
        message: the same in words.
    """

    number: int
    state: State
    max_output_tokens: int
    owner: str
    expires_at: float | None = None
    payload: str | None = None
    reason: str | None = None
    message: str | None = None

    @property
    def holder(self) -> Standing:
        """Who still works on it, if it is `sent`: a call past its time is dead, whoever made it."""
        owner_standing = standing(self.owner)
        late = self.expires_at is not None and time.time() > self.expires_at
        return "dead" if late and owner_standing != "batch" else owner_standing


class CallStore:
    """The kept calls. Its methods can be called from any thread; each is one short transaction on its own."""

    def __init__(self, path: Path | None) -> None:
        """Open a file, made if there is none; None keeps everything in memory.

        Raises:
            UsageError: it is something else, or of a newer version.
            OutputError: it cannot be used.
        """
        self.path = path
        self._lock = threading.RLock()
        self._owner = this_process()
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"--cache {str(path)!r}: its folder cannot be made ({error.strerror})") from error
        with self._explained():
            self._connection = sqlite3.connect(
                path or ":memory:", timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def attempts(self, key: str) -> tuple[Attempt, ...]:
        """Return the calls for a key, in order."""
        with self._lock, self._explained():
            rows = self._connection.execute(f"SELECT {_COLUMNS} FROM attempts WHERE key = ? ORDER BY number", (key,))
            return tuple(
                Attempt(
                    number=number,
                    state=state,
                    max_output_tokens=limit,
                    owner=owner,
                    expires_at=expires_at,
                    payload=payload,
                    reason=reason,
                    message=message,
                )
                for number, state, limit, owner, expires_at, payload, reason, message in rows
            )

    def begin(
        self,
        key: str,
        number: int,
        *,
        model: str,
        custom_id: str,
        max_output_tokens: int,
        owner: str | None = None,
        lease_s: float | None = None,
    ) -> bool:
        """Note that a call is about to be made; False if another process noted one of that number first.

        Args:
            key: what is asked.
            number: one more than the last call for the key.
            model: of whom, for the reader of the file.
            custom_id: of the question, for the reader of the file.
            max_output_tokens: limit of the reply.
            owner: who makes it; None is this store.
            lease_s: seconds after which it counts as lost if it is not settled; None is never.
        """
        now = time.time()
        row = (
            *(key, number, model, custom_id, max_output_tokens, owner or self._owner),
            *(now, None if lease_s is None else now + lease_s),
        )
        with self.transaction() as connection:
            done = connection.execute(
                "INSERT INTO attempts (key, number, state, model, custom_id, max_output_tokens, owner, sent_at, "
                "expires_at) VALUES (?, ?, 'sent', ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                row,
            )
            return done.rowcount == 1

    def answer(self, key: str, number: int, payload: str) -> None:
        """Keep a reply; one that comes after its call was given up is kept too, since it was paid for."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE attempts SET state = 'answered', payload = ?, reason = NULL, message = NULL, settled_at = ? "
                "WHERE key = ? AND number = ?",
                (payload, time.time(), key, number),
            )

    def give_up(
        self,
        key: str,
        number: int,
        *,
        state: Literal["failed", "lost"],
        reason: str,
        message: str = "",
        owner: str | None = None,
    ) -> bool:
        """Note that a call of an owner (None: this store) has no reply; False if it is no longer open."""
        with self.transaction() as connection:
            done = connection.execute(
                "UPDATE attempts SET state = ?, reason = ?, message = ?, settled_at = ? "
                "WHERE key = ? AND number = ? AND owner = ? AND state = 'sent'",
                (state, reason, message, time.time(), key, number, owner or self._owner),
            )
            return done.rowcount == 1

    def together(self, works: Sequence[Callable[[], Any]]) -> list[Any]:
        """Do several things in one transaction, so that they share one wait for the disk; return what each returns."""
        with self.transaction():
            return [work() for work in works]

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do several things at once or not at all; one inside another is part of it.

        Raises:
            OutputError: the file cannot be written or is damaged.
        """
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            with self._explained():
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                except BaseException:
                    self._connection.rollback()  # does nothing where SQLite ended it itself, as on a full disk
                    raise

    def _prepare(self) -> None:
        with self._explained():
            self._refuse_foreign()
            # A commit is on the disk before anything is reported, a power cut included.
            self._connection.execute("PRAGMA synchronous = FULL")
            self._use_wal()
        with self.transaction() as connection:
            self._refuse_foreign()
            if not connection.execute("PRAGMA user_version").fetchone()[0]:
                connection.execute(_CREATE)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {SCHEMA}")

    def _refuse_foreign(self) -> None:
        """A file with tables is one of ours only if it says so."""
        ask = self._connection.execute
        tables = ask("SELECT count(*) FROM sqlite_master").fetchone()[0]
        version = ask("PRAGMA user_version").fetchone()[0]
        if ask("PRAGMA application_id").fetchone()[0] != APPLICATION:
            if tables or version:
                raise UsageError(f"--cache {str(self.path)!r} is a database of another program; choose another file")
        elif version > SCHEMA:
            raise UsageError(
                f"--cache {str(self.path)!r} was written by a newer version (schema {version}, known is {SCHEMA}); "
                "choose another file"
            )

    def _use_wal(self) -> None:
        """Readers do not wait for a writer in this mode. Going over to it does not wait for others: try again."""
        until = time.monotonic() + _BUSY_S
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if _name(error) != "SQLITE_BUSY" or time.monotonic() > until:
                    raise
                time.sleep(0.02)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            advice = _ADVICE.get(_name(error), "cannot be used; choose another with --cache")
            raise OutputError(f"--cache {str(self.path)!r} {advice} ({error})") from error


def _name(error: sqlite3.Error) -> str:
    """Return SQLite's name of an error without its details: SQLITE_IOERR_WRITE is an SQLITE_IOERR."""
    return "_".join((getattr(error, "sqlite_errorname", None) or "").split("_")[:2])
