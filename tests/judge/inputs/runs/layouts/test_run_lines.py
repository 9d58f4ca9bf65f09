"""Generic runs: JSON lines for harnesses without a layout of their own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from run_tree_kit import PATCH, read

from judge.inputs.runs.layouts.run_lines import RunLine

SCHEMA = {"schema": "judge-run/1"}


def lines(tmp_path: Path, *entries: dict[str, Any] | str) -> Path:
    """Write lines; a text is written as it is."""
    file = tmp_path / "runs.jsonl"
    written = [entry if isinstance(entry, str) else json.dumps({**SCHEMA, **entry}) for entry in entries]
    file.write_text("\n".join(written) + "\n")
    return file


def test_every_key_arrives(tmp_path: Path) -> None:
    """What a line says is what the run says; the files it names are beside it."""
    line: dict[str, Any] = {
        "id": "a", "key": "k", "repo": "vllm", "base": "b", "human": "h", "agent": "x", "model": "m", "run": "r",
        "item": "i", "started": 5.0, "claimed": "success", "claimed_status": "done", "patch": PATCH,
        "patch_recorded": True, "returncode": 0, "duration_s": 1.5, "steps": 3, "time_to_first_edit_s": 0.5,
        "error": "e", "error_type": "E", "tokens_input": 7, "tokens_output": 8, "config": {"hints": False},
    }  # fmt: skip
    timing = {
        "status": "success", "baseline_ms": 3.0, "patched_ms": 2.0, "human_ms": 1.0, "speedup": 1.5,
        "human_speedup": 3.0, "interval": [1.4, 1.6], "improvement": True, "correctness": "same", "error": "e",
        "outputs": {"baseline_output": {"device": "cpu"}}, "stdout": "o", "stderr": "s", "duration_s": 9.0,
        "test_script": "bench.py",
    }  # fmt: skip
    names = {"logs": ["log.txt"], "prompt": "prompt.json", "task_text": "task.txt"}
    for name in ("log.txt", "prompt.json", "task.txt"):
        (tmp_path / name).touch()
    run = read(lines(tmp_path, {**line, **names, "evaluation": timing})).run
    assert {key: getattr(run, key) for key in line if key != "patch"} == {k: v for k, v in line.items() if k != "patch"}
    assert (run.patch, run.patch_state) == (PATCH.encode(), "yes")
    assert (run.logs, run.prompt, run.task_text) == (
        (tmp_path / "log.txt",),
        tmp_path / "prompt.json",
        tmp_path / "task.txt",
    )
    assert run.evaluation is not None
    expected = {**timing, "interval": (1.4, 1.6)}
    assert {key: getattr(run.evaluation, key) for key in timing} == expected


@pytest.mark.parametrize(
    ("keys", "state"),
    [
        ({}, "unknown"),
        ({"patch": None}, "missing"),
        ({"patch": ""}, "empty"),
        ({"patch": " \n"}, "empty"),
        ({"patch_file": "p.diff"}, "yes"),
        ({"patch_file": "empty.diff"}, "empty"),
        ({"patch_file": "absent.diff"}, "missing"),
        ({"patch_file": "pipe"}, "unreadable"),
    ],
)
def test_what_is_known_of_the_patch(keys: dict[str, Any], state: str, tmp_path: Path) -> None:
    """Left out is unknown, null is a run that left none."""
    (tmp_path / "p.diff").write_text(PATCH)
    (tmp_path / "empty.diff").touch()
    os.mkfifo(tmp_path / "pipe")
    assert read(lines(tmp_path, {"id": "a", **keys})).run.patch_state == state


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    """A log that a line names and that is gone is said; the run is there."""
    output = read(lines(tmp_path, {"id": "a", "logs": ["gone.txt"], "prompt": "gone.json"}))
    assert (output.run.logs, output.run.prompt) == ((), None)
    assert [Path(unread.path).name for unread in output.unread] == ["gone.txt", "gone.json"]


def test_a_line_that_is_wrong_is_named(tmp_path: Path) -> None:
    """A misspelt key, a number that is none, a text that is no JSON: each line by its number, the rest is read."""
    output = read(lines(tmp_path, {"id": "a"}, {"id": "b", "modell": "m"}, {"id": ""}, "{", '{"id": "c"}', {"id": "d"}))
    nan = read(lines(tmp_path, {"id": "a"}, '{"schema": "judge-run/1", "id": "b", "duration_s": NaN}'))
    assert [run.id for run in output.runs] == ["a", "d"]
    reasons = [unread.path.rpartition(":")[2] + " " + unread.why for unread in (*output.unread, *nan.unread)]
    assert reasons == [
        "2 is no run: key 'modell': Extra inputs are not permitted",
        "3 is no run: key 'id': String should have at least 1 character",
        "4 is no run: Invalid JSON: EOF while parsing an object at line 1 column 1",
        "5 is no run: key 'schema': Field required",
        "2 is no run: key 'duration_s': Input should be a finite number",
    ]


def test_every_key_is_described() -> None:
    """`judge schema run` lists every key, and the marker by which the file is known."""
    schema = RunLine.model_json_schema(by_alias=True)
    assert schema["required"] == ["schema", "id"]
    assert schema["properties"]["schema"]["const"] == "judge-run/1"
