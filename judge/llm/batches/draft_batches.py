"""Collects the lines of batches that are about to be sent: on disk, since together they are large."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from judge.llm.batches.batch_ledger import BatchItem, line_name, new_intent
from judge.llm.calls.spending_limit import Reservation
from judge.llm.providers.batch_api import BatchApi
from judge.llm.voting import add_costs


@dataclass(kw_only=True)
class DraftBatch:
    """A batch that is being filled.

    Attributes:
        intent: our own name for it.
        items: what its lines stand for.
        reserved: the money that was set aside for each.
        size: bytes of its lines, a line feed for each counted.
    """

    intent: str = field(default_factory=new_intent)
    items: list[BatchItem] = field(default_factory=list)
    reserved: list[Reservation] = field(default_factory=list)
    size: int = 0
    _sizes: list[int] = field(default_factory=list)
    _spool: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    def add(self, item: BatchItem, line: bytes, reserved: Reservation) -> None:
        """Append a line."""
        self.items.append(item)
        self.reserved.append(reserved)
        self.size += len(line) + 1
        self._sizes.append(len(line))
        self._spool.write(line)

    def lines(self) -> Iterator[bytes]:
        """Read the lines back, in the order of `items`."""
        self._spool.seek(0)
        for size in self._sizes:
            yield self._spool.read(size)

    @property
    def worst_usd(self) -> float | None:
        """The most that it can cost; None if that is not known."""
        return add_costs(reserved.worst for reserved in self.reserved)

    def close(self) -> None:
        """Throw the lines away."""
        self._spool.close()


class DraftBatches:
    """As many batches as the lines need, within one provider's limits."""

    def __init__(self, api: BatchApi) -> None:
        """Start with none."""
        self._api = api
        self._drafts: list[DraftBatch] = []
        self._keys: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def add(
        self,
        line: Mapping[str, Any],
        *,
        key: str,
        number: int,
        question: str,
        max_output_tokens: int,
        reserved: Reservation,
    ) -> None:
        """Append a line of the provider's format; it is named by its batch and `question`."""
        draft = self._drafts[-1] if self._drafts else self._new()
        data = _named(line, draft, question)
        if draft.items and (
            len(draft.items) >= self._api.MOST_REQUESTS or draft.size + len(data) + 1 > self._api.MOST_BYTES
        ):
            draft = self._new()
            data = _named(line, draft, question)
        item = BatchItem(
            key=key,
            number=number,
            custom_id=line_name(draft.intent, question),
            question=question,
            max_output_tokens=max_output_tokens,
        )
        draft.add(item, data, reserved)
        self._keys.add(key)

    def take(self) -> Generator[DraftBatch]:
        """Hand the batches out one after the other; each is thrown away after its turn."""
        while self._drafts:
            draft = self._drafts.pop(0)
            try:
                yield draft
            finally:
                draft.close()

    def close(self) -> None:
        """Throw everything away."""
        for draft in self._drafts:
            draft.close()
        self._drafts.clear()

    def _new(self) -> DraftBatch:
        self._drafts.append(draft := DraftBatch())
        return draft


def _named(line: Mapping[str, Any], draft: DraftBatch, question: str) -> bytes:
    return json.dumps({**line, "custom_id": line_name(draft.intent, question)}).encode()
