"""How far a run is: a line every ten seconds where nobody watches a bar, and none for a short run."""

from __future__ import annotations

import io
import sys
import time

import pytest

from judge.commands import _progress
from judge.commands._progress import INTERVAL_S, Lines, show_progress


class Clock:
    """A clock that the test sets."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time that was set."""
        return self.now


class Terminal(io.StringIO):
    """A stream that calls itself a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def lines_at(clock: Clock) -> tuple[Lines, list[str]]:
    """Return lines that tell the time by `clock`, and what they write."""
    written: list[str] = []
    return Lines("candidates", write=written.append, clock=clock), written


def test_a_short_run_says_nothing() -> None:
    """Nothing is written before the first interval is over, however often something is done."""
    clock = Clock()
    lines, written = lines_at(clock)
    for done in range(100):
        clock.now += INTERVAL_S / 101
        lines("gates", done, 100, "case/one")
    lines.tick()
    assert written == []


def test_a_long_run_says_where_it_is_and_what_is_left() -> None:
    """Each interval has one line, with the candidate's name, what is left and the time; also while nothing ends."""
    clock = Clock()
    lines, written = lines_at(clock)
    lines("timing", 3, 13, "case/slow")
    clock.now += INTERVAL_S
    lines.tick()
    lines.tick()
    clock.now += 6 * INTERVAL_S
    lines.tick()
    lines("timing", 4, 13, "case/next")
    assert written == [
        "timing: 3 of 13 candidates, 10 left, at case/slow (10 s)",
        "timing: 3 of 13 candidates, 10 left, at case/slow (1 min 10 s)",
    ]


def test_an_unknown_total_and_free_words() -> None:
    """Without a total there is a count; what a session says of itself is passed on; a name cannot draw."""
    clock = Clock()
    lines, written = lines_at(clock)
    clock.now += INTERVAL_S
    lines("reading", 7, None, "run\x1b[31m\nred")
    clock.now += INTERVAL_S
    lines.say("timing fast: fork 3 of 8")
    assert written == ["reading: 7 candidates, at run\\x1b[31m red (10 s)", "timing fast: fork 3 of 8 (20 s)"]


def test_a_pipe_gets_lines_and_a_terminal_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    """What standard error is decides; a terminal that cannot move its cursor is a pipe."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with show_progress() as progress:
        assert isinstance(progress, Lines)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with show_progress() as progress:
        assert isinstance(progress, _progress.Bars)
        progress("gates", 1, 2, "case/one")
        progress("reading", 1, None, "")
        progress.say("fork 1 of 8")
    monkeypatch.setenv("TERM", "dumb")
    with show_progress() as progress:
        assert isinstance(progress, Lines)


def test_lines_come_while_one_candidate_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has to end for a line to come: the clock alone brings it."""
    clock, stream = Clock(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(_progress, "_TICK_S", 0.001)
    with show_progress("runs", clock=clock) as progress:
        progress("grading", 1, 3, "run-2")
        clock.now += INTERVAL_S
        for _ in range(10_000):
            if stream.getvalue():
                break
            time.sleep(0.001)
    assert stream.getvalue() == "grading: 1 of 3 runs, 2 left, at run-2 (10 s)\n"
