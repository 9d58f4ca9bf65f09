"""Gives runs their verdicts: static gates where the repository is known, recorded evidence, and `decide`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from judge.auditing.audited_run import AuditedRun
from judge.auditing.context import HumanSides
from judge.auditing.regrading.recorded_evidence import recorded_judgement, recorded_timing
from judge.auditing.regrading.timing_failure import timing_failure
from judge.auditing.stores.record_store import RecordStore
from judge.auditing.stores.run_spool import Spool, Spooled
from judge.core.judgement import Judgement, NotAsked
from judge.core.timing import NotTimed, Timing
from judge.core.verdict import decide
from judge.inputs.runs.recorded_run import RecordedRun
from judge.lib.digests import digest
from judge.lib.worker_pool import WorkerDied, WorkerPool
from judge.llm.inquiry import Questionnaire
from judge.results.keys import case_digest, run_digest
from judge.results.record import VerdictRecord, make_record
from judge.results.transient import is_transient
from judge.stages.gates import GateHandler, GateReport, GateTask, unchecked
from judge.static_checks.model.case import Candidate, Case
from judge.static_checks.model.finding import GATES, Gate, GateResult, Hit, conclude, skipped, to_finding
from judge.static_checks.repo.git import GitError, Repository, RepositoryError

_CHUNK = 2000
_CHUNK_BYTES = 32 << 20
"""Tasks go to the workers in portions of this many runs and patch bytes, which bounds the memory."""

_JUDGE = "structural"

Progress = Callable[[int, str], None]
"""Called with the number of runs done, and the one just done."""


@dataclass(frozen=True, kw_only=True)
class HumanTask:
    """The human change of a task, put to the gates like any candidate; the worker reads it from the repository."""

    case: Case


@dataclass(frozen=True, kw_only=True)
class Regraded:
    """What regrading came to.

    Attributes:
        resumed: how many records an earlier audit had left.
        humans: the human sides.
        without_repository: how many patches there are for each repository that was not given, by the name it has.
    """

    resumed: int
    humans: HumanSides
    without_repository: Mapping[str, int]


def task_of(run: RecordedRun) -> str:
    """Return the name of a run's task: its repository and human commit, else what names it best."""
    names = [run.repo, run.human[:12] if run.human else run.item or run.base]
    return "/".join(name for name in names if name) or run.id


