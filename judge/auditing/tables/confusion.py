"""What was claimed against the verdict: the harness's own words in the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import Table
from judge.auditing.context import Context
from judge.core.verdict import CATEGORIES

ORDER = 20
_MAX_WORDS = 100
OTHER = "(other words)"
NONE = "(nothing recorded)"


class _Confusion:
    def __init__(self) -> None:
        self._agent: Counter[tuple[str, str]] = Counter()
        self._evaluation: Counter[tuple[str, str]] = Counter()

    def add(self, audited: AuditedRun) -> None:
        run, verdict = audited.run, audited.outcome.verdict
        _count(self._agent, run.claimed_status or NONE, verdict)
        _count(self._evaluation, (run.evaluation.status or NONE) if run.evaluation else "(not evaluated)", verdict)

    def result(self) -> Sequence[Table]:
        return [
            _table("confusion", "What the harness recorded for the agent's run, against the verdict", self._agent),
            _table(
                "confusion-evaluation",
                "What the harness recorded for the timing, against the verdict",
                self._evaluation,
            ),
        ]


def _count(counts: Counter[tuple[str, str]], word: str, verdict: str) -> None:
    """Words are the harness's own, so their number has a bound here."""
    known = (word, verdict) in counts or len(counts) < _MAX_WORDS * len(CATEGORIES)
    counts[(word if known else OTHER, verdict)] += 1


def _table(name: str, title: str, counts: Counter[tuple[str, str]]) -> Table:
    words = Counter[str]()
    for (word, _), count in counts.items():
        words[word] += count
    rows: list[tuple[str | int | float | None, ...]] = [
        (word, total, *(counts[(word, verdict)] for verdict in CATEGORIES))
        for word, total in sorted(words.items(), key=lambda item: (-item[1], item[0]))
    ]
    if rows:
        rows.append(("all", sum(words.values()), *(sum(counts[(w, v)] for w in words) for v in CATEGORIES)))
    return Table(name=name, title=title, columns=("recorded", "runs", *CATEGORIES), rows=rows)


def collect(context: Context) -> _Confusion:
    """Start gathering."""
    return _Confusion()
