"""The recorded speed-ups: improvements and regressions one by one, the largest first, and how many are neutral."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence

from judge.auditing import measures
from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import Table
from judge.auditing.context import Context
from judge.auditing.regrading.recorded_evidence import direction

ORDER = 40
MOST = 200
"""Of each kind this many are listed; all are counted."""

_KINDS = ("improvement", "regression", "neutral")
_COLUMNS = ("speed-up", "agent", "model", "repository", "commit", "base ms", "patched ms", "verdict", "run")
_Row = tuple[str | int | float | None, ...]


class _Speeds:
    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._says = False
        self._faster_claims: Counter[str] = Counter()
        self._largest: dict[str, list[tuple[float, int, _Row]]] = {kind: [] for kind in _KINDS}

    def add(self, audited: AuditedRun) -> None:
        ratio = measures.speedup(audited)
        if ratio is None:
            return
        kind = direction(ratio)
        self._counts[kind] += 1
        evaluation = audited.run.evaluation
        assert evaluation is not None, "a speed-up comes from an evaluation"
        self._says = self._says or evaluation.improvement is not None
        self._faster_claims[kind] += evaluation.improvement is True
        # The heap drops what is least far from 1; the number makes entries unique and the order stable.
        rank = ratio if kind == "improvement" else -ratio if kind == "regression" else -abs(ratio - 1)
        entry = (rank, -audited.number, _row(audited, ratio))
        heap = self._largest[kind]
        if len(heap) < MOST:
            heapq.heappush(heap, entry)
        else:
            heapq.heappushpop(heap, entry)

    def result(self) -> Sequence[Table]:
        timed = self._counts.total()
        counts: list[_Row] = [
            (kind, self._counts[kind], self._counts[kind] / timed if timed else None, self._called_improvements(kind))
            for kind in _KINDS
        ]
        counts.append(("all", timed, 1.0 if timed else None, self._called_improvements(*_KINDS)))
        return [
            Table(
                name="speed",
                title="Recorded speed-ups",
                columns=("kind", "runs", "share", "recorded as improvement"),
                rows=counts,
                note="Improvement above 1.05x, regression below 0.95x. Recorded, not proved.",
            ),
            self._list("improvement", "improvements", "Recorded improvements"),
            self._list("regression", "regressions", "Recorded regressions"),
        ]

    def _called_improvements(self, *kinds: str) -> int | None:
        """Return how many the harness called improvements, None if it never says what is one."""
        return sum(self._faster_claims[kind] for kind in kinds) if self._says else None

    def _list(self, kind: str, name: str, title: str) -> Table:
        entries = sorted(self._largest[kind], reverse=True)
        left_out = self._counts[kind] - len(entries)
        return Table(
            name=name,
            title=title,
            columns=_COLUMNS,
            rows=[row for _, _, row in entries],
            note=f"{left_out} more are not listed." if left_out else "",
        )


def _row(audited: AuditedRun, ratio: float) -> _Row:
    run, evaluation = audited.run, audited.run.evaluation
    assert evaluation is not None, "a speed-up comes from an evaluation"
    commit = run.human[:8] if run.human else run.item
    return (ratio, run.agent, run.model, run.repo, commit, evaluation.baseline_ms, evaluation.patched_ms,
            audited.outcome.verdict, run.id)  # fmt: skip


def collect(context: Context) -> _Speeds:
    """Start gathering."""
    return _Speeds()
