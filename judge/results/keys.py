"""Digests of everything a verdict depends on: same digest, same verdict, nothing to do again."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from judge.lib.digests import digest
from judge.static_checks.model.case import Candidate, Case, UnreadablePatch, read_patch
from judge.static_checks.repo.git import GitError, Repository, RepositoryError

_FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def run_digest(*, judge: str, time: str, python: Path | None, device: str) -> str:
    """Digest what is the same for all candidates: our own code, the judge, the timing options."""
    return digest([_code_digest(), judge, time, str(python), device])


class PatchText(NamedTuple):
    """The raw text of a patch in three figures; other harnesses know a patch by its size, in bytes or in characters."""

    sha256: str
    bytes: int
    chars: int


def measure_patch(raw: bytes) -> PatchText:
    """Return digest and sizes of a raw patch text."""
    chars = len(raw.decode("utf-8", "surrogateescape"))
    return PatchText(sha256=hashlib.sha256(raw).hexdigest(), bytes=len(raw), chars=chars)


def load_patch(candidate: Candidate) -> tuple[Candidate, PatchText | None]:
    """Read a candidate's patch: from here on it holds the bytes themselves, so that nobody reads the file again.

    What is missing or cannot be read stays as it is, without a text; the gates say why.
    """
    if candidate.missing:
        return candidate, None
    try:
        raw = read_patch(candidate)
    except UnreadablePatch:
        return candidate, None
    return replace(candidate, patch=raw), measure_patch(raw)


def case_digest(case: Case) -> str:
    """Digest a case by content: commits, the human diff, the benchmark, the options; not by its name."""
    return digest(
        [
            str(case.repo.resolve()) if case.repo else "",
            _revision(case, case.base) if case.base is not None else _folder(case.repo),
            _human(case),
            _file(case.benchmark),
            case.description,
            case.tests or "",
            json.dumps(dict(case.timing), sort_keys=True, default=str),
        ]
    )


@cache
def _code_digest() -> str:
    """Digest of the installed package: another version of a rule is another verdict."""
    root = Path(__file__).parents[1]
    homes = (root, (root / "bench").resolve(), (root / "static_checks").resolve())  # links in a checkout
    files = sorted({file.resolve() for home in homes for file in home.rglob("*.py")})
    return digest(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)


def _human(case: Case) -> str:
    if isinstance(case.human, bytes):
        return hashlib.sha256(case.human).hexdigest()
    return _file(case.human) if isinstance(case.human, Path) else _revision(case, case.human) if case.human else ""


def _revision(case: Case, name: str) -> str:
    """A branch may move, a full commit id cannot; what cannot be resolved will be reported by the gates."""
    if _FULL_ID.fullmatch(name) or case.repo is None:
        return name
    try:
        repository = Repository.open(case.repo)
        return repository.resolve(name) if repository else name
    except (RepositoryError, GitError):
        return name


def _file(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return f"unreadable {path}"


def _folder(folder: Path | None) -> str:
    """A plain directory has no commit: names, sizes and times of its files stand for its content."""
    if folder is None:
        return ""
    files = sorted(file for file in folder.rglob("*") if "__pycache__" not in file.parts and file.is_file())
    return digest(f"{file.relative_to(folder)} {(stat := file.stat()).st_size} {stat.st_mtime_ns}" for file in files)