class Regrader:
    """Regrades the runs of a spool; what is stored for the same inputs is not done again."""

    def __init__(
        self, spool: Spool, store: RecordStore, human_store: RecordStore, *, repos: Mapping[str, Path], jobs: int
    ) -> None:
        """Grade with `jobs` worker processes."""
        self._spool, self._store, self._human_store = spool, store, human_store
        self._repos, self._jobs = repos, jobs
        self._shared = run_digest(judge=_JUDGE, time="recorded", python=None, device="none")
        self._last_digest: tuple[tuple[str, ...], str] = ((), "")

    def regrade(self, progress: Progress) -> Regraded:
        """Store the record of every run, and of the human change of every task."""
        resumed = done = 0
        humans = HumanSides()
        pending = _Pending()
        missing: Counter[str] = Counter()
        task = ""
        for spooled in self._spool.runs(by_task=True):
            done += 1
            key = self._key(spooled)
            self._spool.keep_key(spooled.number, key)
            case = self._case(spooled)
            checkable = self._checkable(spooled.run)
            if spooled.run.patch_state == "yes" and self._repo_of(spooled.run) is None:
                missing[spooled.run.repo or ""] += 1
            if checkable and spooled.task != task and case.base and case.human:
                self._add_human(case, humans, pending)
                task = spooled.task
            known = self._store.get(key)
            if known is not None and not is_transient(known):
                resumed += 1
            elif checkable:
                pending.add(spooled, GateTask(case=case, candidate=_candidate(spooled), twins=spooled.twins))
            else:
                self._store.put(_record(key, case, spooled, _unseen(spooled.run)))
            if pending.full:
                self._grade(pending, humans, progress, done)
                pending = _Pending()
            progress(done - len(pending.runs), spooled.run.id)
        self._grade(pending, humans, progress, done)
        return Regraded(resumed=resumed, humans=humans, without_repository=missing)

    def audited(self, spooled: Spooled) -> tuple[AuditedRun, VerdictRecord]:
        """Return a run with its stored record."""
        record = self._store.get(self._spool.key(spooled.number))
        assert record is not None, f"{spooled.run.id}: was not regraded"
        audited = AuditedRun(
            number=spooled.number,
            run=spooled.run,
            task=spooled.task,
            gates=record.gates if self._checkable(spooled.run) else None,
            timing=record.timing,
            judgement=record.judgement,
            outcome=record,
            twins=spooled.twins,
            patch_sha256=spooled.text.sha256 if spooled.text else None,
            patch_bytes=spooled.text.bytes if spooled.text else None,
            timing_failure=timing_failure(spooled.run),
        )
        return audited, record

    def _grade(self, pending: _Pending, humans: HumanSides, progress: Progress, done: int) -> None:
        """Grade what is pending side by side, and store each record as it comes; `arrange` brings order in them."""
        waiting = {spooled.run.id: spooled for spooled in pending.runs}
        done -= len(waiting)
        pool: WorkerPool[GateTask | HumanTask] = WorkerPool(AuditHandler(), self._jobs)
        for task, answer in pool.run(pending.groups()):
            report = unchecked("apply-grader-died", answer.why) if isinstance(answer, WorkerDied) else answer
            if isinstance(task, HumanTask):
                record = self._human_record(task.case, report)
                self._human_store.put(record)
                humans.add(record)
            else:
                spooled = waiting[task.candidate.id]
                self._store.put(_record(self._spool.key(spooled.number), task.case, spooled, report))
                done += 1
                progress(done, spooled.run.id)

    def _human_record(self, case: Case, report: GateReport) -> VerdictRecord:
        return make_record(
            key=self._human_key(case),
            case=case,
            candidate=Candidate(id=f"{case.id}/human", case=case.id, source=str(case.human), patch=b""),
            verdict=decide(report.gates, _answer(report), _NOT_TIMED),
            gates=report.gates,
            judgement=_answer(report),
            timing=_NOT_TIMED,
            text=None,
        )

    def _add_human(self, case: Case, humans: HumanSides, pending: _Pending) -> None:
        known = self._human_store.get(self._human_key(case))
        if known is not None and not is_transient(known):
            humans.add(known)
        else:
            pending.add_human(case)

    def _checkable(self, run: RecordedRun) -> bool:
        return self._repo_of(run) is not None and run.patch_state not in ("unknown", "unreadable")

    def _repo_of(self, run: RecordedRun) -> Path | None:
        """Return the repository of a run; one that was given without a name serves runs that name none."""
        return self._repos.get(run.repo or "")

    def _case(self, spooled: Spooled) -> Case:
        """Return the task of a run; where its repository was not given, the name stands for it."""
        run = spooled.run
        repo = self._repo_of(run) or (Path(run.repo) if run.repo else None)
        return Case(id=spooled.task, repo=repo, base=run.base, human=run.human)

    def _key(self, spooled: Spooled) -> str:
        """Digest all that the verdict on a run depends on."""
        state = spooled.text.sha256 if spooled.text else spooled.run.patch_state
        return digest((self._shared, self._case_digest(spooled), repr(spooled.run), state, *spooled.twins))

    def _human_key(self, case: Case) -> str:
        return digest((self._shared, case_digest(case), "human"))

    def _case_digest(self, spooled: Spooled) -> str:
        """Runs come by task, so that the last digest is nearly always the one that is wanted."""
        case = self._case(spooled)
        if not self._checkable(spooled.run):
            return "unseen"
        names = (str(case.repo), case.base or "", str(case.human))
        if names != self._last_digest[0]:
            self._last_digest = (names, case_digest(case) if case.base else digest(names))
        return self._last_digest[1]


