"""What is noted of a machine that is not idle."""

from __future__ import annotations

import pytest

from judge.bench.process.cpu import idle_notes, load_average


@pytest.mark.parametrize(
    ("before", "during", "note"),
    [
        (0.4, 1.2, ""),
        (0.4, None, ""),
        (1.5, 0.5, "the machine was busy at the start: load 1.5 on 2 cores"),
        (0.4, 8.7, "the machine was busy while it was timed: load 8.7 on 2 cores"),
        (3.0, 8.7, "the machine was busy at the start: load 3.0 on 2 cores"),
    ],
)
def test_a_busy_machine(before: float, during: float | None, note: str) -> None:
    """Half of the cores at the start, or more than all of them while it times, which itself needs one."""
    assert idle_notes({"cores": 4, "usable_cores": 2, "load_average": before}, during) == ([note] if note else [])


def test_the_load_of_this_machine() -> None:
    """It is a number where the system tells it."""
    load = load_average()
    assert load is None or load >= 0
