"""Reads prediction files: JSON lines, or one JSON list, of `instance_id, model_patch, model_name_or_path`.

An entry may carry `repo` (a name given by --repo, or a path), `base_commit` and `human_commit`; else
the flags, or a `case.toml` folder of that name given beside it, say what the instance is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from judge.errors import InputError
from judge.inputs.batch import Batch, Defaults, Fault
from judge.inputs.case_file import human_side
from judge.static_checks.model.case import Candidate, Case

LAYOUT = "a .jsonl or .json file of predictions (instance_id, model_patch, model_name_or_path)"
MAX_LINE_BYTES = 64 << 20


class Prediction(BaseModel):
    """One entry; other keys are ignored, as harnesses add their own."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    instance_id: str
    model_patch: str | None
    model_name_or_path: str = "unknown"
    repo: str | None = None
    base_commit: str | None = None
    human_commit: str | None = None


def recognises(path: Path) -> bool:
    """Whether `path` is a JSON or JSON lines file."""
    return path.is_file() and path.suffix in (".json", ".jsonl")


def read(path: Path, defaults: Defaults) -> Batch:
    """Read every entry; one that cannot be read is a fault that names its line."""
    cases: dict[str, Case] = {}
    candidates: list[Candidate] = []
    faults: list[Fault] = []
    for place, raw in _entries(path):
        try:
            entry = _parse(place, raw)
        except InputError as error:
            faults.append(Fault(message=str(error)))
            continue
        case = _case(entry, defaults)
        known = cases.setdefault(entry.instance_id, case)
        if known != case:
            faults.append(
                Fault(message=f"{place}: {entry.instance_id!r} had another repo, base or human before; not graded")
            )
            continue
        candidates.append(_candidate(entry, place))
    return Batch(cases=tuple(cases.values()), candidates=tuple(candidates), faults=tuple(faults))


def _entries(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.suffix == ".jsonl":
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(MAX_LINE_BYTES), b""), 1):
                if line.strip():
                    yield f"{path}:{number}", line
        return
    try:
        loaded = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON: {error}") from error
    entries = list(loaded.values()) if isinstance(loaded, dict) and "instance_id" not in loaded else loaded
    for number, entry in enumerate(entries if isinstance(entries, list) else [entries], 1):
        yield f"{path}:entry {number}", json.dumps(entry).encode()


def _parse(place: str, raw: bytes) -> Prediction:
    try:
        return Prediction.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        what = f"key {key!r}: {first['msg']}" if key else first["msg"]
        raise InputError(f"{place}: not a prediction: {what}; needed: instance_id, model_patch") from error


def _case(entry: Prediction, defaults: Defaults) -> Case:
    """Make the case of an entry; a repository that is not there is for the gates to report.

    A `case.toml` beside the predictions may define the instance with a repository of its own.
    """
    repo = defaults.repos.get("")
    if entry.repo is not None and (entry.repo in defaults.repos or repo is None):
        repo = defaults.repos.get(entry.repo, Path(entry.repo))
    return Case(
        id=entry.instance_id,
        repo=repo,
        base=entry.base_commit or defaults.base,
        human=entry.human_commit or human_side(defaults.human),
        benchmark=defaults.benchmark,
        repo_name=entry.repo or "",
    )


def _candidate(entry: Prediction, place: str) -> Candidate:
    return Candidate(
        id=f"{entry.instance_id}/{entry.model_name_or_path}",
        case=entry.instance_id,
        source=place,
        # A lone surrogate in a JSON string is the only text that UTF-8 refuses.
        patch=None if entry.model_patch is None else entry.model_patch.encode("utf-8", "surrogateescape"),
        model=entry.model_name_or_path,
    )
