"""What the human's own change gained, as it was timed beside the candidates of its case."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from judge.core.timing import Timed
from judge.results.record import VerdictRecord


@dataclass(frozen=True, kw_only=True)
class HumanGain:
    """The human's speed-up in one case, and why there is no share of it, where that is so."""

    speedup: float | None
    ci: tuple[float, float] | None
    message: str


def human_gains(records: Sequence[VerdictRecord]) -> dict[str, HumanGain]:
    """Return by case what the human's change gained, for the cases where it was timed.

    It is timed anew beside each candidate; the narrowest interval stands for the case.
    """
    sides: dict[str, HumanGain] = {}
    for record in records:
        timing = record.timing
        if not isinstance(timing, Timed) or (timing.human_speedup is None and not timing.human_message):
            continue
        side = HumanGain(speedup=timing.human_speedup, ci=timing.human_ci, message=timing.human_message)
        known = sides.get(record.case.id)
        if known is None or _doubt(side) < _doubt(known):
            sides[record.case.id] = side
    return sides


def _doubt(side: HumanGain) -> tuple[bool, float]:
    """Order by how little is known: no figure last, then a figure without an interval."""
    return side.speedup is None, math.log(side.ci[1] / side.ci[0]) if side.ci and side.ci[0] > 0 else math.inf
