"""Runs a function in a process of its own, to be killed at any moment.

It is forked from a process that has imported all that takes long, so that dozens of them cost no start-up each.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import cache
from multiprocessing.context import ForkServerContext
from typing import Any

_IMPORTED = [
    "pytest", "openai", "anthropic", "tenacity", "judge.llm.calls.asker", "judge.llm.batches.batch_asker",
    "judge.commands.audit", "judge.commands.calibrate", "judge.commands.grade", "judge.commands.prompts",
]  # fmt: skip


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    return context


class Forked:
    """Such a process; its methods can be called from any thread."""

    def __init__(self, work: Callable[..., None], *arguments: Any) -> None:
        """Start `work`, a function that can be imported by its name, with arguments that can be pickled."""
        self._process = _context().Process(target=work, args=arguments, daemon=True)
        self._lock = threading.Lock()
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Return how it ended, a signal as a negative number; None while it runs."""
        with self._lock:
            return self._process.exitcode

    def wait(self, seconds: float) -> int:
        """Wait until it has ended, and return how."""
        until = time.monotonic() + seconds
        while (code := self.poll()) is None:
            assert time.monotonic() < until, "the process does not end"
            time.sleep(0.005)
        return code

    def kill(self) -> int:
        """End it without a chance to tidy up, if it has not ended by itself, and return how it ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        return self.wait(30)
