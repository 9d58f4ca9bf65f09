"""What SWE-bench and its descendants write: predictions, a report for each instance, a report for a whole run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from judge.inputs.runs.recorded_run import Correctness, Evaluation, PatchState, RecordedRun, Unread
from judge.inputs.runs.recorded_values import encode_patch, number, printable, section, text, tidy
from judge.inputs.runs.run_files import load_json, parse_json, read_first_object, read_head, read_lines
from judge.static_checks.model.case import Claim

SET_WORDS = {
    "resolved_ids": "resolved",
    "unresolved_ids": "unresolved",
    "empty_patch_ids": "empty_patch",
    "error_ids": "error",
    "failed_ids": "failed",
    "pending_ids": "pending",
}
"""The sets of a run's report that say what came of an instance, the most telling first."""
_CLAIMS: Mapping[str, Claim] = {
    "resolved": "success",
    "unresolved": "error",
    "empty_patch": "error",
    "no_patch": "error",
    "not_applied": "error",
    "opt_commit": "success",
    "opt_base": "error",
    "passed": "error",
    "test_failed": "error",
}
_STATISTICS = ("gm_speedup_patch_commit", "hm_speedup_patch_base", "slowdown_perc_patch_base", "gsd_speedup_patch_base")
FileKind = Literal["predictions", "instance", "run"]
_INSTANCE = re.compile(r"(?P<owner>.+?)__(?P<repo>.+)-(?P<number>[^-]+)")


@dataclass(frozen=True, kw_only=True)
class ReportOrigin:
    """Which evaluation a file belongs to; None where the file's place does not say."""

    model: str | None
    run: str | None


def instance_repo(instance: str) -> str | None:
    """Return the repository of an instance id, `OWNER__REPO-NUMBER`."""
    match = _INSTANCE.fullmatch(instance)
    return match["repo"] if match else None


def instance_commit(instance: str) -> str | None:
    """Return the human commit of an instance id that ends in one, as in GSO; None if it ends in a number."""
    match = _INSTANCE.fullmatch(instance)
    return match["number"] if match and re.fullmatch(r"(?=.*[a-f])[0-9a-f]{7,40}", match["number"]) else None


def run_key(origin: ReportOrigin, instance: str, *, several: bool) -> str:
    """Return what joins descriptions; the run id is part of it where one model was evaluated several times."""
    key = f"{origin.model or origin.run}/{instance}" if origin.model or origin.run else instance
    return f"{key}@{origin.run}" if several and origin.run else key


def file_kind(path: Path) -> FileKind | None:
    """Say what a file is: by the name of an instance's report, else by its first bytes."""
    if path.name == "report.json":
        return "instance"
    if path.suffix == ".jsonl":
        entry = read_first_object(path)
        return "predictions" if "instance_id" in entry and "model_patch" in entry else None
    start = read_head(path) if path.suffix == ".json" else b""
    if b'"resolved_instances"' in start and b'"instance_sets"' not in start:
        return "run"
    if b'"model_patch"' in start and start.lstrip()[:1] in (b"[", b"{"):
        return "predictions"
    return "instance" if b'"patch_successfully_applied"' in start else None


def origin_of_report(path: Path) -> ReportOrigin:
    """Read model and run off the place of a report: `RUN/MODEL/INSTANCE/report.json`, or the file `MODEL.RUN.json`.

    Both names may hold dots. One between two digits is taken for part of a version, `gpt-4.1.first-run.json`.
    """
    if path.name == "report.json":
        parts = [printable(part) for part in path.absolute().parts]
        return ReportOrigin(model=parts[-3], run=parts[-4]) if len(parts) > 4 else ReportOrigin(model=None, run=None)
    stem = printable(path.stem)
    dots = [match.start() for match in re.finditer(r"(?<!\d)\.|\.(?!\d)", stem)]
    model, run = (stem[: dots[-1]], stem[dots[-1] + 1 :]) if dots else ("", stem)
    return ReportOrigin(model=model or None, run=run)


def model_of_predictions(path: Path) -> str | None:
    """Return the model named by the first entry of a file of predictions."""
    first = next(iter(_predictions(path)), ("", None))[1]
    return text(first.get("model_name_or_path"), 300) if isinstance(first, dict) else None


def read_predictions(path: Path, layout: str) -> Iterator[RecordedRun | Unread]:
    """Yield a run for each prediction; its key is still to be set by who knows what runs there are."""
    for place, entry in _predictions(path):
        if isinstance(entry, Unread):
            yield entry
            continue
        instance = entry.get("instance_id") if isinstance(entry, dict) else None
        if not isinstance(instance, str) or "model_patch" not in entry:
            yield Unread(path=place, why="is no prediction: needs instance_id and model_patch")
            continue
        written = entry["model_patch"]
        if written is not None and not isinstance(written, str):
            yield Unread(path=place, why="is no prediction: its model_patch is no text")
            continue
        model = text(entry.get("model_name_or_path"), 300)
        state: PatchState = "missing" if written is None else "yes" if written.strip() else "empty"
        yield RecordedRun(
            key=printable(place),
            id=printable(place),
            layout=layout,
            sources=(str(path),),
            repo=text(entry.get("repo"), 300) or instance_repo(instance),
            base=text(entry.get("base_commit"), 200),
            human=text(entry.get("human_commit"), 200) or instance_commit(instance),
            # As these harnesses write it in the names of files.
            model=model.replace("/", "__") if model else None,
            item=instance,
            patch=None if written is None else encode_patch(written),
            patch_state=state,
        )


