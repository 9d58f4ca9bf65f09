"""Owns the check of the worker's clock against ours: pure questions about pairs of times."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from judge.bench.stats import midmean

FEWEST = 8
_LOST_SHARE = 0.1
_LOST_NS = 300_000
_SPREADS = 1.5
"""The middle means of two sets of 16 readings differ by more than this many interquartile ranges once in a million."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One sample as the worker claims it and as the parent saw it, in nanoseconds."""

    claimed_ns: int
    wall_ns: int

    @property
    def lost_ns(self) -> int:
        """What the parent saw beyond the claim: the round trip, if the worker is honest."""
        return self.wall_ns - self.claimed_ns


def impossible(reading: Reading) -> str:
    """Say why a claim cannot be true: it lies within the parent's wall time, and takes some."""
    if reading.claimed_ns <= 0:
        return f"the sample claims {reading.claimed_ns} ns"
    if reading.claimed_ns > reading.wall_ns:
        return f"the sample claims {reading.claimed_ns} ns, the parent saw {reading.wall_ns} ns"
    return ""


def disagreement(base: Sequence[Reading], other: Sequence[Reading]) -> str:
    """Say why a variant's claims do not fit what the parent saw.

    The base's round trips were taken in the same rounds, so they carry whatever else the machine
    was doing: what they spread is forgiven, and at least a tenth of the claim and 0.3 ms. Both sides are
    taken by their middle halves, so that a few rounds in which something else ran hide no lie.
    """
    if len(base) < FEWEST or len(other) < FEWEST:
        return ""
    usual = [reading.lost_ns for reading in base]
    low, _, high = quantiles(usual, n=4)
    claimed = median(reading.claimed_ns for reading in other)
    margin = max(_LOST_NS + _LOST_SHARE * claimed, _SPREADS * (high - low))
    lost = midmean([reading.lost_ns for reading in other])
    if lost <= midmean(usual) + margin:
        return ""
    return (
        f"the worker claims {claimed / 1e6:.3g} ms a sample; the parent saw "
        f"{(lost - midmean(usual)) / 1e6:.3g} ms more than the round trip that the base needs"
    )
