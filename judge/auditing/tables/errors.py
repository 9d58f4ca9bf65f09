"""The error distribution: what the agents' runs ended with, and what kept the timings from giving a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import Table
from judge.auditing.context import Context
from judge.auditing.regrading.timing_failure import general

ORDER = 50
_MAX = 2000
_OTHERS = ("(others)", "(others)")


class _Errors:
    def __init__(self) -> None:
        self._agent: Counter[tuple[str, str]] = Counter()
        self._timing: Counter[tuple[str, str]] = Counter()

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        if run.claimed == "error" or run.error or run.error_type:
            message = general(run.error) if run.error else "(no message)"
            _count(self._agent, (run.error_type or "(no type)", message))
        if why := audited.timing_failure:
            _count(self._timing, (why.kind, why.label))

    def result(self) -> Sequence[Table]:
        return [
            _table("errors", "Errors of the agents' runs", ("type", "message"), self._agent),
            _table("errors-of-timing", "What kept runs from being timed", ("cause", "label"), self._timing),
        ]


def _count(counts: Counter[tuple[str, str]], key: tuple[str, str]) -> None:
    counts[key if key in counts or len(counts) < _MAX else _OTHERS] += 1


def _table(name: str, title: str, keys: tuple[str, str], counts: Counter[tuple[str, str]]) -> Table:
    whole = counts.total()
    rows = [
        (first, second, count, count / whole)
        for (first, second), count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    return Table(name=name, title=title, columns=(*keys, "runs", "share"), rows=rows)


def collect(context: Context) -> _Errors:
    """Start gathering."""
    return _Errors()
