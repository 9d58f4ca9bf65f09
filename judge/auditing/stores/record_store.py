"""The records of an audit on disk: appended as they are made, found again by key, at the end put in order."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from judge.auditing.stores.run_spool import Spool
from judge.lib.files import replacing
from judge.results.ledger import Ledger
from judge.results.record import VerdictRecord


class RecordStore(AbstractContextManager["RecordStore"]):
    """`verdicts.jsonl` of a folder, read by place and never as a whole; resumes like `judge grade`."""

    def __init__(self, folder: Path, spool: Spool) -> None:
        """Open the folder and note where its records stand.

        Raises:
            OutputError: see `Ledger`.
        """
        self._name = folder.name
        self._ledger = Ledger(folder)
        self._places = spool
        self._end = 0
        for _, line in self._ledger.lines():
            if (start := line.find(b'"key":"')) >= 0:
                self._keep(line[start + 7 : start + 71].decode("ascii", "replace"), len(line))
            else:
                self._end += len(line)
        self._file = self._ledger.path.open("rb")

    def close(self) -> None:
        """Close the files, which gives the folder free."""
        self._file.close()
        self._ledger.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def line(self, key: str) -> bytes | None:
        """Return the stored line with a key, None if there is none."""
        place = self._places.place(f"{self._name}:{key}")
        if place is None:
            return None
        self._file.seek(place[0])
        return self._file.read(place[1])

    def get(self, key: str) -> VerdictRecord | None:
        """Return the stored record with a key, None if there is none that can be read."""
        line = self.line(key)
        return None if line is None else self._ledger.parse(0, line)

    def put(self, record: VerdictRecord) -> None:
        """Append a record."""
        size = self._ledger.append(record)
        self._keep(record.key, size)

    def arrange(self, keys: Iterable[str]) -> None:
        """Leave the records with these keys, in this order, and no others."""
        with replacing(self._ledger.path) as file:
            for key in keys:
                line = self.line(key)
                assert line is not None, f"no record has the key {key}"
                file.write(line)

    def _keep(self, key: str, size: int) -> None:
        self._places.keep_place(f"{self._name}:{key}", self._end, size)
        self._end += size