class _Pending:
    """Runs and human changes that wait for the workers."""

    def __init__(self) -> None:
        self.runs: list[Spooled] = []
        self.humans: list[Case] = []
        self._groups: dict[str, list[GateTask | HumanTask]] = {}
        self._bytes = 0

    def add(self, spooled: Spooled, task: GateTask) -> None:
        self.runs.append(spooled)
        self._groups.setdefault(task.case.id, []).append(task)
        self._bytes += len(spooled.run.patch) if isinstance(spooled.run.patch, bytes) else 0

    def add_human(self, case: Case) -> None:
        self.humans.append(case)
        self._groups.setdefault(case.id, []).append(HumanTask(case=case))

    @property
    def full(self) -> bool:
        return len(self.runs) + len(self.humans) >= _CHUNK or self._bytes >= _CHUNK_BYTES

    def groups(self) -> Sequence[Sequence[GateTask | HumanTask]]:
        """Return them by task, so that a worker opens base and human side once."""
        return list(self._groups.values())


@dataclass(frozen=True)
class AuditHandler:
    """Makes the handler of a worker: the static gates and the offline judge, for runs and for human changes."""

    def __call__(self) -> _Handler:
        """Open the checker, in the worker."""
        return _Handler()


class _Handler:
    def __init__(self) -> None:
        self._grade = GateHandler(judges=(_JUDGE,))()
        self._open: dict[Path, Repository | None] = {}

    def close(self) -> None:
        self._grade.close()

    def __call__(self, task: GateTask | HumanTask) -> GateReport:
        if isinstance(task, GateTask):
            return self._grade(task)
        case = task.case
        assert case.repo is not None and case.base is not None and isinstance(case.human, str)
        try:
            if case.repo not in self._open:
                self._open[case.repo] = Repository.open(case.repo)
            repository = self._open[case.repo]
            if repository is None:
                return unchecked("apply-case", f"{case.repo}: no git repository, so it has no human commit")
            diff = repository.diff(case.base, repository.resolve(case.human))
        except (RepositoryError, GitError) as error:
            return unchecked("apply-case", str(error))
        candidate = Candidate(id=f"{case.id}/human", case=case.id, source=case.human, patch=diff)
        return self._grade(GateTask(case=case, candidate=candidate, judged=False))


_NOT_TIMED = NotTimed(status="skipped", reason="human", message="the human change is only checked, not timed")


def _candidate(spooled: Spooled) -> Candidate:
    run = spooled.run
    return Candidate(
        id=run.id,
        case=spooled.task,
        source=place_of(run),
        patch=run.patch,
        agent=run.agent,
        model=run.model,
        run=run.run,
        claimed=run.claimed,
    )


def place_of(run: RecordedRun) -> str:
    """Return the run's own folder where it has one, else the file that describes it, else its id."""
    if isinstance(run.patch, Path):
        return str(run.patch.parent)
    first = Path(run.sources[0]) if run.sources else None
    if first is None:
        return run.id
    return str(first.parent) if first.parent.name and first.parent.name == run.item else str(first)


def _record(key: str, case: Case, spooled: Spooled, report: GateReport) -> VerdictRecord:
    timing: Timing = recorded_timing(spooled.run)
    judgement = recorded_judgement(spooled.run, _answer(report))
    return make_record(
        key=key,
        case=case,
        candidate=_candidate(spooled),
        verdict=decide(report.gates, judgement, timing, spooled.run.claimed),
        gates=report.gates,
        judgement=judgement,
        timing=timing,
        text=spooled.text,
    )


def _answer(report: GateReport) -> Judgement:
    """Return what the offline judge said; it answers at once and leaves no questions for models."""
    assert not isinstance(report.answer, Questionnaire), "the offline judge asks no models"
    return report.answer


def _unseen(run: RecordedRun) -> GateReport:
    """Return what can be said of a patch without its repository: whether there is any."""
    gates: dict[Gate, GateResult] = {
        gate: skipped("no repository was given; --repo NAME=PATH names it") for gate in GATES
    }
    if run.patch_state == "unknown":
        gates = {gate: skipped("these files do not hold the patch") for gate in GATES}
    elif run.patch_state in ("empty", "missing"):
        why = "the patch is empty" if run.patch_state == "empty" else "the run left no patch"
        gates = {gate: skipped("there is no patch") for gate in GATES}
        gates["apply"] = conclude([to_finding(Hit(why), "apply-empty", "block")])
    elif run.patch_state == "unreadable":
        return unchecked("apply-unreadable", "the patch file cannot be read")
    return GateReport(gates=gates, answer=NotAsked(reason="audit", message="no judge was asked without a repository"))
