"""Lets an event loop use a store without waiting for the disk: what is asked of it at one time shares one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

from judge.llm.calls.call_store import CallStore

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Waiting = list[tuple[Callable[[], Any], asyncio.Future[Any]]]


class AsyncStore:
    """Uses one store from one event loop, in the order of the calls.

    A task is not part of it: whoever cancels all tasks of a loop can still have written down what they left.
    """

    def __init__(self, store: CallStore) -> None:
        """Serve `store`; it is closed by whoever opened it."""
        self._store = store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kept-replies")
        self._waiting: _Waiting = []
        self._busy = False

    async def do(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a method of the store; a write is on the disk when this returns.

        Raises:
            OutputError: the store cannot be used.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_T] = loop.create_future()
        self._waiting.append((partial(work, *args, **kwargs), done))
        if not self._busy:
            self._start(loop)
        return await done

    def close(self) -> None:
        """Write what is still waiting, and end the thread."""
        self._thread.shutdown()
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._store.together([work for work, _ in waiting])

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        waiting, self._waiting = self._waiting, []
        self._busy = True
        job = self._thread.submit(self._store.together, [work for work, _ in waiting])
        job.add_done_callback(lambda job: loop.call_soon_threadsafe(self._settle, loop, waiting, job))

    def _settle(self, loop: asyncio.AbstractEventLoop, waiting: _Waiting, job: Future[list[Any]]) -> None:
        self._busy = False
        error = job.exception()
        results = [None] * len(waiting) if error else job.result()
        for (_, done), result in zip(waiting, results, strict=True):
            if done.done():  # whoever waited was cancelled
                continue
            done.set_exception(error) if error else done.set_result(result)
        if self._waiting:
            self._start(loop)
