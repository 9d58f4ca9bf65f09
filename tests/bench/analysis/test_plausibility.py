from dataclasses import replace
from typing import Any

import pytest
from session_kit import ran, session
from timing_kit import SLOW, Bench

from judge.bench import Measured, PlausibilityFlag, SessionResult, compare, plausibility_flags


def signs(session_result: SessionResult, *, changed_lines: int | None = None) -> list[str]:
    compared = compare(session_result)
    assert isinstance(compared, Measured), compared
    seen: tuple[PlausibilityFlag, ...] = plausibility_flags(session_result, compared, changed_lines=changed_lines)
    return [sign.code for sign in seen]


@pytest.mark.parametrize(
    ("candidate_ns", "changes", "lines", "expected"),
    [
        (25_000, {}, 3, ["big-gain-small-change"]),
        (25_000, {}, 300, []),
        (25_000, {}, None, []),
        (40_000, {}, 3, []),
        (40, {}, None, ["near-zero"]),
        (400, {}, None, []),
        (1_000, {"result_bytes": {"candidate": 10**6}}, None, ["faster-than-memory"]),
        (40_000, {"result_bytes": {"candidate": 10**6}}, None, []),
        (900, {"machine": {"device": "cuda:0"}}, None, ["faster-than-launch"]),
        (9_000, {"machine": {"device": "cuda:0"}}, None, []),
    ],
)
def test_figures_that_ask_for_a_look(
    candidate_ns: float, changes: dict[str, Any], lines: int | None, expected: list[str]
) -> None:
    """Each limit is passed by one figure and kept by its neighbour; the status is not touched."""
    assert signs(replace(session(ran(ns=candidate_ns)), **changes), changed_lines=lines) == expected


@pytest.mark.timing
@pytest.mark.proof
def test_work_put_off_is_seen_in_a_real_session(bench: Bench) -> None:
    """A candidate that queues its work and does it in every hundredth call is not improved."""
    lazy = """
queue = []
def work(numbers):
    queue.append(numbers)
    if len(queue) == 2000:
        for numbers in queue:
            for _ in range(3):
                total = 0
                for number in numbers:
                    total += number * number
        queue.clear()
    return sum(number * number for number in numbers[:100])
"""
    options: dict[str, object] = {"forks": 6, "min_rounds": 5, "max_rounds": 5, "sample_s": 0.02, "budget_s": 20.0}
    comparison = compare(bench({"base": SLOW, "candidate": lazy}, **options))
    assert comparison.status != "improved", comparison
