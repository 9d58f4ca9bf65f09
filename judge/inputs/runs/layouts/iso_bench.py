"""ISO-Bench run trees: a folder for each run, with `journal.json` and what the agent left beside it.

A run is a folder with a journal or, where that is lost, a `run_summary.json`. A folder that has neither but
other files of a run is named as unread: nobody recorded what came of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from judge.inputs.runs.layouts._iso_bench_identity import Identity, facts, identify
from judge.inputs.runs.recorded_run import PatchState, RecordedRun, Unread
from judge.inputs.runs.recorded_values import (
    boolean,
    claim_from_status,
    encode_patch,
    integer,
    number,
    printable,
    section,
    text,
)
from judge.inputs.runs.run_files import (
    Folder,
    Sample,
    find_patch,
    load_json_object,
    parse_json,
    read_lines,
    readable_size,
    walk,
)

NAME = "iso-bench"
LAYOUT = "ISO-Bench run trees (journal.json, model_patch.diff, prediction.jsonl)"
_JOURNAL, _SUMMARY, _PATCH = "journal.json", "run_summary.json", "model_patch.diff"
_PREDICTION, _RESULTS = "prediction.jsonl", "test_results.json"
_PROMPT, _TASK = "prompt.json", "task.txt"
_STARTED = (_PREDICTION, _PROMPT, _TASK)
"""What shows that a folder is a run's; a lone diff may also lie in a work tree."""
_LOGS = (".log", "_stdout.txt", "_stderr.txt")


def recognises(sample: Sample) -> bool:
    """Whether folders with a journal lie below `path`."""
    return not sample.is_file and _JOURNAL in sample.files


def read(path: Path) -> Iterator[RecordedRun | Unread]:
    """Yield every run below `path`."""
    root, home = str(path), os.path.normpath(path.absolute())
    for folder in walk(path):
        if isinstance(folder, Unread):
            yield folder
        elif _JOURNAL in folder.files or (_SUMMARY in folder.files and _RESULTS not in folder.files):
            inside = folder.path[len(root) :]
            yield from _run(folder, printable(inside.strip("/") or folder.name), identify(home + inside))
        elif _RESULTS not in folder.files and any(name in folder.files for name in _STARTED):
            left = ", ".join(name for name in (_PATCH, *_STARTED) if name in folder.files)
            yield Unread(path=f"{folder.path}/{_JOURNAL}", why=f"is missing: the run left only {left}")


def _run(folder: Folder, name: str, who: Identity) -> Iterator[RecordedRun | Unread]:
    records: dict[str, dict[str, Any]] = {}
    for file in (_JOURNAL, _SUMMARY):
        if file in folder.files:
            record = load_json_object(folder.files[file].path)
            if isinstance(record, Unread):
                yield record
            else:
                records[file] = record
    journal, summary = records.get(_JOURNAL, {}), records.get(_SUMMARY, {})
    patch, state, unread = _patch(folder)
    if unread is not None:
        yield unread
    beside: list[Path] = []
    for place in _beside(folder):
        if isinstance(place, Unread):
            yield place
        else:
            beside.append(place)
    status = text(journal.get("status"), 200) or text(section(summary, "agent").get("status"), 200)
    commits = {**section(summary, "commits"), **section(journal, "commits")}
    meta, process = section(summary, "meta"), _process(journal)
    ended, lasted = number(section(journal, "timestamps").get("written")), number(process.get("duration_s"))
    tokens = section(journal, "token_usage")
    yield RecordedRun(
        key=who.key,
        id=name,
        layout=NAME,
        sources=tuple(folder.files[file].path for file in (_JOURNAL, _SUMMARY) if file in folder.files),
        repo=who.repo or text(meta.get("repo"), 200) or text(section(journal, "run_metadata").get("repo"), 200),
        base=text(commits.get("pre"), 200),
        human=text(commits.get("human"), 200),
        agent=who.agent or text(meta.get("agent"), 200) or _agent(journal),
        model=who.model or text(meta.get("model"), 200),
        run=who.run,
        item=who.item,
        started=ended - (lasted or 0.0) if ended is not None else None,
        claimed=claim_from_status(status),
        claimed_status=status,
        patch=patch,
        patch_state=state,
        patch_recorded=_patch_recorded(journal, summary),
        returncode=integer(process.get("returncode")),
        duration_s=lasted,
        time_to_first_edit_s=number(section(journal, "metrics").get("time_to_first_edit_s")),
        error=text(journal.get("error")),
        error_type=text(journal.get("error_type"), 200),
        tokens_input=integer(tokens.get("input_tokens")),
        tokens_output=integer(tokens.get("output_tokens")),
        logs=tuple(path for path in beside if path.name not in (_PROMPT, _TASK)),
        prompt=next((path for path in beside if path.name == _PROMPT), None),
        task_text=next((path for path in beside if path.name == _TASK), None),
        config=_config(journal, summary, process),
    )


def _patch(folder: Folder) -> tuple[Path | bytes | None, PatchState, Unread | None]:
    """Return the patch, what is known of it, and what could not be read; the diff file counts before the prediction."""
    if _PATCH in folder.files:
        return find_patch(folder.files[_PATCH])
    entry = folder.files.get(_PREDICTION)
    if entry is None:
        return None, "missing", None
    line = next(read_lines(Path(entry.path)), None)
    prediction = parse_json(line[1], line[0]) if isinstance(line, tuple) else line
    if isinstance(prediction, Unread):
        return None, "unreadable", prediction
    written = prediction.get("model_patch") if isinstance(prediction, dict) else None
    if not isinstance(written, str):
        return None, "missing", None
    return encode_patch(written), "yes" if written.strip() else "empty", None


def _beside(folder: Folder) -> Iterator[Path | Unread]:
    """Yield the other files of a run that are known, or say which cannot be read; none is opened here."""
    for name, entry in folder.files.items():
        if name in (_PROMPT, _TASK) or name.endswith(_LOGS):
            size = readable_size(entry)
            yield size if isinstance(size, Unread) else Path(entry.path)


def _process(journal: Mapping[str, Any]) -> dict[str, Any]:
    """Return the section that the agent's own process is recorded in; it is called by the agent's name."""
    sections = (value for value in journal.values() if isinstance(value, dict))
    return next((value for value in sections if "returncode" in value), {})


def _agent(journal: Mapping[str, Any]) -> str | None:
    return next((key for key, value in journal.items() if isinstance(value, dict) and "returncode" in value), None)


def _patch_recorded(journal: Mapping[str, Any], summary: Mapping[str, Any]) -> bool | None:
    generated = boolean(section(summary, "agent").get("patch_generated"))
    if generated is not None:
        return generated
    size = number(section(journal, "metrics").get("patch_size_loc"))
    return size > 0 if size is not None else None


def _config(journal: Mapping[str, Any], summary: Mapping[str, Any], process: Mapping[str, Any]) -> dict[str, object]:
    prefixed = facts({"process": process}, "process")
    own = {key.removeprefix("process."): value for key, value in prefixed.items()}
    config = {**facts(journal, "experiment", "preflight", "metrics", "run_metadata"), **own}
    for key in ("returncode", "duration_s", "metrics.time_to_first_edit_s"):
        config.pop(key, None)
    model = text(section(summary, "meta").get("model_full"), 200)
    return {**config, "model_full": model} if model else config
