from dataclasses import replace

import pytest
from timing_kit import SLOW, Bench

from judge.bench import Fork, Measured, PlausibilityFlag, Ran, SessionResult, compare, plausibility_flags, recovered

MACHINE = {"device": "cpu"}


def ran(*, ns: float, rounds: int = 5, forks: int = 12, rare: float = 1.0) -> Ran:
    """Make a variant of steady calls, of which one part in eight is `rare` times as long."""
    spread = [1 + 0.0005 * ((7 * n) % 5 - 2) for n in range(rounds)]
    fork = [tuple(ns * f * (rare if part == 7 else 1) for part in range(8)) for f in spread]
    tilts = [1 + 0.001 * ((5 * n) % 7 - 3) for n in range(forks)]
    made = (Fork(ns_per_call=tuple(tuple(t * tilt for t in parts) for parts in fork), loops=1) for tilt in tilts)
    return Ran(forks=tuple(made), mutates_input=False)


def session(candidate: Ran, *, base_ns: float = 50_000, human: Ran | None = None, **changes: object) -> SessionResult:
    variants = {"base": ran(ns=base_ns), "base (A/A)": ran(ns=base_ns), "candidate": candidate}
    made = SessionResult(
        base="base",
        aa_partner="base (A/A)",
        variants=variants | ({"human": human} if human else {}),
        outputs={},
        costs={},
        machine=MACHINE,
        notes=(),
        seed=1,
        threshold=1.01,
        wall_s=1.0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a few fields, by name


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
    candidate_ns: float, changes: dict[str, object], lines: int | None, expected: list[str]
) -> None:
    """Each limit is passed by one figure and kept by its neighbour; the status is not touched."""
    assert signs(session(ran(ns=candidate_ns), **changes), changed_lines=lines) == expected


def test_work_put_off_to_a_few_calls_is_no_improvement() -> None:
    """Seven of eight parts are twice as fast and the eighth pays for all: nothing was gained."""
    even, uneven = compare(session(ran(ns=25_000))), compare(session(ran(ns=25_000, rare=10.0)))
    assert even.status == "improved"
    assert uneven.status == "inconclusive"
    assert "all calls together" in uneven.reason


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


def test_recovery_needs_a_gain_of_the_human() -> None:
    """A share of the human's gain has an interval; where the human side gains nothing it is void."""
    half = recovered(session(ran(ns=40_000), human=ran(ns=32_000)))
    assert half is not None
    assert half.low <= half.share <= half.high
    assert half.share == pytest.approx(0.5, abs=0.02)
    assert recovered(session(ran(ns=40_000), human=ran(ns=50_000))) is None


def test_inconclusive_names_the_samples_it_would_take() -> None:
    """An interval that is too wide says how many rounds and processes would tell."""
    wide = ran(ns=49_000, forks=4)
    tilts = (0.97, 1.03, 0.98, 1.02)
    forks = tuple(
        replace(f, ns_per_call=tuple(tuple(t * k for t in p) for p in f.ns_per_call))
        for f, k in zip(wide.forks, tilts, strict=True)
    )
    comparison = compare(session(replace(wide, forks=forks)))
    assert comparison.status == "inconclusive"
    assert "would tell" in comparison.reason
