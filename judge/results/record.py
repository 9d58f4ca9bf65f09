"""The files other programs read: JSON lines in and out, schema version, resume by content key."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticSerializationError

from judge.core.judgement import WAITING, Judgement, NotAsked
from judge.core.timing import Timing
from judge.core.verdict import Verdict
from judge.errors import OutputError
from judge.results.keys import PatchText
from judge.static_checks.closing import Closing
from judge.static_checks.model.case import Candidate, Case, Claim
from judge.static_checks.model.finding import Gate, GateResult

SCHEMA: Literal[1] = 1


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class CaseReference(_Record):
    """Which task the candidate was for."""

    id: str
    repo: str | None
    base: str | None
    human: str | None = Field(description="revision or diff file; null if the case has no human side")


class SourceReference(_Record):
    """Where the patch came from."""

    path: str
    agent: str | None
    model: str | None
    run: str | None


class _Candidate(_Record):
    """What was graded: the first keys of a line."""

    schema_version: Literal[1] = Field(default=SCHEMA, alias="schema")
    id: str
    key: str = Field(description="digest of everything the verdict depends on; equal key, equal verdict")
    case: CaseReference
    source: SourceReference
    claimed: Claim | None


class VerdictRecord(Verdict, _Candidate):
    """One line of `verdicts.jsonl`: everything known about one candidate."""

    gates: dict[Gate, GateResult]
    judgement: Judgement
    timing: Timing
    patch_sha256: str | None = Field(
        description="digest of the raw patch text; null when there was none or it could not be read"
    )
    patch_bytes: int | None = Field(default=None, description="its size in bytes")
    patch_chars: int | None = Field(default=None, description="its size in characters of UTF-8")

    @property
    def ungraded(self) -> bool:
        """Whether a stage failed by its own fault, so that grading again may tell more."""
        stages = [gate.status for gate in self.gates.values()] + [self.judgement.status, self.timing.status]
        waiting = isinstance(self.judgement, NotAsked) and self.judgement.reason in WAITING
        return "error" in stages or waiting

    def line(self) -> str:
        """Return the record as one line of JSON, without the line end."""
        return self.model_dump_json(by_alias=True)


def make_record(
    *,
    key: str,
    case: Case,
    candidate: Candidate,
    verdict: Verdict,
    gates: Mapping[Gate, GateResult],
    judgement: Judgement,
    timing: Timing,
    text: PatchText | None,
) -> VerdictRecord:
    """Assemble the line for one candidate.

    Raises:
        ValueError: a number that is not finite.
    """
    record = VerdictRecord(
        schema=SCHEMA,
        id=candidate.id,
        key=key,
        case=CaseReference(
            id=case.id, repo=str(case.repo) if case.repo else None, base=case.base, human=_human_name(case.human)
        ),
        source=SourceReference(path=candidate.source, agent=candidate.agent, model=candidate.model, run=candidate.run),
        claimed=candidate.claimed,
        **dict(verdict),
        gates=dict(gates),
        judgement=judgement,
        timing=timing,
        patch_sha256=text.sha256 if text else None,
        patch_bytes=text.bytes if text else None,
        patch_chars=text.chars if text else None,
    )
    try:
        record.line()
    except PydanticSerializationError:
        return VerdictRecord.model_validate(_printable(record.model_dump(by_alias=True)))
    return record


def _human_name(human: str | Path | bytes | None) -> str | None:
    return "(diff in the input)" if isinstance(human, bytes) else str(human) if human is not None else None


def _printable(value: Any) -> Any:
    """Undecodable bytes of patches and file names are kept inside as surrogates; JSON must not carry those."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        case dict():
            return {_printable(key): _printable(item) for key, item in value.items()}
        case list() | tuple():
            return type(value)(_printable(item) for item in value)
    return value


class Ledger(Closing):
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
        found = {}
        for number, line in self.lines():
            # The key stands near the start of a line: a line with another key is not parsed at all.
            if (start := line.find(b'"key":"')) < 0 or line[start + 7 : start + 71].decode("ascii", "replace") in keys:
                record = self.parse(number, line)
                found[record.key] = record
        return found

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
