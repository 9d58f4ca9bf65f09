"""GSO's reports: sets of instance ids for a whole run, and the statistics of the instances that passed.

Its success is `opt_commit`: the patch passes the tests and comes close to the human commit's speed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from judge.inputs.runs.layouts._swe_bench_files import instance_repo, with_statistics
from judge.inputs.runs.recorded_run import Correctness, Evaluation, RecordedRun, Unread
from judge.inputs.runs.recorded_values import printable, section
from judge.inputs.runs.run_files import Sample, find_files, load_json_object, read_head
from judge.static_checks.model.case import Claim

NAME = "gso"
LAYOUT = "GSO reports (.json with summary, instance_sets, opt_stats)"
_STATUSES = ("passed", "test_failed", "patch_failed", "base_failed", "empty_patch", "error")
_CORRECTNESS: Mapping[str, Correctness] = {"passed": "same", "test_failed": "changed"}
_TOTALS = {
    "completed_instances": "completed_ids",
    **{f"{word}_instances": f"{word}_ids" for word in _STATUSES},
    "opt_base": "opt_base_ids",
    "opt_commit": "opt_commit_ids",
    "opt_main": "opt_main_ids",
}


def recognises(sample: Sample) -> bool:
    """Whether such a report is there."""
    return sample.holds(_is_report)


def read(path: Path) -> Iterator[RecordedRun | Unread]:
    """Yield a run for each attempted instance of each report."""
    for place in find_files(path, _is_report):
        if isinstance(place, Unread):
            yield place
        else:
            yield from _report(place)


def _is_report(path: Path) -> bool:
    if path.suffix != ".json":
        return False
    start = read_head(path)
    # A damaged report is known by its name; SWE-bench's of one instance may have the same.
    named = path.name.endswith(".report.json") and b'"patch_successfully_applied"' not in start
    return named or b'"instance_sets"' in start


def _report(path: Path) -> Iterator[RecordedRun | Unread]:
    report = load_json_object(path)
    if isinstance(report, Unread):
        yield report
        return
    sets = {name: _ids(section(report, "instance_sets").get(name)) for name in (*_TOTALS.values(), "hacked_ids")}
    for total, name in _TOTALS.items():
        count = section(report, "summary").get(total)
        if isinstance(count, int) and count != len(sets[name]):
            why = f"contradicts itself: {total} is {count}, but {name} lists {len(sets[name])}"
            yield Unread(path=str(path), why=why)
    attempted = sets["completed_ids"].union(*(sets[f"{word}_ids"] for word in _STATUSES))
    statistics = section(report, "opt_stats")
    for instance in sorted(attempted):
        yield _run(path, instance, sets, section(statistics, instance))


def _run(path: Path, instance: str, sets: Mapping[str, frozenset[str]], stats: Mapping[str, Any]) -> RecordedRun:
    status = next((word for word in _STATUSES if instance in sets[f"{word}_ids"]), "completed")
    word, claimed = _claim(status, instance, sets)
    model = printable(path.stem.removesuffix(".report"))
    human = instance.rpartition("-")[2] if instance_repo(instance) else None
    return RecordedRun(
        key=f"{model}/{instance}",
        id=f"{model}/{instance}",
        layout=NAME,
        sources=(str(path),),
        repo=instance_repo(instance),
        # The problem is the human commit undone.
        base=f"{human}^" if human else None,
        human=human,
        model=model,
        item=instance,
        claimed=claimed,
        claimed_status=word,
        patch_recorded=False if status == "empty_patch" else True if status in ("passed", "test_failed") else None,
        config={"hacked": True} if instance in sets["hacked_ids"] else {},
        evaluation=with_statistics(
            Evaluation(
                status=status,
                improvement=instance in sets["opt_base_ids"] if status == "passed" else None,
                correctness=_CORRECTNESS.get(status, "unknown"),
                source=str(path),
            ),
            stats,
        ),
    )


def _claim(status: str, instance: str, sets: Mapping[str, frozenset[str]]) -> tuple[str, Claim | None]:
    """Say what the report claims; a base that failed and an evaluation that failed claim nothing of the patch."""
    if instance in sets["opt_commit_ids"]:
        return "opt_commit", "success"
    if instance in sets["opt_base_ids"]:
        return "opt_base", "error"
    return status, None if status in ("base_failed", "error", "completed") else "error"


def _ids(value: object) -> frozenset[str]:
    return frozenset(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else frozenset()
