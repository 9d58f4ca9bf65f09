"""What a judge is asked: plain data, the facts included, so that it can be sent anywhere or stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from judge.static_checks.change import Change, TouchedFile
from judge.static_checks.finding import Gate, GateResult


@dataclass(frozen=True, kw_only=True)
class Question:
    """One candidate against the human side of its case.

    Attributes:
        candidate: id of the candidate.
        patch_sha256: digest of the raw patch text.
        description: the task in words.
        patch: the candidate's patch as it was applied.
        files: its files before and after.
        human_patch: the human's patch; None if the case has no human side.
        human_files: the human's files before and after.
        gates: the facts; a judge is given them and not asked for them.
    """

    candidate: str
    patch_sha256: str
    description: str
    patch: bytes
    files: tuple[TouchedFile, ...]
    human_patch: bytes | None
    human_files: tuple[TouchedFile, ...]
    gates: Mapping[Gate, GateResult]


def make_question(
    candidate: str, patch_sha256: str, description: str, change: Change, gates: Mapping[Gate, GateResult]
) -> Question:
    """Ask about an applied change."""
    return Question(
        candidate=candidate,
        patch_sha256=patch_sha256,
        description=description,
        patch=change.patch.data,
        files=change.files,
        human_patch=change.human.patch.data if change.human else None,
        human_files=change.human.files if change.human else (),
        gates=gates,
    )
