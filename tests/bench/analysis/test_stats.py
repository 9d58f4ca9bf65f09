import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.bench.analysis.stats import (
    ALPHA,
    Estimate,
    Interval,
    decide_status,
    estimate,
    forks_needed,
    level,
    log_ratios,
    midmean,
    noise_floor,
    p_value,
    q_values,
    recovery,
    spent,
    student_quantile,
    student_tail,
    typical,
    warmup,
)

# Log ratios of a base, in two copies, against another copy of it, as measured on a shared two-core
# machine with a load of 8: twelve forks of five rounds. QUIET are calm forks by the fastest parts,
# NOISY restless ones by the mean of all parts.
QUIET = [
    [-0.0031, -0.0088, 0.0123, 0.0011, -0.0082],
    [0.0016, -0.0143, 0.0147, -0.0199, 0.0035],
    [-0.0205, -0.017, 0.0059, 0.0079, -0.0238],
    [-0.0201, 0.0058, 0.0025, -0.0205, -0.016],
    [0.0108, -0.0164, -0.0143, -0.0014, 0.004],
    [0.0291, 0.014, -0.0874, 0.0144, 0.0166],
    [-0.0366, 0.0008, 0.0025, -0.0035, -0.0022],
    [-0.0237, 0.0082, -0.0075, -0.0005, -0.0049],
    [-0.0083, 0.0026, -0.016, -0.0001, -0.0162],
    [-0.0176, -0.0079, 0.0211, 0.0107, 0.037],
    [0.0045, 0.0065, -0.0014, 0.0199, -0.0046],
    [0.0135, 0.0098, 0.019, 0.0354, 0.0035],
]
NOISY = [
    [-1.9719, 0.3282, -0.1857, 0.0735, -0.0327],
    [-0.1547, -0.3628, 0.1073, 0.0775, -0.6701],
    [0.8139, -0.1065, -0.666, -0.2778, 0.4088],
    [-0.6565, -0.0577, -0.3966, 0.5653, 0.1392],
    [1.0702, 0.4188, 1.1214, 1.0264, -0.2672],
    [0.0483, 0.1266, -0.455, -0.1955, -0.4404],
    [-0.0315, 0.1946, 0.3018, 0.1266, 0.2017],
    [-0.8926, 0.8391, -0.1021, 0.2858, -0.2641],
    [1.2401, -0.2991, 0.6302, 1.0028, 0.764],
    [0.7465, -0.7341, 0.2763, 0.7986, -1.184],
    [1.3928, 1.534, 1.2374, 0.5804, 1.053],
    [-0.5941, 0.9311, 1.137, 1.0988, 1.3217],
]
LOOKS = (6, 12, 18)


def shifted(groups: list[list[float]], by: float) -> list[list[float]]:
    return [[value + by for value in group] for group in groups]


@pytest.mark.parametrize(
    ("recorded", "speedup", "expected"),
    [
        (QUIET, 3.0, "improved"),
        (QUIET, 1.05, "improved"),
        (QUIET, 1.0, "neutral"),
        (QUIET, 0.9, "regressed"),
        (NOISY, 3.0, "improved"),
        (NOISY, 1.02, "inconclusive"),
        (NOISY, 1.0, "inconclusive"),
        (NOISY, 0.2, "regressed"),
    ],
)
def test_status_of_recorded_samples(recorded: list[list[float]], speedup: float, expected: str) -> None:
    """A known speed-up over recorded noise is claimed only where it stands out of that noise."""
    floor = noise_floor(estimate(recorded, seed=1))
    interval = estimate(shifted(recorded, math.log(speedup)), seed=1).interval()
    assert decide_status(interval, threshold=1.01, floor=floor) == expected


def test_floor_raises_the_bar() -> None:
    """A gain smaller than what the base shows against itself is no claim."""
    gain = Interval(ratio=1.05, low=1.04, high=1.06)
    assert decide_status(gain, threshold=1.01, floor=0.004) == "improved"
    assert decide_status(gain, threshold=1.01, floor=0.08) == "inconclusive"


def test_neutral_rules_a_difference_out() -> None:
    """Neutral says that there is no change of 2 %; an interval that allows one is inconclusive."""
    assert decide_status(Interval(ratio=1.0, low=0.985, high=1.015), threshold=1.01, floor=0.0) == "neutral"
    assert decide_status(Interval(ratio=1.0, low=0.975, high=1.025), threshold=1.01, floor=0.0) == "inconclusive"
    assert decide_status(Interval(ratio=1.015, low=1.005, high=1.019), threshold=1.01, floor=0.0) == "inconclusive"


