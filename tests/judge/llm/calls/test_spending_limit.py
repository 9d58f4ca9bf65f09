"""A budget is never exceeded, whatever the order in which calls are settled."""

from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.errors import UsageError
from judge.llm.calls.spending_limit import OverBudget, Reservation, SpendingLimit

_CALLS = st.lists(
    st.tuples(
        st.integers(0, 50), st.floats(0, 1), st.sampled_from(["known", "unknown", "released"]), st.integers(0, 5)
    ),
    max_size=30,
)


@settings(max_examples=200)
@given(calls=_CALLS, limit=st.integers(0, 120), width=st.integers(1, 8))
def test_a_budget_is_never_exceeded(calls: list[tuple[int, float, str, int]], limit: int, width: int) -> None:
    """Whatever the order: spent and reserved stay within the limit, every call ends, none is refused for nothing."""
    budget = SpendingLimit(limit / 100)

    async def call(worst: int, share: float, end: str, steps: int) -> str:
        taken = await budget.reserve(worst / 100)
        assert round(budget.spent + budget.reserved, 9) <= limit / 100
        if isinstance(taken, OverBudget):
            assert budget.spent + worst / 100 > limit / 100 - 1e-9
            return "over"
        for _ in range(steps):
            await asyncio.sleep(0)
        if end == "released":
            budget.release(taken)
        else:
            budget.settle(taken, share * worst / 100 if end == "known" else None)
        return "done"

    async def all_calls() -> list[str]:
        gate = asyncio.Semaphore(width)

        async def make_call(args: tuple[int, float, str, int]) -> str:
            async with gate:
                return await call(*args)

        return await asyncio.wait_for(asyncio.gather(*(make_call(args) for args in calls)), timeout=20)

    ends = asyncio.run(all_calls())
    assert len(ends) == len(calls)
    assert budget.reserved == 0
    assert budget.spent <= limit / 100 + 1e-9


def test_a_call_waits_for_those_in_flight() -> None:
    """A call that does not fit beside others is made once they turn out cheaper than feared."""

    async def run() -> None:
        budget = SpendingLimit(1.0)
        first = await budget.reserve(0.8)
        assert isinstance(first, Reservation)
        second = asyncio.ensure_future(budget.reserve(0.5))
        await asyncio.sleep(0)
        assert not second.done()
        budget.settle(first, 0.2)
        assert isinstance(await second, Reservation)
        assert budget.spent + budget.reserved == pytest.approx(0.7)

    asyncio.run(run())


def test_a_call_that_can_never_fit_does_not_wait() -> None:
    """What is above the rest of the budget by itself is refused at once, in words that hold the figures."""

    async def run() -> OverBudget:
        budget = SpendingLimit(1.0)
        await budget.reserve(0.8)
        refused = await budget.reserve(1.5)
        assert isinstance(refused, OverBudget)
        return refused

    assert asyncio.run(run()).message == "not asked: it may cost $1.5000, and of --max-cost $1 only $1.0000 is left"


def test_a_waiter_may_be_cancelled() -> None:
    """A cancelled waiter takes nothing and does not keep others from their turn."""

    async def run() -> None:
        budget = SpendingLimit(1.0)
        first = await budget.reserve(1.0)
        assert isinstance(first, Reservation)
        gone, stays = (asyncio.ensure_future(budget.reserve(0.6)) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        budget.release(first)
        assert isinstance(await stays, Reservation)
        assert budget.reserved == pytest.approx(0.6)

    asyncio.run(run())


def test_unknown_costs_are_booked_in_full() -> None:
    """A call that may have been paid for counts with its worst case."""
    budget = SpendingLimit(1.0)
    taken = budget.try_reserve(0.75)
    assert isinstance(taken, Reservation)
    budget.settle(taken, None)
    assert budget.spent == 0.75


def test_a_limit_without_a_price_is_refused() -> None:
    """The budget itself refuses a call whose price is unknown; without a limit it lets it through."""
    with pytest.raises(UsageError, match="--price"):
        SpendingLimit(1.0).try_reserve(None)
    assert isinstance(SpendingLimit(None).try_reserve(None), Reservation)
    assert math.isclose(SpendingLimit(None).spent, 0.0)
