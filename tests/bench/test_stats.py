import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.bench.stats import (
    Interval,
    decide_status,
    interval,
    is_clear,
    log_ratios,
    midmean,
    noise_floor,
)

# Log ratios of a base against its copy, as measured on a shared two-core machine: the first
# three forks of ten rounds, on the idle machine and beside four busy loops.
QUIET = [
    [-0.0171, -0.0235, -0.0086, -0.0247, -0.0026, 0.0005, 0.0007, 0.0021, 0.0382, -0.0017],
    [0.0226, 0.0963, -0.001, 0.0146, 0.0309, 0.0029, 0.0198, 0.0167, -0.0063, 0.0077],
    [-0.0025, 0.0086, -0.0155, 0.0175, -0.0294, -0.0066, -0.0046, -0.0085, 0.0287, 0.0075],
]
NOISY = [
    [-0.0012, -0.0301, 0.0078, 0.0, 0.0071, 0.0028, 0.0005, -0.0197, 0.0383, -0.0393],
    [0.0151, 0.0139, 0.0026, 0.5727, -0.013, 0.0227, 0.0473, 0.5706, -0.023, 0.0024],
    [0.0007, -0.0086, -0.0455, -0.0279, 0.2615, -0.003, 0.0266, -0.0016, 0.0042, 0.0176],
]


def shifted(groups: list[list[float]], by: float) -> list[list[float]]:
    return [[value + by for value in group] for group in groups]


@pytest.mark.parametrize(
    ("recorded", "speedup", "expected"),
    [
        (QUIET, 3.0, "improved"),
        (QUIET, 1.05, "improved"),
        (QUIET, 1.02, "inconclusive"),
        (QUIET, 1.0, "neutral"),
        (QUIET, 0.9, "regressed"),
        (NOISY, 3.0, "improved"),
        (NOISY, 1.1, "inconclusive"),
        (NOISY, 1.0, "inconclusive"),
        (NOISY, 0.5, "regressed"),
    ],
)
def test_status_of_recorded_samples(recorded: list[list[float]], speedup: float, expected: str) -> None:
    """A known speed-up over recorded noise is claimed only where it stands out of that noise."""
    floor = noise_floor(interval(recorded, seed=1))
    found = interval(shifted(recorded, math.log(speedup)), seed=1)
    assert decide_status(found, threshold=1.01, floor=floor) == expected


def test_floor_raises_the_bar() -> None:
    """A gain smaller than what the base shows against itself is no claim."""
    gain = Interval(ratio=1.05, low=1.04, high=1.06)
    assert decide_status(gain, threshold=1.01, floor=0.004) == "improved"
    assert decide_status(gain, threshold=1.01, floor=0.08) == "inconclusive"


def test_interval_contains_its_ratio_and_is_repeatable() -> None:
    """The same samples and seed give the same interval, around the ratio."""
    found = interval(NOISY, seed=5)
    assert found == interval(NOISY, seed=5)
    assert found.low <= found.ratio <= found.high


def test_disagreeing_forks_widen_the_interval() -> None:
    """Processes that differ from each other count, however tight each of them is."""
    together = interval(QUIET, seed=1)
    apart = interval([QUIET[0], *shifted(QUIET[1:], 0.2)], seed=1)
    assert apart.half_width > 4 * together.half_width


def test_one_preempted_sample_does_not_move_the_ratio() -> None:
    """The middle half ignores a sample twice as long as its neighbours."""
    spoilt = [[*QUIET[0][:-1], -0.7], *QUIET[1:]]
    before = interval(QUIET, seed=1).ratio
    assert interval(spoilt, seed=1).ratio == pytest.approx(before, abs=0.005)


def test_noise_floor_looks_both_ways() -> None:
    """The floor is the larger side of the base-against-base interval."""
    assert noise_floor(Interval(ratio=1.0, low=0.9, high=1.02)) == pytest.approx(1 / 0.9 - 1)
    assert noise_floor(Interval(ratio=1.0, low=0.99, high=1.2)) == pytest.approx(0.2)


def test_empty_samples_are_refused() -> None:
    """No rounds give no interval: never a number that means nothing."""
    with pytest.raises(ValueError, match="at least one round"):
        interval([], seed=1)
    with pytest.raises(ValueError, match="at least one round"):
        interval([[0.1], []], seed=1)


def test_stopping_asks_for_more_than_the_status() -> None:
    """A claim just over the bar is not clear yet; a wide margin or a tight interval is."""
    assert not is_clear(Interval(ratio=1.1, low=1.0101, high=1.2), threshold=1.01, floor=0.0)
    assert is_clear(Interval(ratio=3.0, low=2.8, high=3.2), threshold=1.01, floor=0.0)
    assert is_clear(Interval(ratio=0.5, low=0.45, high=0.55), threshold=1.01, floor=0.0)
    assert is_clear(Interval(ratio=1.0, low=0.995, high=1.005), threshold=1.01, floor=0.0)
    assert not is_clear(Interval(ratio=1.0, low=0.98, high=1.02), threshold=1.01, floor=0.0)


@given(st.lists(st.floats(min_value=-2, max_value=2), min_size=1, max_size=30))
def test_midmean_lies_within_the_values(values: list[float]) -> None:
    """The middle half's mean is never outside the range of the values."""
    assert min(values) - 1e-12 <= midmean(values) <= max(values) + 1e-12


@given(
    st.lists(st.floats(min_value=1e3, max_value=1e9), min_size=1, max_size=10),
    st.floats(min_value=0.1, max_value=10),
)
def test_log_ratio_of_scaled_samples_is_the_scale(base: list[float], scale: float) -> None:
    """Base over candidate: a candidate that takes half the time has ratio two."""
    found = log_ratios(base, [value / scale for value in base])
    assert found == pytest.approx([math.log(scale)] * len(base), abs=1e-9)
