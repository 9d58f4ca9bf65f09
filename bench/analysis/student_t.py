"""Owns Student's distribution for whole degrees of freedom, which the standard library lacks."""

import math
from functools import lru_cache


def tail(value: float, freedom: int) -> float:
    """Return the probability of a larger value.

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
def upper_quantile(probability: float, freedom: int) -> float:
    """Return the value that is exceeded with this probability, which is above 0 and at most a half."""
    if not 0 < probability <= 0.5:
        raise ValueError(f"probability {probability}: it must be above 0 and at most 0.5")
    low, high = 0.0, 1.0
    while tail(high, freedom) > probability and high < 1e12:
        low, high = high, 2 * high
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle, freedom) > probability else (low, middle)
    return high
