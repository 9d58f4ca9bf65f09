"""Reads what `judge calibrate` compares: labels that people gave, and the verdicts of an earlier run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from judge.core.judgement import LogicMatch
from judge.errors import UsageError
from judge.results.record import SCHEMA, VerdictRecord

LabelCategory = Literal["true_success", "partial_success", "good_intent", "lucky_win", "false_positive", "failure"]
LABEL_CATEGORIES: tuple[str, ...] = get_args(LabelCategory)
"""The verdicts that can be true of a patch; that nobody could tell is no label."""


class Label(BaseModel):
    """What a person found of one candidate: one line of a label file; further keys are ignored."""

    model_config = ConfigDict(frozen=True)

    id: str
    logic_match: LogicMatch | None = None
    category: LabelCategory | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.logic_match is None and self.category is None:
            raise ValueError("give `logic_match` or `category`, and leave out what nobody could tell")
        return self


def read_labels(path: Path) -> tuple[Label, ...]:
    """Read a label file, JSON lines.

    Raises:
        UsageError: it cannot be read, a line is no label, or a candidate is labelled twice.
    """
    labels: dict[str, Label] = {}
    for number, line in enumerate(_content(path).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            label = Label.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            raise UsageError(f"{path}:{number}: not a label: {key + ': ' if key else ''}{first['msg']}") from error
        if label.id in labels:
            raise UsageError(f"{path}:{number}: a second label of {label.id!r}; keep one")
        labels[label.id] = label
    return tuple(labels.values())


def read_verdicts(path: Path) -> tuple[VerdictRecord, ...]:
    """Read the verdicts of a run: its output folder, or a file of the same lines; the last line of a candidate counts.

    A last line without its end is what a killed or running grading left, and is passed over.

    Raises:
        UsageError: it cannot be read, or a line is no verdict.
    """
    file = path / "verdicts.jsonl" if path.is_dir() else path
    records: dict[str, VerdictRecord] = {}
    *lines, _ = _content(file).split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            record = VerdictRecord.model_validate_json(line)
        except ValidationError as error:
            raise UsageError(
                f"{file}:{number}: not a verdict of schema {SCHEMA} ({error.error_count()} errors); "
                "give --verdicts the folder that `judge grade --out` wrote"
            ) from error
        records[record.id] = record
    return tuple(records.values())


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
