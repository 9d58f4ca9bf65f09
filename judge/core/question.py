"""What a judge is asked: plain data, the facts included, so that it can be sent anywhere or stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from judge.static_checks.change.change import Change, TouchedFile
from judge.static_checks.model.case import Case
from judge.static_checks.model.finding import Gate, GateResult


@dataclass(frozen=True, kw_only=True)
class Question:
    """One candidate against the human side of its case.

    Attributes:
        candidate: id of the candidate.
        case: id of its case.
        patch_sha256: digest of the raw patch text.
        raw: the patch text as it came.
        human: the human commit as the case names it; None where it is a diff or there is none.
        description: the task in words.
        benchmark: text of the case's benchmark; None if there is none or it cannot be read.
        patch: the candidate's patch as it was applied.
        files: its files before and after.
        human_patch: the human's patch; None if the case has no human side.
        human_files: the human's files before and after.
        gates: the facts; a judge is given them and not asked for them.
    """

    candidate: str
    case: str
    patch_sha256: str
    raw: bytes
    human: str | None
    description: str
    benchmark: bytes | None
    patch: bytes
    files: tuple[TouchedFile, ...]
    human_patch: bytes | None
    human_files: tuple[TouchedFile, ...]
    gates: Mapping[Gate, GateResult]


def make_question(case: Case, candidate: str, raw: bytes, change: Change, gates: Mapping[Gate, GateResult]) -> Question:
    """Ask about an applied change; `raw` is the patch text as it came."""
    return Question(
        candidate=candidate,
        case=case.id,
        patch_sha256=hashlib.sha256(raw).hexdigest(),
        raw=raw,
        human=case.human if isinstance(case.human, str) else None,
        description=case.description,
        benchmark=_text(case.benchmark),
        patch=change.patch.data,
        files=change.files,
        human_patch=change.human.patch.data if change.human else None,
        human_files=change.human.files if change.human else (),
        gates=gates,
    )


def _text(benchmark: Path | None) -> bytes | None:
    """The timing stage is the one to report a benchmark that cannot be read; without one there is less to show."""
    try:
        return benchmark.read_bytes() if benchmark else None
    except OSError:
        return None
