"""Owns the statistics of a session: intervals, the noise floor, and the rule that names a status.

Pure functions over numbers; no numpy. The design follows T. Kalibera and R. Jones, "Rigorous
Benchmarking in Reasonable Time" (ISMM 2013): repeat at the level that varies (processes), report
the ratio with an interval, and resample the levels in turn. Two departures: rounds are paired, so
that drift cancels in the ratio, and the middle half of the rounds is averaged, because one
preempted sample can be twice as long as its neighbours.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

Status = Literal["improved", "regressed", "neutral", "inconclusive"]

RESAMPLES = 1000
LEVEL = 0.95
MIN_ROUNDS = 5
MIN_FORKS = 2
NEUTRAL_HALF_WIDTH = 0.03
TIGHT_HALF_WIDTH = 0.005


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An estimated ratio and its confidence interval; above 1 is faster than the base."""

    ratio: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the interval's width relative to the ratio."""
        return (self.high - self.low) / (2 * self.ratio)


def log_ratios(base: Sequence[float], other: Sequence[float]) -> list[float]:
    """Return the logarithm of base time over other time for each round."""
    return [math.log(left / right) for left, right in zip(base, other, strict=True)]


def midmean(values: Sequence[float]) -> float:
    """Return the mean of the middle half; of fewer than four values, the mean of all."""
    cut = len(values) // 4
    return fmean(sorted(values)[cut : len(values) - cut])


def interval(groups: Sequence[Sequence[float]], *, seed: int) -> Interval:
    """Return the ratio and its interval from log ratios grouped by fork.

    Forks are resampled, then the rounds within each. A bootstrap of k groups underestimates the
    spread between them by sqrt((k - 1) / k) (Efron and Tibshirani 1993, chapter 6), which matters
    for three forks, so the interval is widened by its inverse.
    """
    if not groups or not all(groups):
        raise ValueError("an interval needs at least one round in every fork")
    rng = random.Random(seed)
    centre = fmean(midmean(group) for group in groups)
    forks = len(groups)
    means = sorted(
        fmean(midmean(rng.choices(group, k=len(group))) for group in rng.choices(groups, k=forks))
        for _ in range(RESAMPLES)
    )
    tail = round(RESAMPLES * (1 - LEVEL) / 2)
    widen = math.sqrt(forks / (forks - 1)) if forks > 1 else 1.0
    low, high = min(means[tail], centre), max(means[-1 - tail], centre)
    return Interval(
        ratio=math.exp(centre),
        low=math.exp(centre - widen * (centre - low)),
        high=math.exp(centre + widen * (high - centre)),
    )


def noise_floor(same_code: Interval) -> float:
    """Return the largest relative change that base against base cannot exclude."""
    return max(same_code.high, 1 / same_code.low) - 1


def decide_status(found: Interval, *, threshold: float, floor: float) -> Status:
    """Name the status of a ratio.

    | status       | rule, with bar = max(threshold, 1 + floor)                              |
    | ------------ | ----------------------------------------------------------------------- |
    | improved     | the interval's lower end is above the bar                               |
    | regressed    | the interval's upper end is below 1 / bar                               |
    | neutral      | the interval lies within [1 / threshold, threshold], or contains 1 and  |
    |              | its half width is at most 3 %                                           |
    | inconclusive | anything else                                                           |
    """
    bar = max(threshold, 1 + floor)
    if found.low > bar:
        return "improved"
    if found.high < 1 / bar:
        return "regressed"
    within = found.low >= 1 / threshold and found.high <= threshold
    spans_one = found.low <= 1 <= found.high and found.half_width <= NEUTRAL_HALF_WIDTH
    return "neutral" if within or spans_one else "inconclusive"


def is_clear(found: Interval, *, threshold: float, floor: float) -> bool:
    """Say whether further rounds are unlikely to change the status.

    Looking and stopping inflates false claims. The session therefore looks only at a few fixed
    points (`rounds.LOOKS` of them at most), and an early `improved` must clear the bar by a
    quarter of its interval's width; what the looks cost is still not zero.
    """
    status = decide_status(found, threshold=threshold, floor=floor)
    margin = found.half_width / 2
    bar = max(threshold, 1 + floor)
    if status == "improved":
        return found.low / (1 + margin) > bar
    if status == "regressed":
        return found.high * (1 + margin) < 1 / bar
    return found.half_width <= TIGHT_HALF_WIDTH or (found.low >= 1 / threshold and found.high <= threshold)
