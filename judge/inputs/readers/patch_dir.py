"""Reads a bare directory of `.diff`/`.patch` files, or a single one; the flags say what they are for."""

from __future__ import annotations

from pathlib import Path

from judge.errors import InputError
from judge.inputs.batch import Batch, Defaults, Fault
from judge.inputs.case_file import human_side
from judge.inputs.readers import case_dir
from judge.static_checks.model.case import Candidate, Case

LAYOUT = "a directory of .diff or .patch files (with --repo, --base, --human)"


def recognises(path: Path) -> bool:
    """Whether `path` is a diff file or a directory with diff files and no case."""
    if path.is_file():
        return path.suffix in (".diff", ".patch")
    return path.is_dir() and not case_dir.recognises(path) and bool(case_dir.diff_files(path))


def read(path: Path, defaults: Defaults) -> Batch:
    """Make one case of the flags and a candidate of each file."""
    folder = path.resolve() if path.is_dir() else path.resolve().parent
    if len(defaults.repos) > 1 and "" not in defaults.repos:
        names = ", ".join(defaults.repos)
        raise InputError(f"{path}: which repository are these for, {names}? Give it as --repo PATH, without a name")
    case = Case(
        id=folder.name or "patches",
        repo=defaults.repos.get("") or next(iter(defaults.repos.values()), None),
        base=defaults.base,
        human=human_side(defaults.human),
        benchmark=defaults.benchmark,
    )
    candidates: list[Candidate] = []
    faults: list[Fault] = []
    for diff in case_dir.diff_files(path) if path.is_dir() else [path]:
        try:
            candidates.append(case_dir.read_candidate(diff, case.id))
        except InputError as error:
            faults.append(Fault(message=str(error)))
    return Batch(cases=(case,), candidates=tuple(candidates), faults=tuple(faults))
