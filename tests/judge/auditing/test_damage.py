"""An audit of a damaged tree: each damage is named, none is fatal, and the whole runs are audited."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from run_tree_kit import dump, iso_run, results

JUDGE = [sys.executable, "-P", "-c", "from judge.cli import main; main()"]
RUNS = "vllm/trae/gpt-5/2025-11-06_03-26-11"
HUGE = 1 << 30


def damaged(root: Path) -> dict[str, str]:
    """Write a tree of runs, each damaged in another way, and return what must be said of which file."""
    state, evaluations = root / "state", root / "eval"
    iso_run(state, f"{RUNS}/whole")
    (iso_run(state, f"{RUNS}/cut") / "journal.json").write_text('{"status": "succ')
    (iso_run(state, f"{RUNS}/nulls") / "journal.json").write_bytes(bytes(100))
    (iso_run(state, f"{RUNS}/lost") / "journal.json").unlink()
    os.truncate(iso_run(state, f"{RUNS}/huge-journal") / "journal.json", HUGE)
    os.truncate(iso_run(state, f"{RUNS}/huge-patch") / "model_patch.diff", HUGE)
    huge, pipes = iso_run(state, f"{RUNS}/huge-texts"), iso_run(state, f"{RUNS}/pipes")
    for name in ("trae_stdout.txt", "task.txt", "prompt.json"):
        os.truncate(huge / name, HUGE)
    for name in ("model_patch.diff", "trae_stdout.txt"):
        (pipes / name).unlink()
        os.mkfifo(pipes / name)
    (state / "vllm/loop").symlink_to(root)
    dump(evaluations / RUNS / "whole/test_results.json", results())
    latin = evaluations / RUNS / "cut/test_results.json"
    latin.parent.mkdir(parents=True)
    latin.write_bytes('{"metadata": {"repo": "caf\xe9"}}'.encode("latin-1"))
    unknown = evaluations / RUNS / "nulls/test_results.json"
    dump(unknown, results(speedup=float("nan"), baseline_ms=float("inf")))
    return {
        f"state/{RUNS}/cut/journal.json": "is cut short",
        f"state/{RUNS}/nulls/journal.json": "is not valid JSON",
        f"state/{RUNS}/lost/journal.json": "is missing: the run left only",
        f"state/{RUNS}/huge-journal/journal.json": "1024 MiB, over the limit",
        f"state/{RUNS}/huge-patch/model_patch.diff": "1024 MiB, over the limit",
        f"state/{RUNS}/pipes/model_patch.diff": "not a regular file",
        f"state/{RUNS}/pipes/trae_stdout.txt": "not a regular file",
        "state/vllm/loop": "a directory loop",
        f"eval/{RUNS}/cut/test_results.json": "is not UTF-8",
    }


def test_each_damage_is_named_and_none_is_fatal(tmp_path: Path) -> None:
    """Cut JSON, other encodings, lost files, null bytes, gigabytes, pipes and a loop: the audit names them and ends."""
    expected = damaged(tmp_path / "tree")
    out = tmp_path / "out"
    done = subprocess.run(
        [*JUDGE, "audit", str(tmp_path / "tree"), "--out", str(out)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode in (0, 3), done.stderr
    audit = json.loads((out / "audit.json").read_text())
    (finding,) = [finding for finding in audit["findings"] if finding["code"] == "unread-file"]
    reasons = {entry["path"].partition("/tree/")[2]: entry["why"] for entry in finding["details"]["files"]}
    assert set(reasons) == set(expected)
    assert {path: what for path, what in expected.items() if what not in reasons[path]} == {}
    (huge,) = [finding for finding in audit["findings"] if finding["code"] == "huge-file"]
    assert [Path(file["path"]).name for file in huge["details"]["files"]] == ["task.txt", "trae_stdout.txt"]
    assert all(file["bytes"] == HUGE for file in huge["details"]["files"])
    assert len((out / "verdicts.jsonl").read_text().splitlines()) == 7
