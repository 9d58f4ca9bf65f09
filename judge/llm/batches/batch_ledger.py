"""Remembers which questions were put into which batch: in the store's file, from before a batch is sent to its end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

from judge.llm.calls.call_store import BATCH, CallStore, Standing, standing, this_process

BatchState = Literal["sending", "open", "collected", "withdrawn"]

MARK_LENGTH = 12
_NAME_LENGTH = 64
"""The longest `custom_id` that both providers take."""

_TABLES = (
    """
CREATE TABLE IF NOT EXISTS batches (
    intent TEXT PRIMARY KEY,         -- our own name for it, known before the provider's
    model TEXT NOT NULL,             -- identity of the model
    state TEXT NOT NULL,             -- sending (it may have arrived or not) | open | collected | withdrawn
    owner TEXT NOT NULL,             -- who sends it
    sent_at REAL NOT NULL,           -- seconds since 1970, just before it was sent
    requests INTEGER NOT NULL,
    worst_usd REAL,                  -- the most it can cost; null: not known
    batch_id TEXT                    -- the provider's name for it
)
""",
    """
CREATE TABLE IF NOT EXISTS batch_items (
    intent TEXT NOT NULL,
    custom_id TEXT NOT NULL,         -- of the line
    key TEXT NOT NULL,               -- of the row in attempts
    number INTEGER NOT NULL,
    PRIMARY KEY (intent, custom_id)
) WITHOUT ROWID
""",
)
_COLUMNS = "intent, model, state, owner, sent_at, requests, worst_usd, batch_id"


@dataclass(frozen=True, kw_only=True)
class BatchRow:
    """A batch that is on its way; the fields are the columns of the table."""

    intent: str
    model: str
    state: BatchState
    owner: str
    sent_at: float
    requests: int
    worst_usd: float | None
    batch_id: str | None

    @property
    def sender(self) -> Standing | Literal["this"]:
        """Whether the process that sends it still runs."""
        return "this" if self.owner == this_process() else standing(self.owner)


@dataclass(frozen=True, kw_only=True)
class BatchItem:
    """One line of a batch: the call that it stands for, and its own name."""

    key: str
    number: int
    custom_id: str
    question: str
    max_output_tokens: int


def new_intent() -> str:
    """Name a batch that does not exist yet."""
    return uuid4().hex


def mark(intent: str) -> str:
    """Return what the name of every line of a batch begins with, so that a batch can be told by any line of it."""
    return intent[:MARK_LENGTH]


def line_name(intent: str, question: str) -> str:
    """Name a line by its batch and its question, shortened to what providers take."""
    return f"{mark(intent)}-{question}"[:_NAME_LENGTH]


class BatchLedger:
    """The batches of one model in a store."""

    def __init__(self, store: CallStore, model: str, model_name: str) -> None:
        """Use the tables in the store's file, made if there are none."""
        self._store = store
        self._model = model
        self._model_name = model_name
        with store.transaction() as connection:
            for table in _TABLES:
                connection.execute(table)

    def intend(self, intent: str, items: Sequence[BatchItem], worst_usd: float | None) -> tuple[BatchItem, ...]:
        """Note, before anything is sent, that a batch with these lines is about to be.

        Returns:
            the items that are now this batch's; another process was faster with the others. Nothing is noted if
            there are none.
        """
        with self._store.transaction() as connection:
            taken = tuple(item for item in items if self._begin(intent, item))
            if taken:
                connection.execute(
                    f"INSERT INTO batches ({_COLUMNS}) VALUES (?, ?, 'sending', ?, ?, ?, ?, NULL)",
                    (intent, self._model, this_process(), time.time(), len(taken), worst_usd),
                )
                connection.executemany(
                    "INSERT INTO batch_items VALUES (?, ?, ?, ?)",
                    [(intent, item.custom_id, item.key, item.number) for item in taken],
                )
        return taken

    def _begin(self, intent: str, item: BatchItem) -> bool:
        return self._store.begin(
            item.key,
            item.number,
            model=self._model_name,
            custom_id=item.question,
            max_output_tokens=item.max_output_tokens,
            owner=BATCH + intent,
        )

    def sending(self, intent: str) -> None:
        """Note the time just before the batch goes out."""
        with self._store.transaction() as connection:
            connection.execute("UPDATE batches SET sent_at = ? WHERE intent = ?", (time.time(), intent))

    def opened(self, intent: str, batch_id: str) -> None:
        """Note that the provider has the batch, and its name for it."""
        with self._store.transaction() as connection:
            connection.execute(
                "UPDATE batches SET state = 'open', batch_id = ? WHERE intent = ? AND state = 'sending'",
                (batch_id, intent),
            )

    def unfinished(self) -> tuple[BatchRow, ...]:
        """Return the batches of this model that are sent or being sent, oldest first."""
        with self._store.transaction() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM batches WHERE model = ? AND state IN ('sending', 'open') ORDER BY sent_at",
                (self._model,),
            ).fetchall()
        names = _COLUMNS.split(", ")
        return tuple(BatchRow(**dict(zip(names, row, strict=True))) for row in rows)

    def known_ids(self) -> frozenset[str]:
        """Return the provider's names of all batches of this store."""
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT batch_id FROM batches WHERE batch_id IS NOT NULL").fetchall()
        return frozenset(name for (name,) in rows)

    def items(self, intent: str) -> dict[str, tuple[str, int]]:
        """Return the calls of a batch, key and number, by the names of its lines."""
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT custom_id, key, number FROM batch_items WHERE intent = ?", (intent,))
            return {name: (key, number) for name, key, number in rows.fetchall()}

    def answer(self, payloads: Iterable[tuple[str, int, str]]) -> None:
        """Keep replies, (key, number, payload), all at once."""
        with self._store.transaction():
            for key, number, payload in payloads:
                self._store.answer(key, number, payload)

    def give_up(
        self, intent: str, key: str, number: int, *, state: Literal["failed", "lost"], reason: str, message: str
    ) -> bool:
        """Note that a line of a batch has no reply; False if it has one, or was given up before."""
        return self._store.give_up(key, number, state=state, reason=reason, message=message, owner=BATCH + intent)

    def finish(
        self, intent: str, state: Literal["collected", "withdrawn"], *, rest: Literal["failed", "lost"], reason: str
    ) -> int:
        """Close a batch and give up the calls that it brought no reply for; returns how many those are."""
        message = "the batch holds no result for it" if state == "collected" else "the batch was not taken up"
        with self._store.transaction() as connection:
            given_up = sum(
                self.give_up(intent, key, number, state=rest, reason=reason, message=message)
                for key, number in self.items(intent).values()
            )
            connection.execute("UPDATE batches SET state = ? WHERE intent = ?", (state, intent))
        return given_up
