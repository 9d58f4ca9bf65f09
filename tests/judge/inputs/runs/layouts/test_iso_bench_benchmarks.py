"""ISO-Bench benchmark results: four shapes of one file, one speed-up each, or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from run_tree_kit import HUMAN, RUN, dump, read

from judge.inputs.runs.recorded_run import RecordedRun

PATCH_PATH = f"/elsewhere/state/runs/{RUN}/model_patch.diff"
INSTANCE = {"commit_hash": HUMAN, "repo": "vllm"}


def written(record: dict[str, Any], tmp_path: Path) -> RecordedRun:
    """Write a result and read its run."""
    dump(tmp_path / "results/vllm/22222222/benchmark_result.json", record)
    return read(tmp_path).run


def test_milliseconds(tmp_path: Path) -> None:
    """A result in milliseconds joins the run whose patch it names, on whatever machine that was."""
    result = {
        "status": "success", "baseline_ms": 3.0, "patched_ms": 2.0, "speedup": 1.5, "improvement": True,
        "error_message": None, "baseline_output": {"avg_ms": 3.0}, "patch_path": PATCH_PATH, "stdout": "out",
    }  # fmt: skip
    run = written({"instance": INSTANCE, "result": result}, tmp_path)
    assert (run.key, run.repo, run.agent, run.item, run.human) == (RUN, "vllm", "trae", "vllm_core-0003", HUMAN)
    assert (run.patch_state, run.patch_recorded, run.claimed) == ("unknown", True, None)
    assert run.evaluation is not None
    assert (run.evaluation.baseline_ms, run.evaluation.patched_ms, run.evaluation.speedup) == (3.0, 2.0, 1.5)
    assert (run.evaluation.status, run.evaluation.improvement, run.evaluation.stdout) == ("success", True, "out")


@pytest.mark.parametrize("shape", ["nested", "flat", "sides", "two-sides"])
def test_metrics(shape: str, tmp_path: Path) -> None:
    """The first metric that base and patch share gives the speed-up, in every shape; less time is faster."""
    base, agent, human = ({"ttft_mean": 9.0, "latency_avg": time} for time in (30.0, 20.0, 15.0))
    sides = {"baseline_metrics": base, "agent_metrics": agent, "human_metrics": human}
    records: dict[str, dict[str, Any]] = {
        "nested": {"instance": INSTANCE, "result": {"status": "success", **sides}},
        "flat": {"status": "success", "full_commit": HUMAN, **sides},
        "sides": {
            "commit": HUMAN,
            "results": {
                name: {"status": "success", "metrics": metrics}
                for name, metrics in (("baseline", base), ("agent", agent), ("human", human))
            },
        },
        "two-sides": {"instance": INSTANCE, "result": {"status": "success", **sides, "patched_metrics": agent}},
    }
    record = records[shape]
    if shape == "two-sides":
        del record["result"]["agent_metrics"]
    run = written(record, tmp_path)
    evaluation = run.evaluation
    assert evaluation is not None
    assert (evaluation.status, evaluation.speedup, evaluation.human_speedup) == ("success", 1.5, 2.0)
    assert (evaluation.baseline_ms, evaluation.patched_ms, evaluation.human_ms) == (30.0, 20.0, 15.0)
    assert evaluation.outputs["metric"] == "latency_avg"
    assert evaluation.outputs["patched_metrics"] == {"ttft_mean": 9.0, "latency_avg": 20.0}
    assert (run.human, run.key) == (HUMAN, "iso-bench-benchmarks/results/vllm/22222222")


def test_more_throughput_is_faster(tmp_path: Path) -> None:
    """The ratio of a throughput is turned round, and is no time."""
    sides = {"baseline_metrics": {"throughput": 100.0}, "agent_metrics": {"throughput": 150.0}}
    evaluation = written({"result": {"status": "success", **sides}}, tmp_path).evaluation
    assert evaluation is not None
    assert (evaluation.speedup, evaluation.baseline_ms, evaluation.patched_ms) == (1.5, None, None)


@pytest.mark.parametrize("agent", [None, {}, {"latency_avg": 0.0}, {"latency_avg": None}, {"ttft_mean": 5.0}])
def test_a_success_without_a_common_metric(agent: object, tmp_path: Path) -> None:
    """Without a number of the patched side there is no speed-up, whatever the status says."""
    result = {"status": "success", "baseline_metrics": {"latency_avg": 3.0}, "agent_metrics": agent, "error": "e"}
    evaluation = written({"result": result}, tmp_path).evaluation
    assert evaluation is not None
    assert (evaluation.status, evaluation.speedup, evaluation.error) == ("success", None, "e")


def test_damage(tmp_path: Path) -> None:
    """A result that is cut short is named."""
    file = dump(tmp_path / "x/benchmark_result.json", {})
    file.write_text('{"result": {"status"')
    assert "is cut short" in read(tmp_path).why
    assert "is cut short" in read(file).why
