"""A budget that is never exceeded: money is set aside before a call and settled after it."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from judge.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class OverBudget:
    """A call that was not made, since it might have spent more than the limit."""

    max_cost: float
    spent: float
    worst: float

    @property
    def message(self) -> str:
        """Say it in words."""
        return (
            f"not asked: it may cost ${self.worst:.4f}, "
            f"and of --max-cost ${self.max_cost:g} only ${max(self.max_cost - self.spent, 0):.4f} is left"
        )


@dataclass(eq=False, kw_only=True)
class Reservation:
    """Money set aside for one call, until `SpendingLimit.settle`; None where nothing bounds it."""

    worst: float | None


_UNITS = 10**12
"""The books are kept in whole millionths of a millionth of a dollar, so that sums are exact."""


class SpendingLimit:
    """What one run may spend: money is set aside before a call and settled after it, all in one event loop.

    At no time are the settled and the reserved sums together above `max_cost`, as long as no call costs more than
    was reserved for it. A call that does not fit waits while others are open, since those may turn out cheaper.
    """

    def __init__(self, max_cost: float | None) -> None:
        """Start with nothing spent; None is no limit."""
        self.max_cost = max_cost
        self._limit = None if max_cost is None else math.floor(max_cost * _UNITS)
        self._spent = 0
        self._open: dict[Reservation, int] = {}
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def spent(self) -> float:
        """US dollars that are settled."""
        return self._spent / _UNITS

    @property
    def reserved(self) -> float:
        """US dollars that calls still open may cost."""
        return sum(self._open.values()) / _UNITS

    async def reserve(self, worst: float | None) -> Reservation | OverBudget:
        """Set `worst` US dollars aside for a call, waiting for calls in flight if there is not enough left.

        Raises:
            UsageError: there is a limit, but no price to hold against it.
        """
        while (taken := self.try_reserve(worst)) is None:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        return taken

    def try_reserve(self, worst: float | None) -> Reservation | OverBudget | None:
        """Do the same without waiting; None says that there may be enough when the calls in flight are settled.

        Raises:
            UsageError: there is a limit, but no price to hold against it.
        """
        if worst is None and self._limit is not None:
            raise UsageError("--max-cost needs the price of every model; give --price INPUT/OUTPUT")
        needed = math.ceil((worst or 0.0) * _UNITS)
        if self._limit is not None and self._spent + sum(self._open.values()) + needed > self._limit:
            if self._open and self._spent + needed <= self._limit:
                return None
            return OverBudget(max_cost=self._limit / _UNITS, spent=self.spent, worst=needed / _UNITS)
        reservation = Reservation(worst=worst)
        self._open[reservation] = needed
        return reservation

    def settle(self, reservation: Reservation, actual: float | None) -> None:
        """Book what a call cost; None, where that is not known, books all that was reserved for it."""
        reserved = self._open.pop(reservation)
        self._book(reserved if actual is None else math.ceil(actual * _UNITS))

    def release(self, reservation: Reservation) -> None:
        """Give back what was reserved for a call that was certainly not billed."""
        self.settle(reservation, 0.0)

    def charge(self, amount: float) -> None:
        """Book what was spent without a reservation of this run, such as the results of a batch sent earlier."""
        self._book(math.ceil(amount * _UNITS))

    def _book(self, units: int) -> None:
        self._spent += units
        waiting, self._waiting = self._waiting, []
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)
