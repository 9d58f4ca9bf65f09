"""One line of `verdicts.jsonl`: everything known about one candidate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticSerializationError

from judge.core.judgement import WAITING, Judgement, NotAsked
from judge.core.timing import Timing
from judge.core.verdict import Verdict
from judge.results.keys import PatchText
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
