"""The only module that knows the order of the stages: inputs, gates, judge, timing, verdict, records."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from judge.bench.options import Device
from judge.identity import case_digest, digest, read_digest, run_digest
from judge.inputs import Batch, Defaults, Fault, read_inputs
from judge.judgement import Abstained, Errored, Judged, Judgement, NotAsked
from judge.judges import open_judge
from judge.records import Ledger, VerdictRecord, make_record
from judge.stages.gates import GateHandler, GateReport, GateTask, unchecked
from judge.stages.speed import SpeedOptions, SpeedStage
from judge.static_checks.case import Candidate, Case
from judge.timing import NotTimed, Timing
from judge.verdict import decide, gates_hold
from judge.workers import WorkerDied, WorkerPool

TimePolicy = Literal["passing", "all", "none"]
Stage = Literal["gates", "timing"]


@dataclass(frozen=True, kw_only=True)
class GradeOptions:
    """How to grade.

    Attributes:
        judge: which judge to ask, NAME or NAME:ARGUMENT.
        time: which candidates to time: those that the gates and the judge let pass, all that the
            gates let pass, or none.
        out: folder for the records; None keeps them in memory only and resumes nothing.
        jobs: worker processes for gates and judge; timing is never run in parallel.
        python: interpreter of the target, for timing; None is the one that grades.
        device: what to time on.
    """

    judge: str = "structural"
    time: TimePolicy = "passing"
    out: Path | None = None
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    python: Path | None = None
    device: Device = "auto"


@dataclass(frozen=True, kw_only=True)
class GradeResult:
    """Everything that came of one run, in the order of the inputs.

    Attributes:
        records: one for each candidate.
        faults: inputs that could not be used.
        resumed: how many records were there before.
    """

    records: tuple[VerdictRecord, ...]
    faults: tuple[Fault, ...]
    resumed: int


# The inputs are in a record's key, so only what lies outside of them can change: processes, disk, time.
_PASSING_FAULTS = frozenset({"apply-git", "apply-grader-died", "trees", "base-budget", "candidate-budget"})

Progress = Callable[[Stage, int, int], None]
"""Called with a stage, how many candidates it has done, and how many it has to do."""


def grade(
    paths: Sequence[Path | str],
    options: GradeOptions | None = None,
    defaults: Defaults | None = None,
    *,
    progress: Progress | None = None,
) -> GradeResult:
    """Grade all candidates found under `paths`.

    A run with `options.out` resumes: a candidate whose verdict is stored there, with the same
    inputs and options, is neither graded nor timed again.

    Raises:
        UsageError: the options make no sense.
        OutputError: the output folder cannot be used.
    """
    options = options or GradeOptions()
    batch = read_inputs([Path(path) for path in paths], defaults or Defaults())
    run = _Run(batch, options, progress or (lambda stage, done, total: None))
    if options.out is None:
        return run.result({key: record for key, record in run.grade(frozenset())}, resumed=0)
    with Ledger(options.out) as ledger:
        stored = ledger.finished(frozenset(run.keys.values()))
        done = {key: record for key, record in stored.items() if not may_pass(record)}
        resumed = len(done)
        for key, record in run.grade(frozenset(done)):
            ledger.append(record)
            done[key] = record
    return run.result(done, resumed=resumed)


class _Run:
    def __init__(self, batch: Batch, options: GradeOptions, progress: Progress) -> None:
        self.batch = batch
        self.options = options
        self.progress = progress
        self.cases = {case.id: case for case in batch.cases}
        self.digests = {candidate.id: read_digest(candidate) for candidate in batch.candidates}
        shared = run_digest(
            judge=open_judge(options.judge).identity, time=options.time, python=options.python, device=options.device
        )
        cases = {case.id: case_digest(case) for case in batch.cases}
        self.twins = _twins(batch.candidates, self.digests, cases)
        self.keys = {c.id: self._key(shared, cases[c.case], c) for c in batch.candidates}

    def _key(self, shared: str, case: str, candidate: Candidate) -> str:
        parts = (
            shared,
            case,
            candidate.id,
            self.digests[candidate.id] or ("missing" if candidate.missing else "unreadable"),
            candidate.claimed or "",
            *self.twins[candidate.id],
        )
        return digest(parts)

    def grade(self, done: frozenset[str]) -> Iterator[tuple[str, VerdictRecord]]:
        """Yield (key, record) of every candidate that is not done, each as soon as it is final."""
        pending = [candidate for candidate in self.batch.candidates if self.keys[candidate.id] not in done]
        waiting: list[tuple[Candidate, GateReport]] = []
        for number, (candidate, report) in enumerate(self._gates(pending), 1):
            self.progress("gates", number, len(pending))
            skip = why_not_timed(self.options.time, self.cases[candidate.case], report)
            if skip is None:
                waiting.append((candidate, report))
            else:
                yield self._record(candidate, report, skip)
        yield from self._timed(waiting)

    def _gates(self, pending: Sequence[Candidate]) -> Iterator[tuple[Candidate, GateReport]]:
        groups: dict[str, list[GateTask]] = {}
        for candidate in pending:
            task = GateTask(case=self.cases[candidate.case], candidate=candidate, twins=self.twins[candidate.id])
            groups.setdefault(candidate.case, []).append(task)
        pool: WorkerPool[GateTask] = WorkerPool(GateHandler(judge=self.options.judge), self.options.jobs)
        for task, report in pool.run(list(groups.values())):
            if isinstance(report, WorkerDied):
                report = unchecked("apply-grader-died", report.why)
            yield task.candidate, report

    def _timed(self, waiting: list[tuple[Candidate, GateReport]]) -> Iterator[tuple[str, VerdictRecord]]:
        if not waiting:
            return
        order = {candidate.id: number for number, candidate in enumerate(self.batch.candidates)}
        waiting.sort(key=lambda item: order[item[0].id])
        with SpeedStage(SpeedOptions(python=self.options.python, device=self.options.device)) as stage:
            for number, (candidate, report) in enumerate(waiting):
                self.progress("timing", number, len(waiting))
                yield self._record(candidate, report, stage.time(self.cases[candidate.case], candidate))
            self.progress("timing", len(waiting), len(waiting))

    def _record(self, candidate: Candidate, report: GateReport, timing: Timing) -> tuple[str, VerdictRecord]:
        key = self.keys[candidate.id]
        verdict = decide(report.gates, report.judgement, timing, candidate.claimed)
        record = make_record(
            key=key,
            case=self.cases[candidate.case],
            candidate=candidate,
            verdict=verdict,
            gates=report.gates,
            judgement=report.judgement,
            timing=timing,
            patch_sha256=self.digests[candidate.id],
        )
        return key, record

    def result(self, done: Mapping[str, VerdictRecord], *, resumed: int) -> GradeResult:
        records = tuple(done[self.keys[candidate.id]] for candidate in self.batch.candidates)
        return GradeResult(records=records, faults=self.batch.faults, resumed=resumed)


def may_pass(record: VerdictRecord) -> bool:
    """Whether a stage failed by a fault that may be gone the next time, so that it is worth another try."""
    faults = {
        finding.code for gate in record.gates.values() for finding in gate.findings if finding.severity == "error"
    }
    return bool(faults & _PASSING_FAULTS) or (
        isinstance(record.timing, NotTimed)
        and record.timing.status == "error"
        and record.timing.reason in _PASSING_FAULTS
    )


def why_not_timed(policy: TimePolicy, case: Case, report: GateReport) -> NotTimed | None:
    """Return why a candidate is not timed, None if it is to be timed."""
    if policy == "none":
        return NotTimed(status="skipped", reason="not-requested", message="timing was switched off (--time none)")
    if not gates_hold(report.gates):
        return NotTimed(status="skipped", reason="gates", message="it did not pass the static gates")
    if case.benchmark is None:
        return NotTimed(
            status="skipped", reason="no-benchmark", message="the case has no benchmark; give --benchmark FILE"
        )
    if policy == "passing" and isinstance(report.judgement, Errored):
        return NotTimed(
            status="skipped", reason="judge-failed", message="the judge failed; --time all times it all the same"
        )
    if policy == "passing" and not _lets_pass(report.judgement):
        return NotTimed(
            status="skipped", reason="judge", message="the judge did not let it pass; --time all times it too"
        )
    return None


def _lets_pass(judgement: Judgement) -> bool:
    """A match, whole or in part, or an honest 'I do not know'; a judge's failure lets nothing pass."""
    if isinstance(judgement, Judged):
        return judgement.logic_match != "none"
    return isinstance(judgement, Abstained | NotAsked)


def _twins(
    candidates: Iterable[Candidate], digests: Mapping[str, str | None], cases: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """For each candidate, the other tasks that were given the same, non-empty patch text.

    Two cases with the same repository, base and human side are one task under two names.
    """
    empty = hashlib.sha256(b"").hexdigest()
    candidates = list(candidates)
    tasks: dict[str, dict[str, str]] = {}
    for candidate in candidates:
        digest = digests[candidate.id]
        if digest is not None and digest != empty:
            tasks.setdefault(digest, {}).setdefault(cases[candidate.case], candidate.case)
    return {
        c.id: tuple(name for task, name in tasks.get(digests[c.id] or "", {}).items() if task != cases[c.case])
        for c in candidates
    }
