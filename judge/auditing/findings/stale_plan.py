"""Finding stale-plan."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.auditing.context import Context

DEPTH = 2
"""Folders below a root in which plans are looked for; deeper lie the runs."""
MOST_FOLDERS = 10_000
MOST_BYTES = 10 * 1024 * 1024
_SHORT = 8


class _Plan:
    def __init__(self, file: Path, commits: Sequence[str]) -> None:
        self.file = file
        self.commits = commits
        self.done: set[str] = set()
        self.runs = RunSet()


class _Collector:
    """Reads the plans first, so that of the runs only those that are planned must be remembered."""

    def __init__(self, context: Context) -> None:
        self.plans = list(_plans(context.roots))
        self.by_commit: dict[str, list[_Plan]] = {}
        for plan in self.plans:
            for commit in plan.commits:
                self.by_commit.setdefault(commit[:_SHORT], []).append(plan)

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        if run.claimed != "success" or run.human is None:
            return
        for plan in self.by_commit.get(run.human[:_SHORT], ()):
            plan.done.add(run.human[:_SHORT])
            plan.runs.add(audited)

    def result(self) -> Sequence[Observation]:
        return [
            Observation(
                message=f"{plan.file}: {len(plan.done)} of {len(plan.commits)} planned commits already have a run "
                f"claimed as success; {len(plan.commits) - len(plan.done)} remain",
                runs=plan.runs,
                recovers=0,
                details={"plan": str(plan.file), "planned": len(plan.commits), "done": sorted(plan.done)},
            )
            for plan in self.plans
            if plan.done
        ]


def _plans(roots: Sequence[Path]) -> Iterator[_Plan]:
    for file in _candidates(roots):
        try:
            if file.stat().st_size > MOST_BYTES:
                continue
            plan = json.loads(file.read_bytes())
        except (OSError, ValueError, RecursionError):
            continue
        items = plan.get("items") if isinstance(plan, Mapping) else plan
        if isinstance(items, list):
            named = (item.get("human") for item in items if isinstance(item, Mapping))
            commits = list(
                dict.fromkeys(commit for commit in named if isinstance(commit, str) and len(commit) >= _SHORT)
            )
            if commits:
                yield _Plan(file, commits)


def _candidates(roots: Sequence[Path]) -> Iterator[Path]:
    """Yield `*plan*.json` below the roots, not through links, in a stable order."""
    folders = [(root, 0) for root in roots if root.is_dir()]
    for seen, (folder, depth) in enumerate(folders):
        if seen >= MOST_FOLDERS:
            return
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if entry.is_file() and "plan" in entry.name and entry.name.endswith(".json"):
                yield Path(entry.path)
            elif depth < DEPTH and entry.is_dir(follow_symlinks=False):
                folders.append((Path(entry.path), depth + 1))


_PLAN = '{"repo": "r", "task_id": "core", "items": [{"item_id": "core-0000", "human": "c0ffee00c0ffee00", "pre": ""}]}'

KIND = FindingKind(
    code="stale-plan",
    title="A plan lists work that is already done",
    severity="warn",
    why="Whoever runs the plan pays again for commits that have a result, and the second result competes with the "
    "first. A plan is a JSON file with `items` that each name a `human` commit.",
    mend="Write the plan anew from the runs before each batch, or make it on demand.",
    bad=FindingExample(
        runs=(sample("a", human="c0ffee00c0ffee00", claimed="success"),), files={"state/plan_remaining.json": _PLAN}
    ),
    good=FindingExample(
        runs=(
            sample("a", human="c0ffee00c0ffee00", claimed="error"),
            sample("b", number=1, human="beef0000", claimed="success"),
        ),
        files={"state/plan_remaining.json": _PLAN},
    ),
    collector=_Collector,
)
