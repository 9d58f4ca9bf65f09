"""A small repository and a tree of old runs made in it, one of each kind: what an audit must tell apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from run_tree_kit import dump, iso_run, results
from support import commit, diff_of, make_repo

SLOW = "def total(values):\n    out = 0\n    for value in values:\n        out = out + value\n    return out\n"
FAST = "def total(values):\n    return sum(values)\n"
OTHER = "def total(values):\n    import math\n    return math.fsum(values)\n"
BROKEN = "def total(values:\n    return sum(values)\n"
BATCH = "demo/trae/gpt-5/2025-11-06_03-26-11"


@dataclass(frozen=True, kw_only=True)
class OldRuns:
    """The repository, the tree, and the commits.

    Attributes:
        tree: folder with `state/runs` and `eval`.
        out: where the tests may write.
    """

    repo: Path
    tree: Path
    out: Path
    base: str
    human: str

    @property
    def repos(self) -> Mapping[str, Path]:
        """What `--repo` gives."""
        return {"demo": self.repo}

    def add(
        self, item: str, patch: str | None, *, status: str = "success", timing: Mapping[str, Any] | None = None
    ) -> Path:
        """Write a run, and its evaluation if a timing is given; return the run's folder."""
        commits = {"pre": self.base, "human": self.human}
        folder = iso_run(self.tree / "state/runs", f"{BATCH}/{item}", patch, commits=commits, status=status)
        if timing is not None:
            evaluation = results(**timing)
            evaluation["metadata"] |= {"human_commit": self.human, "pre_commit": self.base, "agent_status": status}
            evaluation["metadata"]["patch_path"] = f"/elsewhere/state/runs/{BATCH}/{item}/model_patch.diff"
            dump(self.tree / "eval" / BATCH / item / "test_results.json", evaluation)
        return folder

    def edit(self, content: str) -> str:
        """Return the patch that makes the module read so."""
        return diff_of(self.repo, {"sums.py": content}).decode()


def old_runs(folder: Path) -> OldRuns:
    """Write the repository and an empty tree."""
    repo = folder / "repo"
    base = make_repo(repo, {"sums.py": SLOW, "other.py": "x = 1\n"})
    human = commit(repo, {"sums.py": FAST})
    commit(repo, {"sums.py": SLOW})
    return OldRuns(repo=repo, tree=folder / "tree", out=folder / "out", base=base, human=human)


NOTHING = {"status": "baseline_failed", "baseline_ms": None, "patched_ms": None, "speedup": None, "improvement": False}


def write_all(runs: OldRuns) -> None:
    """Write one run of each kind."""
    other, broken = runs.edit(OTHER), runs.edit(BROKEN)
    runs.add("01-other-way", other, timing={})
    runs.add("02-identical", runs.edit(FAST), timing={"baseline_ms": 1.0, "patched_ms": 1.0, "speedup": 1.0})
    runs.add("03-empty", "", timing=NOTHING)
    runs.add("04-missing", None, status="error")
    runs.add("05-misfit", other.replace("out = 0", "out = 7"), timing=NOTHING)
    runs.add("06-broken", broken, timing=NOTHING)
    runs.add("07-phantom", other, timing={"baseline_ms": 0.0, "patched_ms": 0.0, "speedup": None})
    runs.add("08-much-slower", other, timing={"baseline_ms": 1.0, "patched_ms": 8.0, "speedup": 0.125})
    runs.add("09-no-test", other, timing={**NOTHING, "status": "no_test", "error_message": "No test script found"})


def verdicts(out: Path) -> dict[str, dict[str, Any]]:
    """The records of an audit, by item."""
    records = [json.loads(line) for line in (out / "verdicts.jsonl").read_text().splitlines()]
    return {Path(record["id"]).name: record for record in records}
