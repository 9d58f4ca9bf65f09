"""Owns the time that a session may take, and how much of it one request may have."""

import time
from dataclasses import dataclass, field

_ONE_CALL = 0.25
"""One request may take this share of the budget."""
BASE_SHARE = 0.05
"""A request of which the base needed this share of its time may take longer than that."""


@dataclass(kw_only=True)
class Budget:
    """The time of the session, and how long the base took for each request.

    New rounds start until `ends_at`; the rest up to `hard_end` is for what they need to count.
    """

    total_s: float
    ends_at: float
    hard_end: float
    base_s: dict[str, float] = field(default_factory=dict)

    def left(self) -> float:
        """Return the seconds in which something new may start."""
        return self.ends_at - time.monotonic()

    def allow(self, op: str, limit_s: float, *, is_base: bool) -> float:
        """Return the seconds that one request may take, at most its own limit.

        A variant that needs far more than the base did must not spend the whole session's time.
        """
        allowed = min(limit_s, self.hard_end - time.monotonic())
        if is_base or op not in self.base_s:
            return allowed
        return min(allowed, max(_ONE_CALL * self.total_s, self.base_s[op] / BASE_SHARE))
