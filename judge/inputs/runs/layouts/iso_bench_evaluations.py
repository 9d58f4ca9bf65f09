"""ISO-Bench evaluation trees: a folder for each run, with `test_results.json` and `run_summary.json`.

They say what a run's patch was timed at. The patch itself lies in the run tree, so that these descriptions
are joined with those of `iso-bench` by repository, agent, model, time and item.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from judge.inputs.runs.layouts._iso_bench_identity import Identity, facts, identify
from judge.inputs.runs.recorded_run import Evaluation, RecordedRun, Unread
from judge.inputs.runs.recorded_values import boolean, claim_from_status, number, printable, section, text, tidy
from judge.inputs.runs.run_files import Folder, Sample, load_json_object, walk

NAME = "iso-bench-evaluations"
LAYOUT = "ISO-Bench evaluation trees (test_results.json, run_summary.json)"
_RESULTS, _SUMMARY = "test_results.json", "run_summary.json"


def recognises(sample: Sample) -> bool:
    """Whether folders with test results lie below `path`."""
    return not sample.is_file and _RESULTS in sample.files


def read(path: Path) -> Iterator[RecordedRun | Unread]:
    """Yield every run below `path` that was evaluated; a summary stands in for results that are lost."""
    root, home = str(path), os.path.normpath(path.absolute())
    for folder in walk(path):
        if isinstance(folder, Unread):
            yield folder
        elif _RESULTS in folder.files:
            inside = folder.path[len(root) :]
            yield from _run(folder, printable(inside.strip("/") or folder.name), identify(home + inside))


def _run(folder: Folder, name: str, who: Identity) -> Iterator[RecordedRun | Unread]:
    records: dict[str, dict[str, Any]] = {}
    for file in (_RESULTS, _SUMMARY):
        if file in folder.files:
            record = load_json_object(folder.files[file].path)
            if isinstance(record, Unread):
                yield record
            else:
                records[file] = record
    results, summary = records.get(_RESULTS, {}), records.get(_SUMMARY, {})
    metadata, agent, commits = section(results, "metadata"), section(summary, "agent"), section(summary, "commits")
    status = text(metadata.get("agent_status"), 200) or text(agent.get("status"), 200)
    yield RecordedRun(
        key=who.key,
        id=name,
        layout=NAME,
        sources=tuple(folder.files[file].path for file in (_RESULTS, _SUMMARY) if file in folder.files),
        repo=who.repo or text(metadata.get("repo"), 200),
        base=text(metadata.get("pre_commit"), 200) or text(commits.get("pre"), 200),
        human=text(metadata.get("human_commit"), 200) or text(commits.get("human"), 200),
        agent=who.agent or text(metadata.get("agent"), 200),
        model=who.model or text(metadata.get("model"), 200),
        run=who.run,
        item=who.item,
        claimed=claim_from_status(status),
        claimed_status=status,
        patch_recorded=_patch_recorded(metadata, agent),
        duration_s=number(agent.get("duration_s")),
        time_to_first_edit_s=number(agent.get("time_to_first_edit_s")),
        config=facts(summary, "meta"),
        evaluation=_evaluation(section(results, "result") or section(summary, "evaluation"), metadata, folder),
    )


def _patch_recorded(metadata: Mapping[str, Any], agent: Mapping[str, Any]) -> bool | None:
    generated = boolean(agent.get("patch_generated"))
    if generated is not None:
        return generated
    return metadata["patch_path"] is not None if "patch_path" in metadata else None


def _evaluation(result: Mapping[str, Any], metadata: Mapping[str, Any], folder: Folder) -> Evaluation | None:
    if not result:
        return None
    return Evaluation(
        status=text(result.get("status"), 200),
        baseline_ms=number(result.get("baseline_ms")),
        patched_ms=number(result.get("patched_ms")),
        speedup=number(result.get("speedup")),
        improvement=boolean(result.get("improvement")),
        error=text(result.get("error_message")) or text(result.get("error")),
        outputs={
            side: tidy(result[side]) for side in ("baseline_output", "patched_output") if result.get(side) is not None
        },
        stdout=text(result.get("stdout")) or "",
        stderr=text(result.get("stderr")) or "",
        duration_s=number(result.get("duration_s")),
        source=folder.files[_RESULTS].path,
        test_script=text(metadata.get("test_script_path"), 1000),
    )
