"""How far the patches came: the funnel of the eight levels, for all runs and for those claimed successful."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from judge.auditing import measures
from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import Table
from judge.auditing.context import Context
from judge.core.verdict import CATEGORIES, LEVELS

ORDER = 60

_WORDS = {
    "true_success": "TRUE SUCCESS: every criterion met",
    "partial_success": "PARTIAL SUCCESS: part of the human's logic, faster",
    "good_intent": "PARTIAL SUCCESS: the human's logic, not faster",
    "lucky_win": "FALSE POSITIVE: faster, by other logic",
    "false_positive": "FALSE POSITIVE: claimed a success, shown to be wrong",
    "failure": "FAILURE: shown to be wrong, and nobody claimed otherwise",
    "undetermined": "not settled: something is missing for a verdict",
}
"""The classes that reports on such runs use, and the verdict that each goes under here."""


class _Funnel:
    def __init__(self) -> None:
        self._reached: Counter[tuple[int, bool]] = Counter()
        self._verdicts: Counter[tuple[str, bool]] = Counter()

    def add(self, audited: AuditedRun) -> None:
        claimed = measures.claimed(audited)
        self._verdicts[(audited.outcome.verdict, claimed)] += 1
        for level in range(audited.outcome.level + 1):
            self._reached[(level, claimed)] += 1

    def result(self) -> Sequence[Table]:
        whole, claimed = (self._sum(self._reached, 0), self._reached[(0, True)])
        levels = [
            (number, name, reached := self._sum(self._reached, number), _share(reached, whole),
             among := self._reached[(number, True)], _share(among, claimed))
            for number, name in enumerate(LEVELS)
        ]  # fmt: skip
        classes = [
            (verdict, _WORDS[verdict], count := self._sum(self._verdicts, verdict), _share(count, whole),
             among := self._verdicts[(verdict, True)], _share(among, claimed))
            for verdict in CATEGORIES
        ]  # fmt: skip
        columns = ("runs", "share", "claimed successful", "share of these")
        return [
            Table(
                name="funnel",
                title="The funnel: how far the patches came",
                columns=("level", "reached", *columns),
                rows=levels,
            ),
            Table(
                name="classification",
                title="Verdicts, and the classes that reports on such runs use",
                columns=("verdict", "class", *columns),
                rows=classes,
            ),
        ]

    @staticmethod
    def _sum(counts: Counter[tuple[int, bool]] | Counter[tuple[str, bool]], key: int | str) -> int:
        return counts[(key, True)] + counts[(key, False)]  # type: ignore[index]  # the key fits the counter


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def collect(context: Context) -> _Funnel:
    """Start gathering."""
    return _Funnel()
