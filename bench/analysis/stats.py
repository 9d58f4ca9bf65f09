"""Owns the statistics of a session: estimates, intervals, the price of looking early, the rule for a status.

Pure functions over numbers; no numpy. The design follows T. Kalibera and R. Jones, "Rigorous
Benchmarking in Reasonable Time" (ISMM 2013): repeat at the level that varies, which is the process,
report the ratio with an interval, and resample the levels in turn. Departures: rounds are paired, so that
drift cancels; preemption only ever adds time, so the fastest half of a sample's parts stands for it; and
the middle of rounds and forks is averaged, because one of either can be far from its neighbours.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean, stdev
from typing import Literal

Status = Literal["improved", "regressed", "neutral", "inconclusive"]

RESAMPLES = 1000
ALPHA = 0.05
MIN_ROUNDS = 5
MIN_FORKS = 2
NEUTRAL = 1.02
"""A difference below this is what `neutral` says there is not."""
MOST_FORKS = 1000
"""Where more processes than this were needed, the answer is that it cannot be told here."""


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


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A log ratio with its standard error and the degrees of freedom of that error."""

    centre: float
    error: float
    freedom: int

    def interval(self, alpha: float = ALPHA) -> Interval:
        """Return the two-sided interval that misses the truth with probability `alpha`."""
        half = student_quantile(alpha / 2, self.freedom) * self.error
        return Interval(
            ratio=math.exp(self.centre),
            low=math.exp(max(self.centre - half, -_FAR)),
            high=math.exp(min(self.centre + half, _FAR)),
        )


_FAR = 30.0  # exp of it is 1e13: as good as unbounded, and still a number that JSON can hold


