"""SWE-bench-style evaluations: predictions, `report.json` of each instance, `MODEL.RUN.json` of a whole run.

An attempt is a submitted instance. Ids that a run's report lists as incomplete were never submitted and are no
attempts. Descriptions join by model and instance, and by run where one model was evaluated several times. Which
of several prediction files an evaluation used is not recorded, so that these are then attempts of their own.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judge.inputs.runs.layouts._swe_bench_files import (
    SET_WORDS,
    FileKind,
    ReportOrigin,
    claim_from_report,
    disagreements,
    file_kind,
    instance_commit,
    instance_evaluation,
    instance_repo,
    model_of_predictions,
    origin_of_report,
    read_predictions,
    run_key,
)
from judge.inputs.runs.recorded_run import Correctness, Evaluation, RecordedRun, Unread
from judge.inputs.runs.recorded_values import printable
from judge.inputs.runs.run_files import Sample, find_patch, load_json_object, walk

NAME = "swe-bench"
LAYOUT = "SWE-bench-style predictions (instance_id, model_patch) and reports (report.json, MODEL.RUN.json)"
_REPORT, _PATCH = "report.json", "patch.diff"
_SUFFIXES = (".json", ".jsonl")
# A run tree of ISO-Bench has one of its own for each run.
_NOT_OURS = frozenset({"prediction.jsonl"})


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the names in a tree say before its files are read: the runs and the prediction files of each model."""

    runs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    files: Mapping[str, int] = field(default_factory=dict)

    def several(self, model: str | None) -> bool:
        return len(self.runs.get(model or "", ())) > 1

    def runs_of(self, model: str | None) -> list[str | None]:
        """Return the runs that a prediction was evaluated in; one None where there is nothing to choose from."""
        return [*sorted(self.runs.get(model or "", ()))] or [None]


def recognises(sample: Sample) -> bool:
    """Whether a file is one, or some lie below a folder."""
    return sample.holds(lambda place: _is_ours(place) and file_kind(place) is not None)


def read(path: Path) -> Iterator[RecordedRun | Unread]:
    """Yield every submitted instance below `path`, once for each file that describes it."""
    if path.is_file():
        # One that is named although its first bytes say nothing is to be read, or to be named as unread.
        yield from _file(path, None, _Known(), "predictions" if path.suffix == ".jsonl" else "instance")
        return
    known = _survey(path)
    for folder in walk(path):
        if isinstance(folder, Unread):
            yield folder
            continue
        for name, entry in folder.files.items():
            if _is_ours(Path(entry.path)):
                yield from _file(Path(entry.path), folder.files.get(_PATCH) if name == _REPORT else None, known)


def _is_ours(place: Path) -> bool:
    return place.suffix in _SUFFIXES and place.name not in _NOT_OURS


def _survey(path: Path) -> _Known:
    runs: dict[str, set[str]] = defaultdict(set)
    files: dict[str, int] = defaultdict(int)
    for folder in walk(path):
        for name in folder.files if not isinstance(folder, Unread) else ():
            place = Path(folder.path, name)
            kind = file_kind(place) if _is_ours(place) else None
            if kind == "predictions":
                files[(model_of_predictions(place) or "").replace("/", "__")] += 1
            elif kind is not None:
                origin = origin_of_report(place)
                if origin.model and origin.run:
                    runs[origin.model].add(origin.run)
    return _Known(runs={model: frozenset(names) for model, names in runs.items()}, files=files)


def _file(
    path: Path, patch: os.DirEntry[str] | None, known: _Known, forced: FileKind | None = None
) -> Iterator[RecordedRun | Unread]:
    match file_kind(path) or forced:
        case "predictions":
            yield from _predictions(path, known)
        case "run":
            yield from _run_report(path, known)
        case "instance":
            yield from _instance_report(path, patch, known)


def _predictions(path: Path, known: _Known) -> Iterator[RecordedRun | Unread]:
    for prediction in read_predictions(path, NAME):
        if isinstance(prediction, Unread):
            yield prediction
        elif known.files.get(prediction.model or "", 1) > 1:
            key = run_key(ReportOrigin(model=prediction.model, run=None), prediction.item or "", several=False)
            yield replace(prediction, key=f"{key} in {printable(str(path))}")
        else:
            for run in known.runs_of(prediction.model):
                yield _placed(prediction, ReportOrigin(model=prediction.model, run=run), known)


def _placed(run: RecordedRun, origin: ReportOrigin, known: _Known) -> RecordedRun:
    key = run_key(origin, run.item or "", several=known.several(origin.model))
    return replace(run, key=key, id=key, run=origin.run)


def _instance_report(path: Path, patch: os.DirEntry[str] | None, known: _Known) -> Iterator[RecordedRun | Unread]:
    reports = load_json_object(path)
    if isinstance(reports, Unread):
        yield reports
        return
    if "patch_successfully_applied" in reports:
        reports = {path.parent.name: reports}
    for instance, report in reports.items():
        if not isinstance(report, dict) or "patch_successfully_applied" not in report:
            yield Unread(path=str(path), why=f"holds no report of an instance at {instance!r}")
            continue
        run = _attempt(path, instance, known, instance_evaluation(report, str(path)), _exists(report))
        if patch is not None:
            file, state, unread = find_patch(patch)
            if unread is not None:
                yield unread
            run = replace(run, patch=file, patch_state=state)
        yield run


def _exists(report: Mapping[str, Any]) -> bool | None:
    if report.get("patch_is_None") is True:
        return False
    return report["patch_exists"] if isinstance(report.get("patch_exists"), bool) else None


def _run_report(path: Path, known: _Known) -> Iterator[RecordedRun | Unread]:
    report = load_json_object(path)
    if isinstance(report, Unread):
        yield report
        return
    yield from disagreements(report, str(path))
    words: dict[str, str] = {}
    for name in ("submitted_ids", "completed_ids", *reversed(SET_WORDS)):
        listed = report.get(name)
        for instance in listed if isinstance(listed, list) else ():
            if isinstance(instance, str):
                words[instance] = SET_WORDS.get(name, "submitted")
    for instance, word in words.items():
        outcome: Correctness = "same" if word == "resolved" else "unknown"
        exists = False if word == "empty_patch" else True if word in ("resolved", "unresolved") else None
        yield _attempt(path, instance, known, Evaluation(status=word, correctness=outcome, source=str(path)), exists)


def _attempt(path: Path, instance: str, known: _Known, evaluation: Evaluation, exists: bool | None) -> RecordedRun:
    origin = origin_of_report(path)
    run = RecordedRun(
        key="",
        id="",
        layout=NAME,
        sources=(str(path),),
        repo=instance_repo(instance),
        human=instance_commit(instance),
        model=origin.model,
        item=instance,
        claimed=claim_from_report(evaluation.status),
        claimed_status=evaluation.status,
        patch_recorded=exists,
        evaluation=evaluation,
    )
    return _placed(run, origin, known)
