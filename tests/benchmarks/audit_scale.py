"""Measures `judge audit` on synthetic run trees: runs a second, and memory, which must not grow with the tree.

    python tests/benchmarks/audit_scale.py                     # trees of 1,000, 10,000 and 100,000 runs
    python tests/benchmarks/audit_scale.py --runs 1000 5000

Each tree is audited twice in a process of its own: cold, and again with every verdict there. The runs have what real
ones have (a journal, a patch, a task text, a timing with kilobytes of output); no repository is given, so what is
measured is reading, joining, regrading and summing up, not the gates (`static_grading.py` measures those).
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TASKS = 500
ATTEMPTS_A_FOLDER = 200

CHILD = """
import json, resource, sys, time
from pathlib import Path
from judge.auditing.audit import AuditOptions, audit
started = time.perf_counter()
result = audit([Path(sys.argv[1])], AuditOptions(out=Path(sys.argv[2]), jobs=1))
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"runs": result.runs, "resumed": result.resumed, "findings": len(result.findings),
    "seconds": time.perf_counter() - started, "cpu": used.ru_utime + used.ru_stime, "kib": used.ru_maxrss}))
"""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one audit took; `mib` is the most memory its process ever had."""

    runs: int
    resumed: int
    findings: int
    seconds: float
    cpu: float
    mib: float


def main() -> None:
    """Make the trees, audit them, and print a line for each audit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="sizes of the trees")
    parser.add_argument("--folder", type=Path, help="where the trees are made; default: a temporary folder")
    options = parser.parse_args()
    print(f"{'runs':>8} {'audit':>8} {'seconds':>8} {'runs/s':>8} {'cpu s':>8} {'MiB':>6} {'findings':>8}")
    for size in options.runs:
        with tempfile.TemporaryDirectory(prefix="audit-scale-", dir=options.folder) as folder:
            tree, out = Path(folder) / "runs", Path(folder) / "out"
            make_tree(tree, size)
            for name in ("cold", "again"):
                measured = audit_in_child(tree, out)
                assert measured.runs == size, f"{measured.runs} of {size} runs were read"
                assert measured.resumed == (size if name == "again" else 0), f"{measured.resumed} resumed"
                print(
                    f"{size:>8} {name:>8} {measured.seconds:>8.1f} {size / measured.seconds:>8.0f} "
                    f"{measured.cpu:>8.1f} "
                    f"{measured.mib:>6.0f} {measured.findings:>8}",
                    flush=True,
                )
            shutil.rmtree(tree)


def audit_in_child(tree: Path, out: Path) -> Measured:
    """Audit a tree in a fresh process, whose memory is only its own."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", CHILD, str(tree), str(out)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    measured = json.loads(done.stdout)
    return Measured(mib=measured.pop("kib") / 1024, **measured)


def make_tree(root: Path, size: int) -> None:
    """Write a run tree and its evaluation tree, in the layout of ISO-Bench; every seventh run has no patch."""
    started = time.perf_counter()
    for number in range(size):
        task = number % TASKS
        hour, minute = divmod(number // ATTEMPTS_A_FOLDER, 60)
        time_name = f"2025-01-{1 + hour // 24:02d}_{hour % 24:02d}-{minute:02d}-00"
        batch = f"demo/agent/model-{number % 3}/{time_name}/demo-{number:07d}"
        for file, content in files_of(number, task):
            place = root / ("eval" if file == "test_results.json" else "state/runs") / batch / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content, encoding="utf-8")
    print(f"# {size} runs written in {time.perf_counter() - started:.0f} s", file=sys.stderr)


def files_of(number: int, task: int) -> Iterator[tuple[str, str]]:
    """Yield name and content of the files of one run."""
    commits = {"pre": f"{task:040x}", "human": f"{task + 1_000_000:040x}"}
    success = number % 3 > 0
    empty = number % 7 == 0
    yield (
        "journal.json",
        json.dumps(
            {
                "task_id": "demo",
                "commits": commits,
                "status": "success" if success else "error",
                "metrics": {"time_to_first_edit_s": 12.5, "commit_count": 1, "patch_size_loc": 0 if empty else 2},
                "agent": {"returncode": 0 if success else 1, "duration_s": 300.0 + number % 100},
            }
        ),
    )
    yield "model_patch.diff", "" if empty else patch(number)
    yield "task.txt", f"Make it faster.\n<test_script>\nprint({task})\n</test_script>\n" + "Read the code first. " * 200
    speedup = None if number % 5 else 0.9 + number % 40 / 100
    status = "success" if speedup else ("baseline_failed", "error", "no_test")[number % 3]
    result = {
        "status": status,
        "baseline_ms": 10.0 if speedup else None,
        "patched_ms": 10.0 / speedup if speedup else None,
        "speedup": speedup,
        "improvement": bool(speedup and speedup > 1),
        "baseline_output": {"avg_ms": 10.0} if speedup else None,
        "patched_output": {"avg_ms": 9.0} if speedup else None,
        "error_message": None if speedup else f"No module named 'module_{number % 50}'",
        "stdout": "line of output\n" * 100,
        "stderr": "warning: something was said\n" * 100,
        "duration_s": 5.0,
    }
    metadata = {"human_commit": commits["human"], "pre_commit": commits["pre"], "agent_status": "success"}
    yield "test_results.json", json.dumps({"metadata": metadata, "result": result})


def patch(number: int) -> str:
    """Return a patch of its own for a run."""
    return (
        f"diff --git a/m{number % 97}.py b/m{number % 97}.py\n--- a/m{number % 97}.py\n+++ b/m{number % 97}.py\n"
        f"@@ -1 +1 @@\n-x = 0\n+x = {number}\n"
    )


if __name__ == "__main__":
    main()
