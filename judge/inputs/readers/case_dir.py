"""Reads a directory of cases: each folder with a `case.toml` and its candidates' diffs."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from judge.errors import InputError
from judge.inputs.batch import Batch, Defaults, Fault
from judge.inputs.case_file import ProvenanceFile, parse_toml, read_case
from judge.static_checks.model.case import Candidate, Case, Claim

LAYOUT = "folders with case.toml"
CASE_FILE = "case.toml"
_SUFFIXES = (".diff", ".patch")


def recognises(path: Path) -> bool:
    """Whether `path` is a case or holds cases one or two levels down."""
    return path.is_dir() and bool(_case_files(path))


def read(path: Path, defaults: Defaults) -> Batch:
    """Read every case below `path`; a case that cannot be read is a fault, the others go on."""
    cases: list[Case] = []
    candidates: list[Candidate] = []
    faults: list[Fault] = []
    for file in _case_files(path):
        try:
            case = read_case(file, defaults)
            diffs = [diff for diff in _diffs(file.parent) if diff != case.human]
            cases.append(case)
        except InputError as error:
            faults.append(Fault(message=str(error)))
            continue
        for diff in diffs:
            try:
                candidates.append(read_candidate(diff, case.id))
            except InputError as error:
                faults.append(Fault(message=str(error)))
    return Batch(cases=tuple(cases), candidates=tuple(candidates), faults=tuple(faults))


def read_candidate(diff: Path, case: str) -> Candidate:
    """Make a candidate of a diff file and the provenance beside it, if there is any."""
    beside = diff.with_suffix(".toml")
    described = beside.is_file() and beside.name != CASE_FILE
    provenance = parse_toml(beside, ProvenanceFile) if described else ProvenanceFile()
    return Candidate(
        id=f"{case}/{diff.stem}",
        case=case,
        source=str(diff),
        patch=diff,
        agent=provenance.agent,
        model=provenance.model,
        run=provenance.run,
        claimed=cast("Claim | None", provenance.claimed),
    )


def diff_files(folder: Path) -> list[Path]:
    """Return the diff files directly in a folder, by name."""
    return sorted(file for file in folder.iterdir() if file.suffix in _SUFFIXES and file.is_file())


def _case_files(path: Path) -> list[Path]:
    if (path / CASE_FILE).is_file():
        return [path / CASE_FILE]
    return sorted([*path.glob(f"*/{CASE_FILE}"), *path.glob(f"*/*/{CASE_FILE}")])


def _diffs(folder: Path) -> list[Path]:
    inside = folder / "candidates"
    candidates = diff_files(inside) if inside.is_dir() else []
    return candidates + [file for file in diff_files(folder) if file.name != "human.diff"]
