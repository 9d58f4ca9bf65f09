"""Owns the question whether a gain in the timed loop is a gain: pure rules over what a session measured besides."""

import math
from statistics import median

from judge.bench.analysis.stats import MIN_FORKS, Estimate, estimate
from judge.bench.results import SessionResult

_CACHED_GAIN = 1.1
"""Kept results give factors; below this, single calls are too unlike calls in a row to speak against a gain."""
_SHORTEST_NS = 2000.0
"""Reading the clock takes up to 100 ns, which is in each single call."""
_MOVED_SHARE = 0.8
_MOVED_LEAST = 0.5


def only_on_repeats(session: SessionResult, ratio: Estimate, *, base: str, candidate: str) -> str:
    """Say how a gain shrinks when the input changes from call to call: under half of it, on a log scale, is left.

    Such a variant keeps results, or knows the input; both gain nothing on the next input.
    """
    if ratio.centre < math.log(_CACHED_GAIN):
        return ""
    forks = [
        list(zip(base_ns, other_ns, strict=False))
        for base_ns, other_ns in zip(session.varied.get(base, ()), session.varied.get(candidate, ()), strict=False)
    ]
    forks = [pairs for pairs in forks if pairs]
    if len(forks) < MIN_FORKS or median(left for pairs in forks for left, _ in pairs) < _SHORTEST_NS:
        return ""
    groups = [[math.log(max(left, 1.0) / max(right, 1.0)) for left, right in pairs] for pairs in forks]
    varied = estimate(groups, seed=session.seed).interval()
    if math.log(varied.high) >= ratio.centre / 2:
        return ""
    return (
        f"{math.exp(ratio.centre):.3f}x when the same input comes again, but {varied.ratio:.3f}x "
        f"({varied.low:.3f} to {varied.high:.3f}) when one element of it changes: results are kept, not made faster"
    )


def moved_to_setup(session: SessionResult, *, base: str, candidate: str, gain_ms: float) -> str:
    """Say how much more the set-up of every process takes, if that is what a call saves.

    Work on the input that moved from the timed call to the set-up is done all the same.
    """
    first, copy, other = (session.costs.get(name) for name in (base, session.aa_partner, candidate))
    if not first or not copy or not other:
        return ""
    grown = [b - a for a, b in zip(first.later_setups_s, other.later_setups_s, strict=False)]
    noise = [abs(b - a) for a, b in zip(first.later_setups_s, copy.later_setups_s, strict=False)]
    if len(grown) < MIN_FORKS or len(noise) < MIN_FORKS:
        return ""
    gain_s, more = gain_ms / 1e3, median(grown)
    if more < _MOVED_SHARE * gain_s or min(grown) < _MOVED_LEAST * gain_s or more < 2 * median(noise):
        return ""
    return f"a call saves {gain_ms:.4g} ms, and the set-up takes {more * 1e3:.4g} ms more: the work has moved there"