def typical(parts: Sequence[float]) -> float:
    """Return the mean of the fastest half of a sample's parts.

    What else runs on the core makes parts longer and none shorter, so the fast ones tell of the code
    (Chen and Revels, "Robust benchmarking in noisy environments", 2016, take the fastest one).
    """
    return fmean(sorted(parts)[: (len(parts) + 1) // 2])


def evenness(usual: Estimate, totals: Estimate) -> bool:
    """Say whether the time of all calls does not contradict that of the typical ones.

    `typical` does not see work that is put off and done in a few calls; the sum of all does. What else
    runs on the machine widens the interval of the sums, and so excuses.
    """
    return totals.interval().high * NEUTRAL >= usual.interval().low


def warmup(rounds: Sequence[float]) -> int:
    """Return how many leading rounds are slower than the second half ever was, by more than its range.

    At most half of the rounds; that many means that it was still getting faster.
    """
    settled = rounds[len(rounds) // 2 :]
    if len(settled) < 2:
        return 0
    limit = 2 * max(settled) - min(settled)
    leading = (number for number, value in enumerate(rounds[: len(rounds) // 2]) if value <= limit)
    return next(leading, len(rounds) // 2)


def log_ratios(base: Sequence[float], other: Sequence[float]) -> list[float]:
    """Return the logarithm of base time over other time for each round."""
    return [math.log(left / right) for left, right in zip(base, other, strict=True)]


def midmean(values: Sequence[float]) -> float:
    """Return the mean of the middle half; of fewer than four values, the mean of all."""
    cut = len(values) // 4
    return fmean(sorted(values)[cut : len(values) - cut])


def _trimmed(values: Sequence[float]) -> float:
    cut = _cut(len(values))
    return fmean(sorted(values)[cut : len(values) - cut])


def _cut(count: int) -> int:
    """One in six forks is left out at each end: now and then one is laid out badly in memory."""
    return count // 6


def estimate(groups: Sequence[Sequence[float]], *, seed: int) -> Estimate:
    """Return the log ratio, from log ratios grouped by fork, and its error by hierarchical bootstrap.

    Whole forks are resampled, each with its rounds: to draw the rounds anew as well would count their
    spread twice, as the forks' means already have it (A. Davison and D. Hinkley, "Bootstrap Methods and
    their Application", 1997, section 3.8). A bootstrap of k groups underestimates the spread between
    them by sqrt((k - 1) / k), and its error has few degrees of freedom, hence Student's quantiles
    (T. Hesterberg, "What Teachers Should Know About the Bootstrap", 2015, section 4); trimming takes
    its share of these (K. Yuen, Biometrika 61, 1974).
    """
    if not groups or not all(groups):
        raise ValueError("an interval needs at least one round in every fork")
    count = len(groups)
    if count < MIN_FORKS:
        raise ValueError(f"an interval needs at least {MIN_FORKS} forks, and there is {count}")
    rng = random.Random(seed)
    forks = [midmean(group) for group in groups]
    means = [_trimmed(rng.choices(forks, k=count)) for _ in range(RESAMPLES)]
    return Estimate(
        centre=_trimmed(forks),
        error=stdev(means) * math.sqrt(count / (count - 1)),
        freedom=count - 2 * _cut(count) - 1,
    )


def spent(fraction: float, alpha: float = ALPHA) -> float:
    """Return how much of a two-sided alpha may be used up when this fraction of the forks is done.

    The power family of spending functions with exponent 3 (K. Kim and D. DeMets, "Design and analysis of
    group sequential tests based on the type I error spending rate function", Biometrika 74, 1987). Late
    looks have about what O'Brien and Fleming's give them; the first one, of few forks, can still see a factor.
    """
    return float(alpha * fraction**3)


def level(forks: int, looks: Sequence[int], alpha: float = ALPHA) -> float:
    """Return the two-sided alpha of an interval after so many forks, when looks were planned.

    Each look has what the spending function grants beyond the looks before it. The sum bounds the
    chance that any of the intervals misses (Bonferroni), whatever their dependence, so the interval
    at the end holds although one looked. A session that ran out of time, which does not depend on
    what it saw, has all that is left.
    """
    if not looks:
        return alpha
    before = [look for look in looks if look < forks]
    used = spent(before[-1] / looks[-1], alpha) if before else 0.0
    granted = spent(forks / looks[-1], alpha) if forks in looks else alpha
    return granted - used


def p_value(ratio: Estimate, *, bar: float, forks: int, looks: Sequence[int]) -> float:
    """Return the smallest one-sided alpha at which `found` would be called faster than `bar`.

    The sequential p-value of Q. Liu and K. Anderson ("On adaptive extensions of group sequential
    trials", JASA 103, 2008): at most ALPHA / 2 exactly where the interval of `level` clears the bar.
    """
    gap = ratio.centre - math.log(bar)
    if ratio.error == 0:
        return 0.0 if gap > 0 else 1.0
    nominal = student_tail(gap / ratio.error, ratio.freedom)
    low, high = 0.0, 0.5
    if 2 * nominal > level(forks, looks, 2 * high):
        return max(nominal, high)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if 2 * nominal <= level(forks, looks, 2 * middle) else (middle, high)
    return high


def q_values(p_values: Sequence[float]) -> list[float]:
    """Return the false discovery rate at which each of a batch of claims would stand.

    Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", J. R. Stat. Soc. B 57, 1995;
    candidates timed against one base are positively dependent, for which it holds as well
    (Benjamini and Yekutieli, Ann. Stat. 29, 2001).
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index], reverse=True)
    rates, least = [1.0] * len(p_values), 1.0
    for rank, index in zip(range(len(order), 0, -1), order, strict=True):
        least = min(least, p_values[index] * len(order) / rank)
        rates[index] = least
    return rates


def noise_floor(same_code: Estimate) -> float:
    """Return the relative change that base against base shows where there is none."""
    return math.exp(abs(same_code.centre)) - 1


def decide_status(interval: Interval, *, threshold: float, floor: float) -> Status:
    """Name the status of a ratio.

    | status       | rule, with bar = max(threshold, 1 + floor)                              |
    | ------------ | ----------------------------------------------------------------------- |
    | improved     | the interval's lower end is above the bar                               |
    | regressed    | the interval's upper end is below 1 / bar                               |
    | neutral      | the interval lies within [1 / threshold, threshold], or contains 1 and  |
    |              | lies within [1 / 1.02, 1.02]                                            |
    | inconclusive | anything else                                                           |
    """
    bar = max(threshold, 1 + floor)
    if interval.low > bar:
        return "improved"
    if interval.high < 1 / bar:
        return "regressed"
    within = interval.low >= 1 / threshold and interval.high <= threshold
    spans_one = 1 / NEUTRAL <= interval.low <= 1 <= interval.high <= NEUTRAL
    return "neutral" if within or spans_one else "inconclusive"


def forks_needed(interval: Interval, forks: int, *, threshold: float, floor: float) -> int | None:
    """Return how many forks would tell, if the ratio is what it seems; None for more than MOST_FORKS.

    The width goes with one over the square root of the forks, and has to become less than the way to
    the nearer of the bar and the limit of `neutral`.
    """
    bar, centre = math.log(max(threshold, 1 + floor)), abs(math.log(interval.ratio))
    room = max(centre - bar, math.log(NEUTRAL) - centre)
    half = math.log(interval.high / interval.low) / 2
    if room <= 0 or (half / room) ** 2 * forks > MOST_FORKS:
        return None
    return max(forks + 1, math.ceil((half / room) ** 2 * forks))


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """The share of another gain that was reached, on a log scale, with its interval."""

    share: float
    low: float
    high: float


def recovery(
    candidate: Sequence[Sequence[float]], human: Sequence[Sequence[float]], *, alpha: float = ALPHA
) -> Recovery | None:
    """Return how much of the human's gain a candidate has, from log ratios grouped by the same forks.

    The interval is that of a ratio of two means measured together (E. Fieller, "Some problems in
    interval estimation", J. R. Stat. Soc. B 16, 1954). None where the human's gain is not clearly
    away from nothing, which leaves the share without bounds.
    """
    pairs = [
        (midmean(ours), midmean(theirs)) for ours, theirs in zip(candidate, human, strict=False) if ours and theirs
    ]
    count = len(pairs)
    if count < MIN_FORKS:
        return None
    x, y = fmean(ours for ours, _ in pairs), fmean(theirs for _, theirs in pairs)
    xx = fmean((ours - x) ** 2 for ours, _ in pairs) / (count - 1)
    yy = fmean((theirs - y) ** 2 for _, theirs in pairs) / (count - 1)
    xy = fmean((ours - x) * (theirs - y) for ours, theirs in pairs) / (count - 1)
    square = student_quantile(alpha / 2, count - 1) ** 2
    # The shares r for which the mean of x - r * y is within its own error of nothing.
    a, b, c = y * y - square * yy, x * y - square * xy, x * x - square * xx
    if a <= 0:
        return None
    root = math.sqrt(max(b * b - a * c, 0.0))
    return Recovery(share=x / y, low=(b - root) / a, high=(b + root) / a)


def student_tail(value: float, freedom: int) -> float:
    """Return the probability of a larger value by Student's distribution, for whole degrees of freedom.

    M. Abramowitz and I. Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4.
    """
    if freedom < 1:
        raise ValueError(f"{freedom} degrees of freedom: at least one is needed")
    angle = math.atan(abs(value) / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    term = cosine if freedom % 2 else 1.0
    terms = [term] if freedom > 1 else []
    for k in range(3 if freedom % 2 else 2, freedom - 1, 2):
        term *= cosine * cosine * (k - 1) / k
        terms.append(term)
    inside = sine * math.fsum(terms)
    if freedom % 2:
        inside = 2 / math.pi * (angle + inside)
    upper = max(0.0, (1 - inside) / 2)
    return upper if value >= 0 else 1 - upper


@lru_cache(maxsize=1024)
def student_quantile(probability: float, freedom: int) -> float:
    """Return the value that is exceeded with this probability, which is above 0 and at most a half."""
    if not 0 < probability <= 0.5:
        raise ValueError(f"probability {probability}: it must be above 0 and at most 0.5")
    low, high = 0.0, 1.0
    while student_tail(high, freedom) > probability and high < 1e12:
        low, high = high, 2 * high
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if student_tail(middle, freedom) > probability else (low, middle)
    return high
