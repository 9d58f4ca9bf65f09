"""The async store: the event loop does not wait for the disk, writes share their waits, and an interrupt loses none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from judge.errors import OutputError
from judge.llm.calls.async_store import AsyncStore
from judge.llm.calls.call_store import CallStore


class Counted(CallStore):
    """A store that counts its transactions for an async store."""

    times = 0

    def together(self, works: Sequence[Callable[[], Any]]) -> list[Any]:
        self.times += 1
        return super().together(works)


async def begin(async_store: AsyncStore, store: CallStore, key: str) -> bool:
    """Note a call."""
    return await async_store.do(store.begin, key, 1, model="m", custom_id="c", max_output_tokens=1)


def test_what_is_written_at_one_time_shares_a_commit(tmp_path: Path) -> None:
    """200 calls noted at once are three commits at the most, each caller gets its own result, and all are there."""

    async def run() -> list[bool]:
        with Counted(tmp_path / "kept") as store:
            async_store = AsyncStore(store)
            begun = await asyncio.gather(*(begin(async_store, store, str(number % 100)) for number in range(200)))
            async_store.close()
            assert store.times <= 3
            assert all(len(store.attempts(str(number))) == 1 for number in range(100))
            return begun

    assert asyncio.run(run()) == [True] * 100 + [False] * 100


def test_an_interrupt_of_all_tasks_loses_no_note(tmp_path: Path) -> None:
    """Tasks that are cancelled while they write still have written down what they leave."""

    async def work(async_store: AsyncStore, store: CallStore, key: str) -> None:
        try:
            await begin(async_store, store, key)
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await async_store.do(store.give_up, key, 1, state="lost", reason="interrupted")
            raise

    async def run() -> None:
        with CallStore(tmp_path / "kept") as store:
            async_store = AsyncStore(store)
            for turns in (0, 1, 2, 50):
                tasks = [asyncio.create_task(work(async_store, store, f"{turns} {number}")) for number in range(20)]
                for _ in range(turns):
                    await asyncio.sleep(0)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            async_store.close()
            left = [a.state for turns in (1, 2, 50) for n in range(20) for a in store.attempts(f"{turns} {n}")]
            assert left == ["lost"] * 60
            assert not [a for number in range(20) for a in store.attempts(f"0 {number}")], "none of these had begun"

    asyncio.run(asyncio.wait_for(run(), 30))


def test_a_store_that_breaks_tells_everybody(tmp_path: Path) -> None:
    """Whoever waits for a write that fails is told, and so is who comes later; nobody waits for ever."""

    async def run() -> list[bool | BaseException]:
        with CallStore(tmp_path / "kept") as store:
            async_store = AsyncStore(store)
            with store.transaction() as connection:
                connection.execute("DROP TABLE attempts")
            first = await asyncio.gather(*(begin(async_store, store, str(n)) for n in range(5)), return_exceptions=True)
            with pytest.raises(OutputError):
                await begin(async_store, store, "later")
            async_store.close()
            return first

    errors = asyncio.run(asyncio.wait_for(run(), 30))
    assert [type(each) for each in errors] == [OutputError] * 5
