"""The only module that knows the order of the stages: inputs, gates, judge, timing, verdict, records."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from judge.bench.options import Device
from judge.core.judgement import Abstained, Errored, Judged, Judgement, NotAsked
from judge.core.timing import NotTimed, Timing
from judge.core.verdict import decide, gates_hold
from judge.inputs.batch import Batch, Defaults, Fault, missing_repositories, read_inputs
from judge.judges.panel import open_panel
from judge.lib.digests import digest
from judge.lib.worker_pool import WorkerDied, WorkerPool
from judge.llm.inquiry import Questionnaire
from judge.llm.options import JudgingOptions
from judge.results.keys import PatchText, case_digest, load_patch, run_digest
from judge.results.ledger import Ledger
from judge.results.record import VerdictRecord, make_record
from judge.results.transient import is_transient, is_waiting
from judge.stages.gates import GateHandler, GateReport, GateTask, unchecked
from judge.stages.timing import TimingOptions, TimingStage
from judge.static_checks.model.case import Candidate, Case
from judge.static_checks.model.finding import Gate, GateResult

if TYPE_CHECKING:
    from judge.stages.judging import Spent

TimePolicy = Literal["passing", "all", "none"]
Stage = Literal["gates", "judge", "timing"]


@dataclass(frozen=True, kw_only=True)
class GradeOptions:
    """How to grade.

    Attributes:
        judge: which judge to ask, NAME or NAME:ARGUMENT; several models may be asked together.
        judging: how models are asked.
        time: which candidates to time: those that the gates and the judge let pass, all that the
            gates let pass, or none.
        out: folder for the records; None keeps them in memory only and resumes nothing.
        jobs: worker processes for gates and judge; timing is never run in parallel.
        python: interpreter of the target, for timing; None is the one that grades.
        device: what to time on.
    """

    judge: str | tuple[str, ...] = "structural"
    judging: JudgingOptions = field(default_factory=JudgingOptions)
    time: TimePolicy = "passing"
    out: Path | None = None
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    python: Path | None = None
    device: Device = "auto"

    @property
    def judges(self) -> tuple[str, ...]:
        """The judges to ask, as a tuple."""
        return (self.judge,) if isinstance(self.judge, str) else self.judge


@dataclass(frozen=True, kw_only=True)
class GradeResult:
    """Everything that came of one run, in the order of the inputs.

    Attributes:
        records: one for each candidate.
        faults: inputs that could not be used.
        resumed: how many records were there before.
        spent: what asking models took; None where none was asked.
    """

    records: tuple[VerdictRecord, ...]
    faults: tuple[Fault, ...]
    resumed: int
    spent: Spent | None = None


@dataclass(frozen=True, kw_only=True)
class _Examined:
    """A candidate with what the gates said and its judgement, ready for timing."""

    candidate: Candidate
    report: GateReport
    judgement: Judgement


_Asked = tuple[Candidate, GateReport]

Progress = Callable[[Stage, int, int, str], None]
"""Called with a stage, how many candidates it has done and has to do, and which one it is at or has just done."""


def grade(
    inputs: Sequence[Path | str] | Batch,
    options: GradeOptions | None = None,
    defaults: Defaults | None = None,
    *,
    progress: Progress | None = None,
) -> GradeResult:
    """Grade all candidates found under some paths, or given as cases and candidates.

    A run with `options.out` resumes: a candidate whose verdict is stored there, with the same
    inputs and options, is neither graded nor timed again.

    Raises:
        UsageError: the options make no sense.
        OutputError: the output folder cannot be used.
        JudgeUnusable: a model cannot be asked at all; what was graded before that is kept.
    """
    options = options or GradeOptions()
    run = _Run(_batch(inputs, defaults), options, progress or (lambda stage, done, total, name: None))
    if options.out is None:
        return run.result({key: record for key, record in run.grade(frozenset())}, resumed=0)
    with Ledger(options.out) as ledger:
        stored = ledger.finished(frozenset(run.keys.values()))
        done = {key: record for key, record in stored.items() if not is_transient(record)}
        resumed = len(done)
        for key, record in run.grade(frozenset(done)):
            if not is_waiting(record.judgement):
                ledger.append(record)
            done[key] = record
    return run.result(done, resumed=resumed)


async def agrade(
    inputs: Sequence[Path | str] | Batch, options: GradeOptions | None = None, defaults: Defaults | None = None
) -> GradeResult:
    """Do what `grade` does without holding up the caller's event loop; it is the same code, in a thread."""
    return await asyncio.to_thread(grade, inputs, options, defaults)