def test_estimate_is_repeatable_and_its_interval_contains_it() -> None:
    """The same samples and seed give the same estimate, inside its interval."""
    estimated = estimate(NOISY, seed=5)
    assert estimated == estimate(NOISY, seed=5)
    assert estimated.interval().low < estimated.interval().ratio < estimated.interval().high


def test_disagreeing_forks_widen_the_interval() -> None:
    """Processes that differ from each other count, however tight each of them is."""
    together = estimate(QUIET, seed=1).interval()
    apart = estimate([*QUIET[:6], *shifted(QUIET[6:], 0.2)], seed=1).interval()
    assert apart.half_width > 4 * together.half_width


def test_more_rounds_of_the_same_forks_are_not_more_forks() -> None:
    """Repeating each fork's rounds a hundred times makes nothing more certain: the level that varies is the fork."""
    once, often = estimate(QUIET, seed=1), estimate([group * 100 for group in QUIET], seed=1)
    assert often.error > 0.7 * once.error


def test_one_preempted_sample_or_odd_fork_does_not_move_the_ratio() -> None:
    """The middle ignores a sample twice as long as its neighbours, and one fork in six at either end."""
    before = estimate(QUIET, seed=1).centre
    preempted = [[*QUIET[0][:-1], -0.7], *QUIET[1:]]
    odd = [[0.3] * 5, *QUIET[1:]]
    assert estimate(preempted, seed=1).centre == pytest.approx(before, abs=0.003)
    assert estimate(odd, seed=1).centre == pytest.approx(before, abs=0.003)


def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Over many sessions of normal forks, 95 % intervals hold the truth about 95 times in 100."""
    rng = random.Random(3)
    held = 0
    for _ in range(400):
        forks = [[rng.gauss(0.02, 0.01)] * 5 for _ in range(12)]
        interval = estimate(forks, seed=1).interval()
        held += interval.low <= math.exp(0.02) <= interval.high
    assert 0.92 <= held / 400 <= 0.985


def test_looking_early_is_paid_for() -> None:
    """With nothing to find, few sessions that look three times ever see an interval without 1 in it."""
    rng = random.Random(4)
    naive = honest = 0
    for _ in range(400):
        forks = [[rng.gauss(0, 0.01)] * 5 for _ in range(LOOKS[-1])]
        seen = [(look, estimate(forks[:look], seed=1)) for look in LOOKS]
        naive += any(not e.interval().low <= 1 <= e.interval().high for _, e in seen)
        spans = [e.interval(level(look, LOOKS)) for look, e in seen]
        honest += any(not span.low <= 1 <= span.high for span in spans)
    assert honest / 400 <= ALPHA + 0.02
    assert naive > honest


def test_alpha_is_spent_late_and_whole() -> None:
    """The looks' levels grow and sum to alpha; a session cut short by time has all that is left."""
    levels = [level(look, LOOKS) for look in LOOKS]
    assert levels == sorted(levels)
    assert levels[0] == pytest.approx(ALPHA / 27), "a third of the forks may spend a 27th"
    assert sum(levels) == pytest.approx(ALPHA)
    assert level(9, LOOKS) == pytest.approx(ALPHA - spent(6 / 18))
    assert level(5, ()) == ALPHA
    assert spent(1.0) == pytest.approx(ALPHA)


def test_p_value_agrees_with_the_interval() -> None:
    """p is at most alpha / 2 exactly where the interval of that look clears the bar."""
    for centre in (0.0, 0.012, 0.02, 0.025, 0.03, 0.05, 0.3):
        for forks in (6, 9, 12, 18):
            ratio = Estimate(centre=centre, error=0.006, freedom=7)
            clears = ratio.interval(level(forks, LOOKS)).low > 1.01
            assert (p_value(ratio, bar=1.01, forks=forks, looks=LOOKS) <= ALPHA / 2) == clears
    overwhelming = Estimate(centre=2.0, error=1e-4, freedom=15)
    assert 0 <= p_value(overwhelming, bar=1.01, forks=18, looks=LOOKS) < 1e-12
    exact = Estimate(centre=0.1, error=0.0, freedom=7)
    assert p_value(exact, bar=1.01, forks=6, looks=LOOKS) == 0.0


