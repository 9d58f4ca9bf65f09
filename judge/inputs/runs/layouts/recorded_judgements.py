"""Recorded judgements given as runs of their own: a judge's evaluations, or the attempts they refer to.

Either file is found beside the other: `gpt5_evaluations.json` says what the judge answered, and
`all_attempts_comprehensive.json` has the full commits, errors and patches of all attempts, judged or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from judge.errors import UsageError
from judge.inputs.runs.judgement_file import RecordedJudgement, is_judgement_file, read_recorded_judgements
from judge.inputs.runs.recorded_run import PatchState, RecordedRun, Unread
from judge.inputs.runs.recorded_values import claim_from_status, encode_patch, integer, number, section, text
from judge.inputs.runs.run_files import Sample, load_json, read_head

NAME = "recorded-judgements"
LAYOUT = "recorded judgements (a list of evaluated_attempts by commit) and their attempts, given as files"
_ATTEMPTS = "all_attempts_comprehensive.json"


def recognises(sample: Sample) -> bool:
    """Whether `path` is such a file; a folder never is, as its judgements belong to its runs."""
    if not sample.is_file or sample.path.suffix != ".json":
        return False
    start = read_head(sample.path)
    return is_judgement_file(start) or _is_attempts(start)


def read(path: Path) -> Iterator[RecordedRun | Unread]:
    """Yield every attempt, with what a judge said of it."""
    runs: dict[str, RecordedRun] = {}
    if is_judgement_file(read_head(path)):
        beside = path.parent / _ATTEMPTS
        if beside.is_file():
            yield from _attempts(beside, runs)
        yield from _judged(path, runs)
    else:
        yield from _attempts(path, runs)
    yield from runs.values()


def _is_attempts(start: bytes) -> bool:
    return start.lstrip()[:1] == b"[" and b'"run_id"' in start and b'"outcome"' in start and b'"execution"' in start


def _judged(path: Path, runs: dict[str, RecordedRun]) -> Iterator[Unread]:
    try:
        judgements = read_recorded_judgements(path)
    except UsageError as error:
        yield Unread(path=str(path), why=str(error).removeprefix(f"{path}: "))
        return
    for judgement in judgements:
        key = f"{judgement.run_id}/{judgement.item_id}"
        known = runs.get(key) or _bare(key, judgement, path)
        runs[key] = replace(known, judgements=(*known.judgements, judgement))


def _bare(key: str, judgement: RecordedJudgement, path: Path) -> RecordedRun:
    return RecordedRun(
        key=key,
        id=key,
        layout=NAME,
        sources=(str(path),),
        human=judgement.commit,
        run=judgement.run_id,
        item=judgement.item_id,
        claimed=claim_from_status(judgement.status),
        claimed_status=judgement.status,
        patch_recorded=judgement.patch_size > 0,
    )


def _attempts(path: Path, runs: dict[str, RecordedRun]) -> Iterator[Unread]:
    content = load_json(path)
    if isinstance(content, Unread):
        yield content
        return
    for number_of_entry, entry in enumerate(content if isinstance(content, list) else [content], 1):
        run_id, item = (
            (text(entry.get(key), 200) for key in ("run_id", "item_id")) if isinstance(entry, dict) else (None, None)
        )
        if run_id is None or item is None:
            yield Unread(path=f"{path}:entry {number_of_entry}", why="is no attempt: needs run_id and item_id")
            continue
        run = _attempt(path, f"{run_id}/{item}", entry)
        runs[run.key] = replace(run, run=run_id, item=item)


def _attempt(path: Path, key: str, entry: Mapping[str, Any]) -> RecordedRun:
    execution, commits = section(entry, "execution"), section(section(entry, "prompt"), "commits")
    patch, state, recorded = _patch(section(entry, "patch"))
    status = text(entry.get("status"), 200)
    return RecordedRun(
        key=key,
        id=key,
        layout=NAME,
        sources=(str(path),),
        base=text(commits.get("pre"), 200),
        human=text(commits.get("human"), 200) or text(entry.get("commit"), 200),
        claimed=claim_from_status(status),
        claimed_status=status,
        patch=patch,
        patch_state=state,
        patch_recorded=recorded,
        returncode=integer(execution.get("returncode")),
        duration_s=number(execution.get("duration_seconds")),
        error=text(execution.get("error")),
        error_type=text(execution.get("error_type"), 200),
        config={"outcome": outcome} if (outcome := text(entry.get("outcome"), 200)) else {},
    )


def _patch(recorded: Mapping[str, Any]) -> tuple[bytes | None, PatchState, bool | None]:
    """Return the patch where the file holds it whole: its text was cut for the judge, its size was not."""
    size = integer(recorded.get("size_bytes"))
    if recorded.get("exists") is False:
        return None, "missing", False
    if size is None or recorded.get("exists") is not True:
        return None, "unknown", None
    content = recorded.get("content")
    written = encode_patch(content) if isinstance(content, str) else b""
    if size == 0:
        return b"", "empty", False
    return (written, "yes", True) if len(written) == size else (None, "unknown", True)