def _batch(inputs: Sequence[Path | str] | Batch, defaults: Defaults | None) -> Batch:
    if isinstance(inputs, Batch):
        return inputs
    batch = read_inputs([Path(path) for path in inputs], defaults or Defaults())
    return replace(batch, faults=(*batch.faults, *missing_repositories(batch)))


def examine(
    inputs: Sequence[Path | str] | Batch,
    options: GradeOptions | None = None,
    defaults: Defaults | None = None,
    *,
    progress: Progress | None = None,
) -> tuple[Batch, Iterator[tuple[Candidate, GateReport]]]:
    """Run the gates, and the judge beside them, over all candidates; ask no model, time nothing, keep nothing.

    Returns:
        The inputs, and each candidate with its report as they come; a report's answer may be a `Questionnaire`.

    Raises:
        UsageError: the options make no sense.
    """
    batch = _batch(inputs, defaults)
    run = _Run(batch, options or GradeOptions(), progress or (lambda stage, done, total, name: None))
    return batch, run.gates(batch.candidates)


class _Run:
    def __init__(self, batch: Batch, options: GradeOptions, progress: Progress) -> None:
        self.batch = batch
        self.options = options
        self.progress = progress
        self.cases = {case.id: case for case in batch.cases}
        loaded = {candidate.id: load_patch(candidate) for candidate in batch.candidates}
        self.texts = {name: text for name, (_, text) in loaded.items()}
        self._loaded = {name: candidate for name, (candidate, _) in loaded.items()}
        self.panel = open_panel(options.judges, options.judging)
        self.spent: Spent | None = None
        shared = run_digest(judge=self.panel.identity, time=options.time, python=options.python, device=options.device)
        cases = {case.id: case_digest(case) for case in batch.cases}
        self.twins = _twins(batch.candidates, self.texts, cases)
        self.keys = {c.id: self._key(shared, cases[c.case], c) for c in batch.candidates}

    def _key(self, shared: str, case: str, candidate: Candidate) -> str:
        text = self.texts[candidate.id]
        parts = (
            shared,
            case,
            candidate.id,
            text.sha256 if text else "missing" if candidate.missing else "unreadable",
            candidate.claimed or "",
            *self.twins[candidate.id],
        )
        return digest(parts)

    def grade(self, done: frozenset[str]) -> Iterator[tuple[str, VerdictRecord]]:
        """Yield (key, record) of every candidate that is not done, each as soon as it is final."""
        pending = [candidate for candidate in self.batch.candidates if self.keys[candidate.id] not in done]
        waiting: list[_Examined] = []
        for examined in self._judged(self.gates(pending), len(pending)):
            skip = why_not_timed(
                self.options.time, self.cases[examined.candidate.case], examined.report.gates, examined.judgement
            )
            if skip is None:
                waiting.append(examined)
            else:
                yield self._record(examined, skip)
        yield from self._timed(waiting)

    def gates(self, pending: Sequence[Candidate]) -> Iterator[tuple[Candidate, GateReport]]:
        """Yield (candidate, report) of each, in the order in which the workers are done."""
        groups: dict[str, list[GateTask]] = {}
        for candidate in pending:
            case = self.cases[candidate.case]
            task = GateTask(
                case=case,
                candidate=self._loaded[candidate.id],
                twins=self.twins[candidate.id],
                timed=self.options.time != "none" and _has_benchmark(case),
            )
            groups.setdefault(candidate.case, []).append(task)
        self._loaded.clear()
        by_id = {candidate.id: candidate for candidate in pending}
        handler = GateHandler(judges=self.options.judges, options=self.options.judging)
        pool: WorkerPool[GateTask] = WorkerPool(handler, self.options.jobs)
        for number, (task, report) in enumerate(pool.run(list(groups.values())), 1):
            if isinstance(report, WorkerDied):
                report = unchecked("apply-grader-died", report.why)
            self.progress("gates", number, len(pending), task.candidate.id)
            yield by_id[task.candidate.id], report

    def _judged(self, reports: Iterator[tuple[Candidate, GateReport]], total: int) -> Iterator[_Examined]:
        """Pass on what is answered, and put the questions that are left to the models meanwhile."""
        if not self.panel.models:
            for candidate, report in reports:
                assert not isinstance(report.answer, Questionnaire), "a judge without models answers by itself"
                yield _Examined(candidate=candidate, report=report, judgement=report.answer)
            return
        from judge.stages.judging import JudgingStage

        with JudgingStage[_Asked](self.panel.models, self.options.judging) as stage:
            done = 0

            def passed_on(answered: Iterator[tuple[_Asked, Judgement]]) -> Iterator[_Examined]:
                nonlocal done
                for (candidate, report), judgement in answered:
                    done += 1
                    self.progress("judge", done, total, candidate.id)
                    yield _Examined(candidate=candidate, report=report, judgement=judgement)

            for candidate, report in reports:
                if isinstance(report.answer, Questionnaire):
                    yield from passed_on(stage.put((candidate, report), report.answer))
                else:
                    yield from passed_on(iter([((candidate, report), report.answer)]))
            yield from passed_on(stage.rest())
            self.spent = stage.spent

    def _timed(self, waiting: list[_Examined]) -> Iterator[tuple[str, VerdictRecord]]:
        if not waiting:
            return
        order = {candidate.id: number for number, candidate in enumerate(self.batch.candidates)}
        waiting.sort(key=lambda examined: order[examined.candidate.id])
        with TimingStage(TimingOptions(python=self.options.python, device=self.options.device)) as stage:
            for number, examined in enumerate(waiting):
                self.progress("timing", number, len(waiting), examined.candidate.id)
                assert examined.report.patched is not None, "what passes the gates and has a benchmark has its files"
                yield self._record(examined, stage.time(self.cases[examined.candidate.case], examined.report.patched))
            self.progress("timing", len(waiting), len(waiting), "")

    def _record(self, examined: _Examined, timing: Timing) -> tuple[str, VerdictRecord]:
        candidate = examined.candidate
        key = self.keys[candidate.id]
        verdict = decide(examined.report.gates, examined.judgement, timing, candidate.claimed)
        record = make_record(
            key=key,
            case=self.cases[candidate.case],
            candidate=candidate,
            verdict=verdict,
            gates=examined.report.gates,
            judgement=examined.judgement,
            timing=timing,
            text=self.texts[candidate.id],
        )
        return key, record

    def result(self, done: Mapping[str, VerdictRecord], *, resumed: int) -> GradeResult:
        records = tuple(done[self.keys[candidate.id]] for candidate in self.batch.candidates)
        return GradeResult(records=records, faults=self.batch.faults, resumed=resumed, spent=self.spent)


