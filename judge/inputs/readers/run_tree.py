"""Reads the run tree of a known harness: every run that an audit finds there becomes a candidate of its task.

What the harness recorded of outcomes and timings is for `judge audit`; here only its claim is kept.
"""

from __future__ import annotations

from pathlib import Path

from judge.inputs.batch import Batch, Defaults, Fault
from judge.inputs.case_file import human_side
from judge.inputs.runs.discovery import recognising
from judge.inputs.runs.join import join
from judge.inputs.runs.recorded_run import RecordedRun, Unread
from judge.static_checks.model.case import Candidate, Case

LAYOUT = "the run tree of a known harness"


def recognises(path: Path) -> bool:
    """Whether some layout of the audit finds runs below the folder `path`."""
    return path.is_dir() and bool(recognising(path))


def read(path: Path, defaults: Defaults) -> Batch:
    """Make a case of each task and a candidate of each run; a run whose patch lies elsewhere is a fault."""
    described: dict[str, list[RecordedRun]] = {}
    faults: list[Fault] = []
    for layout in recognising(path):
        for run in layout.read(path):
            if isinstance(run, Unread):
                faults.append(Fault(message=f"{run.path}: {run.why}"))
            else:
                described.setdefault(run.key, []).append(run)
    cases: dict[str, Case] = {}
    candidates: list[Candidate] = []
    for run in sorted(map(join, described.values()), key=lambda run: run.id):
        if run.patch_state == "unknown":
            faults.append(Fault(message=f"{path}: {run.id}: its patch is not here; give the tree that holds it too"))
            continue
        case = _case(run, defaults)
        cases[case.id] = case
        candidates.append(_candidate(run, case.id))
    return Batch(cases=tuple(cases.values()), candidates=tuple(candidates), faults=tuple(faults))


def _case(run: RecordedRun, defaults: Defaults) -> Case:
    """Make the case of a run; runs with the same repository, base and human commit share it."""
    base, human = run.base or defaults.base, run.human or human_side(defaults.human)
    parts = (run.repo, run.human or run.item, run.base[:12] if run.base else None)
    return Case(
        id="-".join(part for part in parts if part) or run.id,
        repo=defaults.repos.get(run.repo or "") or defaults.repos.get(""),
        base=base,
        human=human,
        benchmark=defaults.benchmark,
        repo_name=run.repo or "",
    )


def _candidate(run: RecordedRun, case: str) -> Candidate:
    return Candidate(
        id=f"{case}/{run.id}",
        case=case,
        source=str(run.patch) if isinstance(run.patch, Path) else run.sources[0],
        patch=run.patch,
        agent=run.agent,
        model=run.model,
        run=run.run,
        claimed=run.claimed,
    )
