"""A share of something counted, with its interval. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

Z_95 = 1.959963984540054
"""97.5 % quantile of the standard normal distribution."""


class Bounds(NamedTuple):
    """A 95 % interval."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Share:
    """`part` out of `whole`; value and interval are None where there is no whole."""

    part: int
    whole: int
    value: float | None
    interval: Bounds | None


def share(part: int, whole: int) -> Share:
    """Return the share with its 95 % interval."""
    return Share(part=part, whole=whole, value=part / whole if whole else None, interval=wilson(part, whole))


def wilson(successes: int, trials: int) -> Bounds | None:
    """Return the 95 % score interval of a proportion, None without trials.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927),
    209-212. It stays inside [0, 1] and does not collapse where all or none succeed.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share")
    if trials == 0:
        return None
    rate = successes / trials
    spread = Z_95 * Z_95 / trials
    centre = (rate + spread / 2) / (1 + spread)
    half = Z_95 / (1 + spread) * math.sqrt(rate * (1 - rate) / trials + spread / (4 * trials))
    return Bounds(max(0.0, centre - half), min(1.0, centre + half))
