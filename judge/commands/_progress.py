"""How far a run is, on standard error: bars for a person at a terminal, a line every ten seconds for a pipe or CI."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

import click

from judge.reports.wording import visible

if TYPE_CHECKING:
    from rich.progress import TaskID

INTERVAL_S = 10.0
"""A pipe gets a line as often as this, and a run that is shorter gets none."""

_TICK_S = 1.0


class ProgressDisplay(Protocol):
    """What a run tells how far it is; the pipeline and the audit call it as their `Progress`."""

    def __call__(self, stage: str, done: int, total: int | None, name: str = "") -> None:
        """Say how many of how many are done in a stage, and at which one it is."""

    def say(self, text: str) -> None:
        """Say in words of one's own how far it is."""


@contextmanager
def show_progress(
    unit: str = "candidates", *, clock: Callable[[], float] = time.monotonic
) -> Iterator[ProgressDisplay]:
    """Show what is said within the block, as standard error can take it; `unit` is what is counted."""
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with Bars() as bars:
            yield bars
        return
    lines = Lines(unit, write=lambda text: click.echo(text, err=True), clock=clock)
    ended = threading.Event()
    ticker = threading.Thread(target=_tick, args=(lines, ended), daemon=True)
    ticker.start()
    try:
        yield lines
    finally:
        ended.set()
        ticker.join()


def _tick(lines: Lines, ended: threading.Event) -> None:
    """Let a line come on time although one candidate takes long."""
    while not ended.wait(_TICK_S):
        lines.tick()


class Lines:
    """Writes where a run is, once in `INTERVAL_S`; nothing before the first interval is over."""

    def __init__(self, unit: str, *, write: Callable[[str], None], clock: Callable[[], float]) -> None:
        """Write with `write`; `clock` gives seconds."""
        self._unit, self._write, self._clock = unit, write, clock
        self._began = clock()
        self._due = self._began + INTERVAL_S
        self._text: Callable[[], str] | None = None
        self._lock = threading.Lock()

    def __call__(self, stage: str, done: int, total: int | None, name: str = "") -> None:
        """Say how many of how many are done in a stage, and at which one it is."""

        def text() -> str:
            count = f"{done} {self._unit}" if total is None else f"{done} of {total} {self._unit}, {total - done} left"
            return f"{stage}: {count}{f', at {visible(name)}' if name else ''}"

        self._text = text
        self.tick()

    def say(self, text: str) -> None:
        """Say in words of one's own how far it is."""
        self._text = lambda: visible(text)
        self.tick()

    def tick(self) -> None:
        """Write the line that is due, if one is."""
        with self._lock:
            now = self._clock()
            if self._text and now >= self._due:
                self._due = now + INTERVAL_S
                self._write(f"{self._text()} ({_duration(now - self._began)})")


class Bars(AbstractContextManager["Bars"]):
    """A bar for each stage, and a line that is written over."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description:>7}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._live = Progress(*columns, console=Console(stderr=True), transient=True)
        self._bars: dict[str, TaskID] = {}
        self._spoken = False

    def __call__(self, stage: str, done: int, total: int | None, name: str = "") -> None:
        """Move the bar of a stage; without a total it only shows that something moves."""
        if stage not in self._bars:
            self._live.start()
            self._bars[stage] = self._live.add_task(stage, total=total)
        self._live.update(self._bars[stage], completed=done)

    def say(self, text: str) -> None:
        """Write a line over the last one."""
        self._spoken = True
        click.echo(f"\r\033[K{text}", nl=False, err=True)

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        if self._spoken:
            click.echo("\r\033[K", nl=False, err=True)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
