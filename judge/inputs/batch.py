"""What the readers make of the paths on the command line: cases, candidates, and faults of the input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from judge.errors import InputError
from judge.lib.folder_scan import scan
from judge.static_checks.model.case import Candidate, Case

_MOST_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """What the flags say; a case's own values win over them.

    Attributes:
        repos: repositories by name; the name "" is the one given without a name.
        base: revision, for cases that name none.
        human: revision or diff file, for cases that name none.
        benchmark: benchmark file, for cases that name none.
    """

    repos: Mapping[str, Path] = field(default_factory=dict)
    base: str | None = None
    human: str | None = None
    benchmark: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An input that cannot be used; the others are graded all the same."""

    message: str


@dataclass(frozen=True, kw_only=True)
class Batch:
    """All that is to be graded, in a stable order."""

    cases: tuple[Case, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    faults: tuple[Fault, ...] = ()


class Reader(Protocol):
    """One kind of input; each is a module in `readers/` with these two functions."""

    LAYOUT: str

    def recognises(self, path: Path) -> bool:
        """Whether this reader is the one for `path`; looks at names only."""

    def read(self, path: Path, defaults: Defaults) -> Batch:
        """Read `path`. Faults of single entries go into the batch."""


@cache
def all_readers() -> tuple[Reader, ...]:
    """Return the readers found in `readers/`, in order of file name.

    Raises:
        RuntimeError: a file there does not import or is no reader; the message names it.
    """
    return tuple(cast(Reader, module) for module in scan("inputs.readers", needs=("LAYOUT", "recognises", "read")))


def read_inputs(paths: Sequence[Path], defaults: Defaults) -> Batch:
    """Read all paths into one batch; what cannot be used becomes a fault with its reason.

    A prediction whose case is defined by another path (a `case.toml` with that name) uses that case.
    """
    batches = [_read(path, defaults) for path in paths]
    return _without_duplicates(_joined(batches))


def _read(path: Path, defaults: Defaults) -> Batch:
    if not path.exists():
        return Batch(faults=(Fault(message=f"{path}: no such file or directory; check the path"),))
    reader = next((reader for reader in all_readers() if reader.recognises(path)), None)
    if reader is None:
        known = "; ".join(reader.LAYOUT for reader in all_readers())
        return Batch(faults=(Fault(message=f"{path}: nothing here that can be graded; looked for: {known}"),))
    try:
        return reader.read(path, defaults)
    except InputError as error:
        return Batch(faults=(Fault(message=str(error)),))
    except OSError as error:
        return Batch(faults=(Fault(message=f"{error.filename or path}: cannot be read ({error.strerror})"),))


def missing_repositories(batch: Batch) -> tuple[Fault, ...]:
    """Return a fault for each repository that is missing: the cases that need it, and the flag that gives it.

    Their candidates stay in the batch, so that each has its record.
    """
    patches = Counter(candidate.case for candidate in batch.candidates)
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in batch.cases:
        if patches[case.id] and (case.repo is None or (case.repo_name and not case.repo.is_dir())):
            groups.setdefault((case.repo_name, "" if case.repo_name else case.id), []).append(case)
    faults = []
    for (name, _), cases in groups.items():
        shown = ", ".join(repr(case.id) for case in cases[:_MOST_NAMED])
        more = f" and {len(cases) - _MOST_NAMED} more" if len(cases) > _MOST_NAMED else ""
        count = sum(patches[case.id] for case in cases)
        subject = (
            f"{'case' if len(cases) == 1 else 'cases'} {shown}{more} ({count} {'patch' if count == 1 else 'patches'})"
        )
        elsewhere = cases[0].origin or "case.toml"
        missing = (
            f"no repository {name!r}; give --repo {name}=PATH"
            if name
            else f"no repository; give --repo PATH, or `repo` in {elsewhere}"
        )
        faults.append(Fault(message=f"{subject}: {missing}"))
    return tuple(faults)


def _joined(batches: Iterable[Batch]) -> Batch:
    batches = list(batches)
    return Batch(
        cases=tuple(case for batch in batches for case in batch.cases),
        candidates=tuple(candidate for batch in batches for candidate in batch.candidates),
        faults=tuple(fault for batch in batches for fault in batch.faults),
    )


def _without_duplicates(batch: Batch) -> Batch:
    """Drop cases with the same name (nobody can say which is meant) and repeated candidates, with a fault each."""
    faults = list(batch.faults)
    by_name: dict[str, list[Case]] = {}
    for case in batch.cases:
        by_name.setdefault(case.id, []).append(case)
    cases = {}
    for name, group in by_name.items():
        # A prediction defines its case from the flags only where no case.toml defines it.
        defined = [case for case in group if case.origin] or group[:1]
        if len(defined) > 1:
            places = ", ".join(case.origin for case in defined)
            faults.append(Fault(message=f"two cases are called {name!r}: {places}; rename one, neither was graded"))
        else:
            cases[name] = defined[0]
    candidates: dict[str, Candidate] = {}
    for candidate in batch.candidates:
        if candidate.id in candidates:
            first = candidates[candidate.id].source
            faults.append(
                Fault(message=f"{candidate.source}: {candidate.id!r} is also the name of {first}, which was graded")
            )
        elif candidate.case in cases:
            candidates[candidate.id] = candidate
    return Batch(cases=tuple(cases.values()), candidates=tuple(candidates.values()), faults=tuple(faults))
