"""The same counts by agent, by model, by repository, and by task: attempts, claimed, true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from judge.auditing import measures
from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import Table
from judge.auditing.context import Context
from judge.auditing.measures import Measure
from judge.auditing.regrading.recorded_evidence import direction

ORDER = 70
_MAX_GROUPS = 20_000
_OTHERS = "(others)"
_UNKNOWN = "unknown"


def _direction(kind: str) -> Measure:
    def holds(audited: AuditedRun) -> bool:
        ratio = measures.speedup(audited)
        return ratio is not None and direction(ratio) == kind

    return holds


_MEASURES: tuple[tuple[str, Measure], ...] = (
    ("claimed", measures.claimed),
    ("patch", measures.has_patch),
    ("applies", measures.applies),
    ("parses", measures.parses),
    ("real code", measures.real_code),
    ("shares files", measures.shares_files),
    ("timed", measures.timed),
    ("improvement", _direction("improvement")),
    ("regression", _direction("regression")),
    ("neutral", _direction("neutral")),
    ("identical to the human's", measures.identical),
    ("true", measures.true_success),
    ("shown wrong", lambda audited: audited.outcome.true_success is False),
    ("undetermined", lambda audited: audited.outcome.verdict == "undetermined"),
)

_GROUPINGS: tuple[tuple[str, str, str, Callable[[AuditedRun], str]], ...] = (
    ("by-agent", "By agent", "agent", lambda audited: audited.run.agent or "-"),
    ("by-model", "By model", "model", lambda audited: audited.run.model or "-"),
    ("by-repository", "By repository", "repository", lambda audited: audited.run.repo or "-"),
    ("by-commit", "By task: repository and human commit", "task", lambda audited: audited.task),
)


class _Groups:
    def __init__(self) -> None:
        self._counts: list[dict[str, Counter[str]]] = [{} for _ in _GROUPINGS]

    def add(self, audited: AuditedRun) -> None:
        answers = {name: measure(audited) for name, measure in _MEASURES}
        holding = [name for name, holds in answers.items() if holds]
        unknown = [f"{name} {_UNKNOWN}" for name, holds in answers.items() if holds is None]
        for groups, (_, _, _, name_of) in zip(self._counts, _GROUPINGS, strict=True):
            name = name_of(audited)
            if name not in groups and len(groups) >= _MAX_GROUPS:
                name = _OTHERS
            counts = groups.setdefault(name, Counter())
            counts["attempts"] += 1
            counts.update(holding)
            counts.update(unknown)

    def result(self) -> Sequence[Table]:
        columns = ("attempts", *(name for name, _ in _MEASURES))
        return [
            Table(
                name=name,
                title=title,
                columns=(key, *columns),
                rows=[
                    (group, *(_cell(counts, column) for column in columns))
                    for group, counts in sorted(groups.items(), key=lambda item: (-item[1]["attempts"], item[0]))
                ],
            )
            for groups, (name, title, key, _) in zip(self._counts, _GROUPINGS, strict=True)
        ]


def _cell(counts: Counter[str], column: str) -> int | None:
    """What is known of no run in a group is not zero but unknown."""
    return None if counts[f"{column} {_UNKNOWN}"] == counts["attempts"] else counts[column]


def collect(context: Context) -> _Groups:
    """Start gathering."""
    return _Groups()
