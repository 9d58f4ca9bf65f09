"""ISO-Bench benchmark trees: a `benchmark_result.json` for each commit, of base, patch and sometimes the human side.

Written by several versions of that harness: with milliseconds, with tables of metrics for two or three sides,
flat or nested. Of metrics one gives the speed-up, the first of `METRICS` that both sides have: from the time
of a whole request to its parts. All of them are kept. A file joins the run that its `patch_path` names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge.inputs.runs.layouts._iso_bench_identity import identify_patch
from judge.inputs.runs.recorded_run import Evaluation, RecordedRun, Unread
from judge.inputs.runs.recorded_values import boolean, number, printable, section, text, tidy
from judge.inputs.runs.run_files import Sample, load_json_object, walk

NAME = "iso-bench-benchmarks"
LAYOUT = "ISO-Bench benchmark trees (benchmark_result.json)"
METRICS = (
    "latency_avg", "latency_ms", "e2e_latency_mean",
    "throughput", "total_throughput", "token_throughput", "output_throughput", "request_throughput",
    "ttft_mean", "tpot_mean", "itl_mean",
)  # fmt: skip
"""Metrics by preference; of a throughput more is better, of the others, milliseconds, less."""
_FILE = "benchmark_result.json"


@dataclass(frozen=True, kw_only=True)
class _Sides:
    """The metrics of each side, whatever the file calls them."""

    baseline: Mapping[str, Any]
    patched: Mapping[str, Any]
    human: Mapping[str, Any]


def recognises(sample: Sample) -> bool:
    """Whether benchmark results lie below `path`, or it is one."""
    return _FILE in sample.files


def read(path: Path) -> Iterator[RecordedRun | Unread]:
    """Yield a run for every result below `path`."""
    if path.is_file():
        yield _run(str(path), printable(path.parent.name))
        return
    for folder in walk(path):
        if isinstance(folder, Unread):
            yield folder
        elif _FILE in folder.files:
            yield _run(folder.files[_FILE].path, printable(folder.path[len(str(path)) :].strip("/") or folder.name))


def _run(file: str, name: str) -> RecordedRun | Unread:
    record = load_json_object(file)
    if isinstance(record, Unread):
        return record
    instance = section(record, "instance")
    result = section(record, "result") or section(section(record, "results"), "agent") or record
    who = identify_patch(result.get("patch_path"))
    human = (
        result.get("full_commit") or instance.get("commit_hash") or result.get("commit_hash") or record.get("commit")
    )
    recorded = boolean(result.get("has_agent_patch"))
    if recorded is None and "patch_path" in result:
        recorded = result["patch_path"] is not None
    return RecordedRun(
        key=who.key if who else f"{NAME}/{name}",
        id=name,
        layout=NAME,
        sources=(file,),
        repo=(who.repo if who else None) or text(instance.get("repo"), 200),
        base=text(result.get("parent_commit"), 200),
        human=text(human, 200),
        agent=(who.agent if who else None) or text(result.get("agent_name"), 200),
        model=(who.model if who else None) or text(result.get("agent_model"), 200),
        run=who.run if who else None,
        item=who.item if who else name.rpartition("/")[2],
        patch_recorded=recorded,
        config={
            f"benchmark.{key}": text(result[key], 300)
            for key in ("gpu_config", "model", "perf_command", "benchmark_mode", "benchmark_type")
            if isinstance(result.get(key), str)
        },
        evaluation=_evaluation(record, result, file),
    )


def _evaluation(record: Mapping[str, Any], result: Mapping[str, Any], file: str) -> Evaluation:
    sides = _sides(record, result)
    metric = _metric(sides)
    baseline, patched = number(result.get("baseline_ms")), number(result.get("patched_ms"))
    human_ms = None
    if metric is not None and "throughput" not in metric:
        baseline, patched = number(sides.baseline[metric]), number(sides.patched[metric])
        human_ms = number(sides.human.get(metric))
    outputs = {
        side: tidy(result[side]) for side in ("baseline_output", "patched_output") if result.get(side) is not None
    }
    for side, metrics in (("baseline", sides.baseline), ("patched", sides.patched), ("human", sides.human)):
        if metrics:
            known = {key: value for key, value in metrics.items() if number(value) is not None}
            outputs[f"{side}_metrics"] = tidy(known)
    if metric is not None:
        outputs["metric"] = metric
    return Evaluation(
        status=text(result.get("status"), 200),
        baseline_ms=baseline,
        patched_ms=patched,
        human_ms=human_ms,
        speedup=number(result.get("speedup")) if metric is None else _faster(sides.baseline, sides.patched, metric),
        human_speedup=_faster(sides.baseline, sides.human, metric) if metric is not None else None,
        improvement=boolean(result.get("improvement")),
        error=next(
            (message for key in ("error_message", "error", "agent_error") if (message := text(result.get(key)))), None
        ),
        outputs=outputs,
        stdout=text(result.get("stdout")) or text(result.get("agent_raw")) or text(result.get("raw_output")) or "",
        stderr=text(result.get("stderr")) or text(result.get("server_logs")) or "",
        duration_s=number(result.get("duration_s")),
        source=file,
        test_script=text(result.get("perf_command"), 1000),
    )


def _sides(record: Mapping[str, Any], result: Mapping[str, Any]) -> _Sides:
    results = section(record, "results")
    if results:
        return _Sides(
            baseline=section(section(results, "baseline"), "metrics"),
            patched=section(section(results, "agent"), "metrics"),
            human=section(section(results, "human"), "metrics"),
        )
    return _Sides(
        baseline=section(result, "baseline_metrics"),
        patched=section(result, "agent_metrics") or section(result, "patched_metrics"),
        human=section(result, "human_metrics"),
    )


def _metric(sides: _Sides) -> str | None:
    """Return the metric that the speed-up is taken from, None if no metric was measured on both sides."""
    return next((name for name in METRICS if _faster(sides.baseline, sides.patched, name) is not None), None)


def _faster(before: Mapping[str, Any], after: Mapping[str, Any], metric: str) -> float | None:
    """Return how many times faster `after` is, None unless both are above zero."""
    old, new = number(before.get(metric)) or 0.0, number(after.get(metric)) or 0.0
    if old <= 0 or new <= 0:
        return None
    return number(new / old if "throughput" in metric else old / new)
