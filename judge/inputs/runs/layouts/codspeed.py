"""pytest-codspeed's result files, `.codspeed/results_TIME.json`: each session is compared with the one before it.

As the plugin's own comparison does, a benchmark's mean is set against that of the latest earlier session with
the same benchmark. No interval is given: the spread of the rounds is not that of the ratio. Two real sessions of
unchanged code on a busy machine came out at 0.34x and 0.39x, with 2 % and 19 % between the rounds of one. A first
session has nothing to be compared with, and is yielded only where it is the only one. An `output_hash`, where one
was captured, says whether outputs changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from judge.inputs.runs.recorded_run import Correctness, Evaluation, RecordedRun, Unread
from judge.inputs.runs.recorded_values import number, printable, section, text
from judge.inputs.runs.run_files import Sample, load_json_object, read_head, walk

NAME = "codspeed"
LAYOUT = "pytest-codspeed result files (.codspeed/results_TIME.json)"
_RESULT = re.compile(r"results_(\d+)\.json")
_MARK = b'"pytest-codspeed"'


@dataclass(frozen=True, kw_only=True)
class _Benchmark:
    """One benchmark of a session."""

    mean_ms: float | None
    output_hash: str | None
    stats: Mapping[str, object]


def recognises(sample: Sample) -> bool:
    """Whether a file is one, or some lie below a folder."""
    names = sample.files if sample.is_file else filter(_RESULT.fullmatch, sample.files)
    return any(_MARK in read_head(sample.files[name])[:1000] for name in names)


def read(path: Path) -> Iterator[RecordedRun | Unread]:
    """Yield a run for each benchmark of each session but the first of a folder."""
    if path.is_file():
        yield from _sessions([path], printable(path.name))
        return
    for folder in walk(path):
        if isinstance(folder, Unread):
            yield folder
            continue
        numbered = [(int(match[1]), name) for name in folder.files if (match := _RESULT.fullmatch(name))]
        files = [Path(folder.files[name].path) for _, name in sorted(numbered)]
        yield from _sessions(files, printable(folder.path[len(str(path)) :].strip("/") or folder.name))


def _sessions(files: list[Path], place: str) -> Iterator[RecordedRun | Unread]:
    before: dict[str, _Benchmark] = {}
    for number_of_file, file in enumerate(files):
        record = load_json_object(file)
        if isinstance(record, Unread):
            yield record
            continue
        listed = record.get("benchmarks")
        if not isinstance(listed, list):
            kind = text(section(record, "instrument").get("type"), 100)
            yield Unread(path=str(file), why=f"holds no benchmarks: measured by {kind or 'an unnamed instrument'}")
            continue
        session = {name: times for entry in listed for name, times in _benchmark(entry)}
        if number_of_file or len(files) == 1:
            yield from (_run(file, place, name, times, before.get(name)) for name, times in session.items())
        before |= session


def _benchmark(entry: object) -> Iterator[tuple[str, _Benchmark]]:
    name = text(entry.get("uri") or entry.get("name"), 500) if isinstance(entry, dict) else None
    if name is None or not isinstance(entry, dict):
        return
    stats = section(entry, "stats")
    mean = number(stats.get("mean_ns"))
    yield (
        name,
        _Benchmark(
            mean_ms=mean / 1e6 if mean is not None else None,
            output_hash=text(entry.get("output_hash") or stats.get("output_hash"), 200),
            stats={key: stats[key] for key in ("rounds", "iter_per_round") if number(stats.get(key)) is not None}
            | {key: number(stats.get(key)) for key in ("stdev_ns", "median_ns", "min_ns")},
        ),
    )


def _run(file: Path, place: str, name: str, now: _Benchmark, before: _Benchmark | None) -> RecordedRun:
    old, new = before.mean_ms if before else None, now.mean_ms
    return RecordedRun(
        key=f"{NAME}/{place}/{file.stem}/{name}",
        id=f"{place}/{file.stem}/{name}" if place != printable(file.name) else f"{place}/{name}",
        layout=NAME,
        sources=(str(file),),
        run=file.stem,
        item=name,
        started=float(match[1]) / 1000 if (match := _RESULT.fullmatch(file.name)) else None,
        evaluation=Evaluation(
            status="measured" if before else "nothing to compare with",
            baseline_ms=old,
            patched_ms=new,
            speedup=number(old / new) if old and new else None,
            correctness=_correctness(now, before),
            outputs={"patched_output": dict(now.stats)} | ({"baseline_output": dict(before.stats)} if before else {}),
            source=str(file),
        ),
    )


def _correctness(now: _Benchmark, before: _Benchmark | None) -> Correctness:
    if before is None or now.output_hash is None or before.output_hash is None:
        return "unknown"
    return "same" if now.output_hash == before.output_hash else "changed"