def test_false_discoveries_of_a_batch() -> None:
    """The published example: 15 p-values, of which Benjamini and Hochberg keep four at 5 %."""
    published = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
        0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
    ]  # fmt: skip
    rates = q_values(published[::-1])[::-1]
    assert sum(value <= 0.05 for value in rates) == 4
    assert rates[3] == pytest.approx(0.0095 * 15 / 4)
    assert rates == sorted(rates)
    assert q_values([]) == []


@pytest.mark.parametrize(
    ("probability", "freedom", "value"),
    [(0.025, 1, 12.706), (0.025, 2, 4.303), (0.025, 5, 2.571), (0.005, 7, 3.499), (0.025, 30, 2.042)],
)
def test_student_quantiles_are_the_printed_ones(probability: float, freedom: int, value: float) -> None:
    """The quantiles are those of the tables, and the tail is their inverse."""
    assert student_quantile(probability, freedom) == pytest.approx(value, abs=5e-4)
    assert student_tail(student_quantile(probability, freedom), freedom) == pytest.approx(probability)
    assert student_tail(-1.0, freedom) + student_tail(1.0, freedom) == pytest.approx(1.0)


def test_noise_floor_looks_both_ways() -> None:
    """The floor is what the base shows against itself, in whichever direction."""
    for centre in (0.1, -0.1):
        assert noise_floor(Estimate(centre=centre, error=0.0, freedom=1)) == pytest.approx(math.exp(0.1) - 1)


def test_empty_samples_are_refused() -> None:
    """No rounds give no interval: never a number that means nothing."""
    for groups, message in (([], "at least one round"), ([[0.1], []], "at least one round"), ([[0.1]], "2 forks")):
        with pytest.raises(ValueError, match=message):
            estimate(groups, seed=1)


def test_forks_needed_follow_the_square_of_the_width() -> None:
    """Half the room needs four times the forks; no room has no answer."""
    wide = Interval(ratio=1.05, low=1.05 / 1.08, high=1.05 * 1.08)
    few = forks_needed(wide, 10, threshold=1.01, floor=0.0)
    assert few == pytest.approx(10 * (math.log(1.08) / (math.log(1.05) - math.log(1.01))) ** 2, abs=1)
    raised = forks_needed(wide, 10, threshold=1.03, floor=0.0)
    assert few is not None
    assert raised is not None
    assert raised > 3 * few
    on_the_bar = Interval(ratio=1.02, low=1.0, high=1.04)
    assert forks_needed(on_the_bar, 10, threshold=1.02, floor=0.0) is None


def test_typical_time_is_that_of_the_undisturbed_parts() -> None:
    """Parts that something else on the core made longer do not count; half of them may be such."""
    assert typical([10.0, 30.0, 10.2, 55.0]) == pytest.approx(10.1)
    assert typical([7.0]) == 7.0


def test_warm_up_is_found_and_noise_is_not() -> None:
    """Leading rounds beyond what the second half ever was are warm-up; an equal spread is not."""
    assert warmup([30.0, 20.0, 10.1, 10.0, 10.2, 10.1]) == 2
    assert warmup([10.1, 10.0, 10.2, 10.1, 10.0, 10.2]) == 0
    assert warmup([10.1, 30.0, 10.2, 10.1, 10.0, 10.2]) == 0
    assert warmup([60.0, 50.0, 40.0, 10.1, 10.0, 10.2]) == 3
    assert warmup([10.0]) == 0


def test_recovery_is_a_share_with_bounds() -> None:
    """Half the log gain is a half; rounds measured together cancel what the forks have in common."""
    common = [0.01 * (n % 3) for n in range(12)]
    human = [[0.2 + c, 0.2 + c] for c in common]
    half = [[(0.2 + c) / 2, (0.2 + c) / 2 + 0.001] for c in common]
    share = recovery(half, human)
    assert share is not None
    assert share.low <= share.share <= share.high
    assert share.share == pytest.approx(0.5, abs=0.01)
    assert share.high - share.low < 0.02


def test_recovery_of_nothing_has_no_bounds() -> None:
    """Where the human's gain is not away from nothing, there is no share."""
    rng = random.Random(1)
    nothing = [[rng.gauss(0, 0.01)] for _ in range(8)]
    assert recovery(nothing, [[rng.gauss(0, 0.01)] for _ in range(8)]) is None
    assert recovery(nothing[:1], nothing[:1]) is None


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
    ratios = log_ratios(base, [value / scale for value in base])
    assert ratios == pytest.approx([math.log(scale)] * len(base), abs=1e-9)
