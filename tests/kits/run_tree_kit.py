"""Writes what harnesses leave behind, small: run trees, evaluation trees, reports; and reads them with a layout."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge.inputs.runs.discovery import discover
from judge.inputs.runs.recorded_run import RecordedRun, Unread

BASE, HUMAN = "1" * 40, "2" * 40
PATCH = "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
RUN = "vllm/trae/gpt-5/2025-11-06_03-26-11/vllm_core-0003"


@dataclass(frozen=True, kw_only=True)
class ReaderOutput:
    """What a layout yielded, runs and unread files apart."""

    runs: list[RecordedRun]
    unread: list[Unread]

    @property
    def run(self) -> RecordedRun:
        """The only run."""
        (run,) = self.runs
        return run

    @property
    def why(self) -> str:
        """What is said of the only unread file, with its place."""
        (unread,) = self.unread
        return f"{unread.path}: {unread.why}"


def read(path: Path, layout: str = "auto") -> ReaderOutput:
    """Read a path with the one layout that recognises it, or with the one named."""
    (reader,) = discover(path, layout)
    return sort_out(reader.read(path))


def sort_out(described: Iterator[RecordedRun | Unread]) -> ReaderOutput:
    """Sort runs and unread files apart."""
    listed = list(described)
    return ReaderOutput(
        runs=[entry for entry in listed if isinstance(entry, RecordedRun)],
        unread=[entry for entry in listed if isinstance(entry, Unread)],
    )


def dump(file: Path, value: object) -> Path:
    """Write JSON, with its folders."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value), encoding="utf-8")
    return file


def journal(**changes: Any) -> dict[str, Any]:
    """Return a journal as the harness writes it."""
    return {
        "task_id": "vllm_core",
        "commits": {"pre": BASE, "human": HUMAN},
        "status": "success",
        "experiment": {"hints_enabled": False},
        "metrics": {"time_to_first_edit_s": 12.5, "commit_count": 1, "patch_size_loc": 2},
        "trae": {"cli": "python", "time_budget_minutes": 60, "returncode": 0, "duration_s": 200.0},
        "timestamps": {"written": 1762400000.5},
        **changes,
    }


def iso_run(root: Path, name: str = RUN, patch: str | None = PATCH, **changes: Any) -> Path:
    """Write the folder of a run and return it."""
    folder = root / name
    dump(folder / "journal.json", journal(**changes))
    dump(folder / "prompt.json", {"task": "t"})
    (folder / "task.txt").write_text("make it faster")
    (folder / "trae_stdout.txt").write_text("Input Tokens 5")
    if patch is not None:
        (folder / "model_patch.diff").write_text(patch)
    return folder


def results(**changes: Any) -> dict[str, Any]:
    """Return test results as the harness writes them."""
    return {
        "metadata": {
            "human_commit": HUMAN,
            "pre_commit": BASE,
            "agent_status": "success",
            "patch_path": f"/elsewhere/state/runs/{RUN}/model_patch.diff",
            "test_script_path": "/elsewhere/test.py",
        },
        "result": {
            "status": "success",
            "baseline_ms": 2.0,
            "patched_ms": 1.0,
            "speedup": 2.0,
            "improvement": True,
            "baseline_output": {"avg_ms": 2.0, "opt_path_hit": True},
            "patched_output": {"avg_ms": 1.0, "opt_path_hit": True},
            "error_message": None,
            "stdout": "{}",
            "stderr": "",
            "duration_s": 3.5,
            **changes,
        },
    }


def prediction(instance: str, patch: str | None = PATCH, model: str = "m/one", **extra: object) -> Mapping[str, object]:
    """Return one prediction."""
    return {"instance_id": instance, "model_patch": patch, "model_name_or_path": model, **extra}
