"""SWE-fficiency's reports: a CSV row for each instance, with the speed-up of patch and human change over the base.

The report gives every instance a `correctness` and a scored `pred_speedup_ratio`, 0.0 and 1.0 where the patch
never ran. So only `raw_pred_speedup_ratio` is a measurement: where it is empty, nothing is known.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from judge.inputs.runs.layouts._swe_bench_files import instance_repo
from judge.inputs.runs.recorded_run import NOT_EVALUATED, Correctness, Evaluation, RecordedRun, Unread
from judge.inputs.runs.recorded_values import number, printable
from judge.inputs.runs.run_files import MAX_JSON_BYTES, Sample, find_files, read_contents, read_head
from judge.static_checks.model.case import Claim

NAME = "swefficiency"
LAYOUT = "SWE-fficiency reports (.csv with instance_id, pred_speedup_ratio, gold_speedup_ratio, correctness)"
_NEEDED = frozenset({"instance_id", "pred_speedup_ratio", "gold_speedup_ratio", "correctness"})
_PREFIX = "eval_report_"


def recognises(sample: Sample) -> bool:
    """Whether such a report is there."""
    return sample.holds(_is_report)


def read(path: Path) -> Iterator[RecordedRun | Unread]:
    """Yield a run for each row of each report."""
    reports = []
    for report in find_files(path, _is_report):
        if isinstance(report, Unread):
            yield report
        else:
            reports.append(report)
    names = Counter(report.name for report in reports)
    for report in reports:
        # Two reports of one name are two evaluations, and may differ.
        place = report.relative_to(path).as_posix() if names[report.name] > 1 else report.name
        yield from _report(report, printable(place.removesuffix(".csv").removeprefix(_PREFIX)))


def _is_report(path: Path) -> bool:
    if path.suffix != ".csv":
        return False
    if path.name.startswith(_PREFIX):
        return True
    columns = read_head(path).decode("utf-8-sig", "replace").partition("\n")[0]
    return {column.strip(' "\r') for column in columns.split(",")} >= _NEEDED


def _report(path: Path, name: str) -> Iterator[RecordedRun | Unread]:
    content = read_contents(path, MAX_JSON_BYTES)
    if isinstance(content, Unread):
        yield content
        return
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        missing = _NEEDED - set(rows.fieldnames or ())
        if missing:
            yield Unread(path=str(path), why=f"is no report: lacks the columns {', '.join(sorted(missing))}")
            return
        for row in rows:
            yield _run(path, name, rows.line_num, row)
    except UnicodeDecodeError as error:
        yield Unread(path=str(path), why=f"is not UTF-8: {error.reason} at byte {error.start}")
    except csv.Error as error:
        yield Unread(path=str(path), why=f"is not valid CSV: {error}")


def _run(path: Path, name: str, line: int, row: Mapping[str, str | None]) -> RecordedRun | Unread:
    instance = row.get("instance_id")
    if not instance or None in row.values():
        return Unread(path=f"{path}:{line}", why="is cut short: a row with fewer cells than columns")
    ratio, correct = _cell(row, "raw_pred_speedup_ratio"), _cell(row, "correctness")
    status, claimed, correctness = _outcome(ratio, correct)
    base_s = _cell(row, "pre_edit_runtime")
    return RecordedRun(
        key=f"{name}/{instance}",
        id=f"{name}/{instance}",
        layout=NAME,
        sources=(str(path),),
        repo=instance_repo(instance),
        model=printable(path.stem.removeprefix(_PREFIX)),
        item=instance,
        claimed=claimed,
        claimed_status=status,
        config={
            key: value
            for key in ("pred_speedup_ratio", "human_speedup_ratio", "correctness_pct", "patch_length")
            if (value := _cell(row, key)) is not None
        },
        evaluation=Evaluation(
            status=status,
            baseline_ms=base_s * 1000 if base_s is not None else None,
            speedup=ratio,
            human_speedup=_cell(row, "gold_speedup_ratio"),
            correctness=correctness,
            source=str(path),
        ),
    )


def _outcome(ratio: float | None, correct: float | None) -> tuple[str | None, Claim | None, Correctness]:
    """Say in words what a row claims: the score of a correct patch counts as its speed-up, that of others as 1."""
    if ratio is None:
        return NOT_EVALUATED, None, "unknown"
    if correct == 1.0:
        return ("correct, faster", "success", "same") if ratio > 1 else ("correct, not faster", None, "same")
    return ("incorrect", "error", "changed") if correct is not None else (None, None, "unknown")


def _cell(row: Mapping[str, str | None], name: str) -> float | None:
    """Return a cell's number; empty, `nan` and `inf` are unknown."""
    try:
        return number(float(row.get(name) or ""))
    except ValueError:
        return None
