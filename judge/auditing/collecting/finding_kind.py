"""What a kind of finding is: one file with its code, its reasons, what to do, two examples, and a collector.

The kinds are found by scanning `findings/*.py`: adding a kind is adding a file, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import Accumulator, AuditFinding, RunSet, Severity
from judge.auditing.context import Context
from judge.inputs.runs.judgement_file import RecordedJudgement
from judge.inputs.runs.recorded_run import Unread
from judge.lib.folder_scan import scan


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What a collector saw; its kind adds the code, the title and what to do.

    Attributes:
        severity: set only where this weighs otherwise than the kind itself.
        title: set only where a kind sees several things, and this is one of them.
    """

    message: str
    title: str | None = None
    runs: RunSet = field(default_factory=RunSet)
    recovers: int | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    severity: Severity | None = None


@dataclass(frozen=True, kw_only=True)
class FindingExample:
    """A small audit for a kind: it is its documentation and its test.

    Attributes:
        runs: the runs, in order of id; relative paths in them are below the folder that `files` are written to.
        files: what is written before, by path.
        human: the human change of every run, as a diff; empty where it is not known.
        expect: what configuration files are said to hold, as (FILE, PATH, VALUE).
    """

    runs: tuple[AuditedRun, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    human: str = ""
    expect: tuple[tuple[str, str, str], ...] = ()
    judgements: tuple[RecordedJudgement, ...] = ()
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FindingKind:
    """One kind of finding; its code is the name of its file.

    Attributes:
        title: the kind in a few words.
        severity: `block`: a number built on these runs is wrong; `warn`: it may be; `info`: good to know.
        why: why it matters, and where its thresholds come from.
        mend: what to do.
        collector: makes what sees every run once.
    """

    code: str
    title: str
    severity: Severity
    why: str
    mend: str
    bad: FindingExample
    good: FindingExample
    collector: Callable[[Context], Accumulator[Sequence[Observation]]]

    def collect(self, context: Context) -> Accumulator[Sequence[AuditFinding]]:
        """Start looking; the result is this kind's findings, none where all is well."""
        return _Named(self, self.collector(context))


class _Named:
    def __init__(self, kind: FindingKind, inner: Accumulator[Sequence[Observation]]) -> None:
        self._kind = kind
        self._inner = inner

    def add(self, audited: AuditedRun) -> None:
        self._inner.add(audited)

    def result(self) -> Sequence[AuditFinding]:
        kind = self._kind
        return tuple(
            AuditFinding(
                code=kind.code,
                severity=seen.severity or kind.severity,
                title=seen.title or kind.title,
                message=seen.message,
                runs=seen.runs,
                recovers=seen.recovers,
                mend=kind.mend,
                details=seen.details,
            )
            for seen in self._inner.result()
        )


@cache
def all_kinds() -> tuple[FindingKind, ...]:
    """Return every kind of finding, in order of code.

    Raises:
        RuntimeError: a file does not import, defines no `KIND`, or its code is not its file's name.
    """
    kinds = []
    for module in scan("auditing.findings", needs=("KIND",)):
        file = Path(str(module.__file__))
        code = file.stem.replace("_", "-")
        if not isinstance(module.KIND, FindingKind) or module.KIND.code != code:
            raise RuntimeError(f"{file}: its KIND must be a FindingKind with the code {code!r}, after its file")
        kinds.append(module.KIND)
    return tuple(kinds)