def why_not_timed(
    policy: TimePolicy, case: Case, gates: Mapping[Gate, GateResult], judgement: Judgement
) -> NotTimed | None:
    """Return why a candidate is not timed, None if it is to be timed."""
    if policy == "none":
        return NotTimed(status="skipped", reason="not-requested", message="timing was switched off (--time none)")
    if not gates_hold(gates):
        return NotTimed(status="skipped", reason="gates", message="it did not pass the static gates")
    if not _has_benchmark(case):
        return NotTimed(
            status="skipped", reason="no-benchmark", message="the case has no benchmark; give --benchmark FILE"
        )
    if is_waiting(judgement):
        return NotTimed(status="skipped", reason="judge-waits", message="timed once the judge has answered")
    if policy == "passing" and isinstance(judgement, Errored):
        return NotTimed(
            status="skipped", reason="judge-failed", message="the judge failed; --time all times it all the same"
        )
    if policy == "passing" and not _lets_pass(judgement):
        return NotTimed(
            status="skipped", reason="judge", message="the judge did not let it pass; --time all times it too"
        )
    return None


def _has_benchmark(case: Case) -> bool:
    return case.benchmark is not None or bool({"function", "command"} & set(case.timing))


def _lets_pass(judgement: Judgement) -> bool:
    """A match, whole or in part, or an honest 'I do not know'; a judge's failure lets nothing pass."""
    if isinstance(judgement, Judged):
        return judgement.logic_match != "none"
    return isinstance(judgement, Abstained | NotAsked)


def _twins(
    candidates: Iterable[Candidate], texts: Mapping[str, PatchText | None], cases: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """For each candidate, the other tasks that were given the same, non-empty patch text.

    Two cases with the same repository, base and human side are one task under two names.
    """
    candidates = list(candidates)
    digests = {name: text.sha256 for name, text in texts.items() if text and text.bytes}
    tasks: dict[str, dict[str, str]] = {}
    for candidate in candidates:
        if candidate.id in digests:
            tasks.setdefault(digests[candidate.id], {}).setdefault(cases[candidate.case], candidate.case)
    return {
        c.id: tuple(name for task, name in tasks.get(digests.get(c.id, ""), {}).items() if task != cases[c.case])
        for c in candidates
    }
