"""What a kind of finding is: one file with its code, its reasons, what to do, two examples, and a collector."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import Accumulator, AuditFinding, RunSet, Severity
from judge.auditing.context import Context
from judge.core.judgement import NotAsked
from judge.core.timing import NotTimed
from judge.core.verdict import Verdict
from judge.inputs.runs.recorded_judgements import RecordedJudgement
from judge.inputs.runs.run import Evaluation, Run, Unread
from judge.static_checks.model.finding import Gate, GateResult


@dataclass(frozen=True, kw_only=True)
class Seen:
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
class Example:
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
class Kind:
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
    bad: Example
    good: Example
    collector: Callable[[Context], Accumulator[Sequence[Seen]]]

    def collect(self, context: Context) -> Accumulator[Sequence[AuditFinding]]:
        """Start looking; the result is this kind's findings, none where all is well."""
        return _Named(self, self.collector(context))


class _Named:
    def __init__(self, kind: Kind, inner: Accumulator[Sequence[Seen]]) -> None:
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


def sample(
    name: str,
    *,
    number: int = 0,
    gates: Mapping[Gate, GateResult] | None = None,
    twins: tuple[str, ...] = (),
    patch_sha256: str | None = None,
    patch_bytes: int | None = None,
    **run: Any,
) -> AuditedRun:
    """Return a run for an example: the fields of `Run`, and what regrading made of it."""
    return AuditedRun(
        number=number,
        run=Run(key=name, id=name, layout="example", **run),
        gates=gates,
        timing=NotTimed(status="skipped", reason="example", message="an example"),
        judgement=NotAsked(reason="example", message="an example"),
        outcome=Verdict(verdict="undetermined", true_success=None, level=0, reasons=()),
        twins=twins,
        patch_sha256=patch_sha256,
        patch_bytes=patch_bytes,
    )


def timed(baseline_ms: float | None, patched_ms: float | None, **evaluation: Any) -> Evaluation:
    """Return a recorded timing for an example; without both numbers there is no speed-up."""
    speedup = baseline_ms / patched_ms if baseline_ms and patched_ms else None
    given = {"status": "success", "baseline_ms": baseline_ms, "patched_ms": patched_ms, "speedup": speedup}
    return Evaluation(**{**given, **evaluation})
