"""`verdicts.jsonl` of one output folder: append-only, resumed by content key, safe to kill."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from pydantic import ValidationError

from judge.errors import OutputError
from judge.results.record import SCHEMA, VerdictRecord


class Ledger(AbstractContextManager["Ledger"]):
    """`verdicts.jsonl` of one output folder: append-only, one writer at a time, safe to kill.

    A line is written in one call, so a killed run leaves at most one cut line at the end; the next
    run removes it and grades that candidate again.
    """

    def __init__(self, folder: Path) -> None:
        """Open the folder, make it if needed, and keep other runs out of it.

        Raises:
            OutputError: it cannot be written, or another run has it open.
        """
        self.folder = folder
        self.path = folder / "verdicts.jsonl"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise OutputError(
                f"output folder {str(folder)!r} cannot be written ({error.strerror}); choose another with --out"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise OutputError(
                f"another run is writing {str(folder)!r}; wait for it, or choose another folder with --out"
            ) from None
        self._drop_cut_line()

    def close(self) -> None:
        """Close the files, which gives the folder free."""
        for number in (self._file, self._lock):
            os.close(number)

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, record: VerdictRecord) -> int:
        """Add one line and return its size in bytes.

        Raises:
            OutputError: it could not be written whole; what was written of it is removed.
        """
        left = memoryview(record.line().encode() + b"\n")
        length = len(left)
        size = os.fstat(self._file).st_size
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            os.ftruncate(self._file, size)
            raise OutputError(
                f"{self.path}: cannot be written ({error.strerror}); make room, then give the same command again"
            ) from error
        return length

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield (number, text) of each line."""
        with self.path.open("rb") as file:
            yield from enumerate(file, 1)

    def finished(self, keys: frozenset[str]) -> dict[str, VerdictRecord]:
        """Return the stored records with one of these keys, by key; later lines win.

        Raises:
            OutputError: a line is no record of this schema.
        """
        records = {}
        for number, line in self.lines():
            # The key stands near the start of a line: a line with another key is not parsed at all.
            if (start := line.find(b'"key":"')) < 0 or line[start + 7 : start + 71].decode("ascii", "replace") in keys:
                record = self.parse(number, line)
                records[record.key] = record
        return records

    def parse(self, number: int, line: bytes) -> VerdictRecord:
        """Read one line.

        Raises:
            OutputError: it is no record of this schema.
        """
        try:
            return VerdictRecord.model_validate_json(line)
        except ValidationError as error:
            raise OutputError(
                f"{self.path}:{number}: not a verdict of schema {SCHEMA} ({error.error_count()} errors); "
                "choose another folder with --out, or remove the line"
            ) from error

    def _drop_cut_line(self) -> None:
        """Cut off what a killed run left of its last line."""
        size = os.fstat(self._file).st_size
        end = size
        while end:
            step = min(end, 1 << 16)
            chunk = os.pread(self._file, step, end - step)
            if (last := chunk.rfind(b"\n")) >= 0:
                end = end - step + last + 1
                break
            end -= step
        if end != size:
            os.ftruncate(self._file, end)