def _predictions(path: Path) -> Iterator[tuple[str, Any | Unread]]:
    if path.suffix == ".jsonl":
        for line in read_lines(path):
            if isinstance(line, Unread):
                yield line.path, line
            else:
                yield line[0], parse_json(line[1], line[0])
        return
    content = load_json(path)
    if isinstance(content, dict) and "instance_id" not in content:
        # Keyed by instance: the id may stand in the key only.
        entries: list[Any] = [
            {"instance_id": key, **value} if isinstance(value, dict) else value for key, value in content.items()
        ]
    else:
        entries = content if isinstance(content, list) else [content]
    for place, entry in enumerate(entries, 1):
        yield f"{path}:entry {place}", entry


def instance_evaluation(report: Mapping[str, Any], source: str) -> Evaluation:
    """Read the report of one instance; GSO's has timings beside the outcome."""
    evaluation = Evaluation(
        status=_instance_status(report),
        correctness=_correctness(report),
        outputs=_tests(report),
        source=source,
        error=text(report.get("infra_failure_reason")) or text(report.get("error")),
    )
    return with_statistics(evaluation, {**section(report, "opt_stats"), **section(report, "time_stats")})


def with_statistics(evaluation: Evaluation, stats: Mapping[str, Any]) -> Evaluation:
    """Add GSO's statistics: speed-ups are geometric means over the tests, times are in seconds."""
    known = {name: tidy(stats[name]) for name in _STATISTICS if name in stats}
    return replace(
        evaluation,
        baseline_ms=_ms(stats.get("base_mean")),
        patched_ms=_ms(stats.get("patch_mean")),
        human_ms=_ms(stats.get("commit_mean")),
        speedup=number(stats.get("gm_speedup_patch_base")),
        human_speedup=number(stats.get("gm_speedup_commit_base")),
        outputs={**evaluation.outputs, **known},
    )


def _ms(seconds: object) -> float | None:
    known = number(seconds)
    return known * 1000 if known is not None else None


def _instance_status(report: Mapping[str, Any]) -> str | None:
    if report.get("patch_is_None") is True or report.get("patch_exists") is False:
        return "no_patch"
    if report.get("infra_failure") is True:
        return "infra_failure"
    if report.get("patch_successfully_applied") is False:
        return "not_applied"
    if report.get("base_successfully_run") is False:
        return "base_failed"
    if isinstance(report.get("test_passed"), bool):
        return _gso_status(report)
    resolved = report.get("resolved")
    return None if not isinstance(resolved, bool) else "resolved" if resolved else "unresolved"


def _gso_status(report: Mapping[str, Any]) -> str:
    """Say what GSO's report says: coming close to the human commit, beating the base, or passing the tests."""
    if not report["test_passed"]:
        return "test_failed"
    return next((word for word in ("opt_commit", "opt_base") if report.get(word) is True), "passed")


def _tests(report: Mapping[str, Any]) -> dict[str, object]:
    """Return how many tests passed and failed, by group; the names would fill the memory."""
    counts: dict[str, object] = {}
    for group, outcomes in section(report, "tests_status").items():
        for outcome in ("success", "failure"):
            names = outcomes.get(outcome) if isinstance(outcomes, dict) else None
            if isinstance(names, list) and names:
                counts[f"{group}.{outcome}"] = len(names)
    return {"tests": counts} if counts else {}


def _correctness(report: Mapping[str, Any]) -> Correctness:
    """Tests that passed before must pass; without the tests' names, `resolved` says that they did."""
    if report.get("base_successfully_run") is False or report.get("patch_successfully_applied") is False:
        return "unknown"
    kept = section(section(report, "tests_status"), "PASS_TO_PASS")
    if kept.get("failure") or report.get("test_passed") is False:
        return "changed"
    passed = kept.get("success") or report.get("resolved") is True or report.get("test_passed") is True
    return "same" if passed else "unknown"


def claim_from_report(status: str | None) -> Claim | None:
    """Say what a report claims: a harness that failed to evaluate claims nothing."""
    return _CLAIMS.get(status or "")


def disagreements(report: Mapping[str, Any], path: str) -> Iterator[Unread]:
    """Name every total of a run's report that is not the number of ids it lists."""
    for name, total in report.items():
        listed = report.get(f"{name.removesuffix('_instances')}_ids")
        if name.endswith("_instances") and isinstance(total, int) and isinstance(listed, list) and total != len(listed):
            yield Unread(path=path, why=f"contradicts itself: {name} is {total}, but {len(listed)} ids are listed")
