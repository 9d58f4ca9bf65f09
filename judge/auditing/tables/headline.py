"""What became of the runs that were claimed successful: the first thing a reader wants to know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from judge.auditing import measures
from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import Table
from judge.auditing.context import Context
from judge.auditing.measures import Measure

ORDER = 10

_STEPS: tuple[tuple[str, Measure], ...] = (
    ("have a patch", measures.has_patch),
    ("apply to the recorded base", measures.applies),
    ("parse", measures.parses),
    ("are real code", measures.real_code),
    ("share a file with the human commit", measures.shares_files),
    ("were ever timed", measures.timed),
    ("were faster (one recorded number, no proof)", measures.faster),
    ("are true successes", lambda audited: audited.outcome.true_success),
)


class _Headline:
    def __init__(self) -> None:
        self._all = 0
        self._claimed = 0
        self._known: Counter[str] = Counter()
        self._each: Counter[str] = Counter()
        self._through: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()

    def add(self, audited: AuditedRun) -> None:
        self._all += 1
        if not measures.claimed(audited):
            return
        self._claimed += 1
        through: bool | None = True
        for name, measure in _STEPS:
            holds = measure(audited)
            self._known[name] += holds is not None
            self._each[name] += holds is True
            # One step that fails settles it, whatever is not known of the others.
            through = False if through is False or holds is False else None if None in (through, holds) else True
            self._through[name] += through is True
            self._unknown[name] += through is None

    def result(self) -> Sequence[Table]:
        whole = self._claimed
        rows: list[tuple[str | int | float | None, ...]] = [
            ("claimed successful", whole, whole, 0, 1.0 if whole else None)
        ]
        rows += [self._row(name) for name, _ in _STEPS]
        return [
            Table(
                name="headline",
                title=f"Of {whole} runs claimed successful ({self._all} in all), how many ...",
                columns=("step", "runs", "and all before", "not known", "share"),
                rows=rows,
                note="`runs` counts each step by itself; `and all before` those that passed every earlier step too, "
                "`not known` those that failed none and of which some step could not be checked; `share` is what "
                "`and all before` is of the runs claimed successful. A cell is empty where no run is known.",
            )
        ]

    def _row(self, name: str) -> tuple[str | int | float | None, ...]:
        """What could be checked of no run at all is not zero but unknown."""
        through, unknown = self._through[name], self._unknown[name]
        counted = through if through or not unknown else None
        return (
            name,
            self._each[name] if self._known[name] or not self._claimed else None,
            counted,
            unknown,
            counted / self._claimed if counted is not None and self._claimed else None,
        )


def collect(context: Context) -> _Headline:
    """Start gathering."""
    return _Headline()
