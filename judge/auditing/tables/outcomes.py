"""What became of each run, in one category each: the rows that reports on such runs have."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from judge.auditing import measures
from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import Table
from judge.auditing.context import Context
from judge.auditing.regrading.recorded_evidence import direction
from judge.auditing.regrading.timing_failure import NO_PATCH, TimingFailureKind
from judge.inputs.runs.recorded_run import NOT_EVALUATED
from judge.inputs.runs.recorded_values import claim_from_status

ORDER = 30
_MAX_MODELS = 200

_GROUPS: tuple[tuple[str, str], ...] = (
    ("successful with performance data", "improvement (above 1.05x)"),
    ("successful with performance data", "regression (below 0.95x)"),
    ("successful with performance data", "neutral"),
    ("agent failed to generate a patch", "no patch"),
    ("agent failed to generate a patch", "empty patch"),
    ("baseline test produced no output", "no output"),
    ("test environment issues", "import error (missing module)"),
    ("test environment issues", "target not resolved"),
    ("test environment issues", "optimisation path not triggered"),
    ("git or infrastructure errors", "worktree or base error"),
    ("no test script available", "no test script"),
    ("other issues", "patch there, evaluation says no patch"),
    ("other issues", "patch apply failed"),
    ("other issues", "tests failed or outputs changed"),
    ("other issues", "tests passed, not timed"),
    ("other issues", "success without a number"),
    ("other issues", "other test failure"),
    ("other issues", "patch unreadable or elsewhere"),
    ("other issues", "uncategorized"),
    ("not evaluated", "not evaluated"),
)

_FAILURES: Mapping[TimingFailureKind, str] = {
    "no-output": "no output",
    "missing-module": "import error (missing module)",
    "target-unresolved": "target not resolved",
    "path-not-triggered": "optimisation path not triggered",
    "worktree": "worktree or base error",
    "no-test-script": "no test script",
    "benchmark-crashed": "other test failure",
}
_SPEEDS = {
    "improvement": "improvement (above 1.05x)",
    "regression": "regression (below 0.95x)",
    "neutral": "neutral",
}
_TESTS_FAILED = frozenset({"unresolved", "test_failed"})
_NOT_RUN = frozenset({"error", "failed", "base_failed", "infra_failure"})
_APPLY_FAILED = re.compile(
    r"patch (?:failed|does not|did not|could not|cannot)|(?:fail\w*|cannot|unable) to apply", re.I
)


def outcome(audited: AuditedRun) -> str:
    """Return the one category of a run: a number if there is one, else the first thing that kept it from one."""
    run, speedup = audited.run, measures.speedup(audited)
    if speedup is not None:
        return _SPEEDS[direction(speedup)]
    if run.patch_state in ("missing", "empty"):
        return "no patch" if run.patch_state == "missing" else "empty patch"
    evaluation = run.evaluation
    if evaluation is None:
        return "not evaluated" if run.patch_state == "yes" else "patch unreadable or elsewhere"
    status = (evaluation.status or "").lower()
    if status == NOT_EVALUATED:
        return "not evaluated"
    if status in NO_PATCH:
        if run.patch_state == "yes":
            return "patch there, evaluation says no patch"
        return "empty patch" if "empty" in status else "no patch"
    if _APPLY_FAILED.search(f"{status.replace('_', ' ')} {evaluation.error or ''}"):
        return "patch apply failed"
    if audited.timing_failure is not None:
        return _FAILURES[audited.timing_failure.kind]
    if evaluation.correctness == "changed" or status in _TESTS_FAILED:
        return "tests failed or outputs changed"
    if evaluation.correctness == "same":
        return "tests passed, not timed"
    if status in _NOT_RUN:
        return "other test failure"
    return "success without a number" if claim_from_status(evaluation.status) == "success" else "uncategorized"


class _Outcomes:
    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._by_model: Counter[tuple[str, str, str]] = Counter()

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        category = outcome(audited)
        self._counts[category] += 1
        key = (category, run.agent or "-", run.model or "-")
        known = key in self._by_model or len(self._by_model) < _MAX_MODELS * len(_GROUPS)
        self._by_model[key if known else (category, "(others)", "(others)")] += 1

    def result(self) -> Sequence[Table]:
        whole = self._counts.total()
        evaluated = whole - self._counts["not evaluated"]
        rows: list[tuple[str | int | float | None, ...]] = []
        for group in dict.fromkeys(group for group, _ in _GROUPS):
            names = [name for of, name in _GROUPS if of == group]
            total = sum(self._counts[name] for name in names)
            if len(names) > 1:
                rows.append((group, "all of these", total, _share(total, whole), None))
            for name in names:
                count = self._counts[name]
                of_evaluated = None if name == "not evaluated" else _share(count, evaluated)
                rows.append((group, name, count, _share(count, whole), of_evaluated))
        order = {name: place for place, (_, name) in enumerate(_GROUPS)}
        by_model = [
            (category, agent, model, count, _share(count, self._counts[category]))
            for (category, agent, model), count in sorted(
                self._by_model.items(), key=lambda item: (order[item[0][0]], -item[1], item[0])
            )
        ]
        return [
            Table(
                name="outcomes",
                title="Outcomes: one category for each run",
                columns=("group", "category", "runs", "share", "share of evaluated"),
                rows=rows,
                note="A recorded number outranks everything; then a missing patch; then what kept it from being timed.",
            ),
            Table(
                name="outcomes-by-model",
                title="Outcomes by agent and model",
                columns=("category", "agent", "model", "runs", "share of category"),
                rows=by_model,
            ),
        ]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def collect(context: Context) -> _Outcomes:
    """Start gathering."""
    return _Outcomes()
