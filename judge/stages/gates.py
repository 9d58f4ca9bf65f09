"""Stage one for one candidate: the static gates and, if all pass, the judge that works beside them.

That judge answers, or makes the questions that stage two puts to models. Runs inside a worker process; what it
returns is plain data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from judge.core.judgement import Errored, Judgement, NotAsked
from judge.core.question import make_question
from judge.core.verdict import gates_hold
from judge.judges.panel import LocalJudge, open_panel
from judge.llm.inquiry import Questionnaire
from judge.llm.options import JudgingOptions
from judge.stages.patched_files import PatchedFiles
from judge.static_checks.checker import CaseError, Checker
from judge.static_checks.model.case import Candidate, Case, UnreadablePatch, read_patch
from judge.static_checks.model.finding import GATES, Gate, GateResult, cannot_check, conclude, skipped
from judge.static_checks.repo.git import GitError


@dataclass(frozen=True, kw_only=True)
class GateTask:
    """One candidate to look at.

    Attributes:
        twins: the other cases that were given the same patch text.
        judged: whether the judge beside the gates is asked too.
        timed: whether it may be timed, so that the report carries the patched files.
    """

    case: Case
    candidate: Candidate
    twins: tuple[str, ...] = ()
    judged: bool = True
    timed: bool = False


@dataclass(frozen=True, kw_only=True)
class GateReport:
    """What the gates said of one candidate, and what the judge beside them.

    Attributes:
        gates: the result of each gate.
        answer: what the judge said, or the questions that models are to be asked.
        patched: the patch as it was applied, for timing; None where it is not to be timed.
    """

    gates: Mapping[Gate, GateResult]
    answer: Judgement | Questionnaire
    patched: PatchedFiles | None = None


@dataclass(frozen=True, kw_only=True)
class GateHandler:
    """Makes the handler of a worker process."""

    judges: tuple[str, ...]
    options: JudgingOptions = field(default_factory=JudgingOptions)

    def __call__(self) -> _Handler:
        """Open the judge and the checker, in the worker."""
        return _Handler(open_panel(self.judges, self.options).local_judge)


class _Handler:
    def __init__(self, judge: LocalJudge) -> None:
        self._judge = judge
        self._checker = Checker()

    def close(self) -> None:
        self._checker.close()

    def __call__(self, task: GateTask) -> GateReport:
        try:
            raw = read_patch(task.candidate)
            change = self._checker.change(task.case, raw, missing=task.candidate.missing, twins=task.twins)
        except UnreadablePatch as error:
            return unchecked("apply-unreadable", str(error))
        except CaseError as error:
            return unchecked("apply-case", str(error))
        except GitError as error:
            return unchecked("apply-git", str(error))
        gates = self._checker.check(change)
        if not gates_hold(gates):
            return GateReport(gates=gates, answer=_not_asked(gates))
        if not task.judged:
            return GateReport(gates=gates, answer=NotAsked(reason="gates-only", message="only the gates were asked"))
        try:
            patched = PatchedFiles.of(change) if task.timed else None
        except GitError as error:
            return unchecked("apply-git", str(error))
        question = make_question(task.case, task.candidate.id, raw, change, gates)
        answer: Judgement | Questionnaire
        try:
            answer = self._judge.judge(question)
        except Exception as error:  # noqa: BLE001 - a judge's own failure is an error, never the patch's
            answer = Errored(
                judge=self._judge.identity, scope="none", reason="crashed", message=f"{type(error).__name__}: {error}"
            )
        return GateReport(gates=gates, answer=answer, patched=patched)


def unchecked(code: str, message: str) -> GateReport:
    """Return the report of a candidate that could not be looked at, and why."""
    gates: dict[Gate, GateResult] = {"apply": conclude([cannot_check(code, message)])}
    for gate in GATES[1:]:
        gates[gate] = skipped("the apply gate could not decide")
    return GateReport(gates=gates, answer=_not_asked(gates))


def _not_asked(gates: Mapping[Gate, GateResult]) -> NotAsked:
    if any(result.status == "fail" for result in gates.values()):
        return NotAsked(reason="gates-failed", message="a gate failed, so no judge was asked")
    return NotAsked(reason="gates-undecided", message="a gate could not decide, so no judge was asked")
