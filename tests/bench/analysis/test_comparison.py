"""What is concluded from the numbers of one session; the sessions are made up."""

from dataclasses import replace
from typing import Any

import pytest
from session_kit import ran, session

from judge.bench import (
    Costs,
    Coverage,
    Crashed,
    Fork,
    Measured,
    NotMeasured,
    OptionsError,
    Ran,
    SessionResult,
    compare,
    recovered,
)
from judge.bench.analysis.comparison import paired_rounds, totals_estimate

SLOWER, FASTER, ALIKE = ran(ns=60_000), ran(ns=40_000), ran(ns=50_000)
CRASHED = Crashed(phase="experiment", kind="raised", message="NameError: x")
MISSING = Crashed(phase="load", kind="environment", message="No module named 'x'", module="x")
OUT_OF_TIME = Crashed(phase="sample", kind="budget", message="no time was left")


def measured(result: SessionResult, **names: str) -> Measured:
    """A comparison that must have numbers."""
    comparison = compare(result, **names)
    assert isinstance(comparison, Measured), comparison
    return comparison


def uneven(*, ns: float, tilts: tuple[float, ...]) -> Ran:
    """A variant whose forks differ by these factors."""
    even = ran(ns=ns, forks=len(tilts))
    forks = (
        replace(fork, ns_per_call=tuple(tuple(t * tilt for t in parts) for parts in fork.ns_per_call))
        for fork, tilt in zip(even.forks, tilts, strict=True)
    )
    return replace(even, forks=tuple(forks))


@pytest.mark.parametrize(
    ("candidate", "status", "said"),
    [
        (FASTER, "improved", "all above the bar of"),
        (SLOWER, "regressed", "all below"),
        (ALIKE, "neutral", "no difference that matters"),
        (uneven(ns=49_000, tilts=(0.97, 1.03, 0.98, 1.02)), "inconclusive", "neither clears the bar"),
    ],
)
def test_each_status_has_its_words(candidate: Ran, status: str, said: str) -> None:
    """The ratio, its interval and what they mean; the medians are milliseconds."""
    comparison = measured(session(candidate))
    assert comparison.status == status
    assert comparison.baseline_ms == pytest.approx(0.05, rel=0.01)
    assert f"{comparison.speedup:.3f}x, 95 % interval" in comparison.reason
    assert said in comparison.reason
    assert (comparison.p_value < 0.025) is (status == "improved")


def test_a_variant_that_is_not_there_is_a_mistake_of_the_caller() -> None:
    """The message names it and those that there are."""
    for names in ({"candidate": "absent"}, {"base": "absent"}):
        with pytest.raises(OptionsError, match=r"no variant 'absent': it has base, base \(A/A\), candidate"):
            compare(session(ALIKE), **names)


@pytest.mark.parametrize(
    ("broken", "side", "kind", "reason"),
    [
        ({"candidate": CRASHED}, "candidate", "raised", "candidate: raised in experiment: NameError: x"),
        ({"candidate": MISSING}, "candidate", "environment", "candidate: environment (module x) in load: No module"),
        ({"base": CRASHED}, "base", "raised", "base: raised in experiment"),
        ({"base (A/A)": CRASHED}, "base", "raised", "base (A/A): raised in experiment"),
        ({"base": CRASHED, "candidate": MISSING}, "base", "raised", "base: raised"),
        ({"base": OUT_OF_TIME, "candidate": CRASHED}, "candidate", "raised", "candidate: raised"),
        ({"base": OUT_OF_TIME, "candidate": OUT_OF_TIME}, "base", "budget", "base: budget in sample"),
        ({"base": OUT_OF_TIME}, "base", "budget", "base: budget in sample"),
    ],
)
def test_a_crash_is_laid_at_the_side_that_broke(broken: dict[str, Any], side: str, kind: str, reason: str) -> None:
    """The base's fault is never the candidate's, unless the candidate took the time that the base lacked."""
    whole = session(ALIKE)
    comparison = compare(replace(whole, variants={**whole.variants, **broken}))
    assert isinstance(comparison, NotMeasured), comparison
    assert (comparison.side, comparison.kind) == (side, kind)
    assert comparison.reason.startswith(reason)


@pytest.mark.parametrize("few", [ran(ns=40_000, forks=1), ran(ns=40_000, rounds=1, forks=2)])
def test_too_few_rounds_make_no_statement(few: Ran) -> None:
    """One process or a handful of rounds say nothing, and the reason says what to do."""
    comparison = compare(session(few))
    assert isinstance(comparison, NotMeasured)
    assert (comparison.side, comparison.kind, comparison.phase) == ("base", "budget", "sample")
    assert "give more time or a smaller experiment" in comparison.reason


def test_inconclusive_names_the_samples_it_would_take() -> None:
    """An interval that is too wide says how many rounds and processes would tell, or that none would."""
    comparison = measured(session(uneven(ns=49_000, tilts=(0.97, 1.03, 0.98, 1.02))))
    assert comparison.status == "inconclusive"
    assert "rounds in" in comparison.needed and comparison.needed.endswith("would tell")
    assert comparison.reason.endswith(comparison.needed)
    hopeless = measured(session(uneven(ns=49_500, tilts=(0.5, 2.0, 0.6, 1.7))))
    assert hopeless.needed == "no number of samples that is worth taking would tell"


def test_added_lines_that_do_not_run_take_no_credit() -> None:
    """The status says so, and the reason keeps what was timed; unknown coverage changes nothing."""
    unseen = Coverage(executable=4, ran=0, timed=0)
    comparison = measured(replace(session(FASTER), coverage={"candidate": unseen}))
    assert comparison.status == "not_triggered"
    assert comparison.reason.startswith("the benchmark runs none of the 4 added lines that hold code; timed: 1.2")
    seen = measured(replace(session(FASTER), coverage={"candidate": replace(unseen, ran=1)}))
    assert seen.status == "improved"


def test_work_put_off_to_a_few_calls_is_no_improvement() -> None:
    """Seven of eight parts are twice as fast and the eighth pays for all: nothing was gained."""
    even, uneven = compare(session(ran(ns=25_000))), compare(session(ran(ns=25_000, rare=10.0)))
    assert even.status == "improved"
    assert uneven.status == "inconclusive"
    assert "all calls together" in uneven.reason


def test_a_gain_on_repeated_input_only_is_none() -> None:
    """Single calls on changed input are as slow as the base's: results were kept, not made faster."""
    calls = {"base": (50_000.0,) * 5, "candidate": (50_100.0,) * 5}
    varied = {name: (one,) * 6 for name, one in calls.items()}
    comparison = measured(replace(session(FASTER), varied=varied))
    assert comparison.status == "inconclusive"
    assert "results are kept, not made faster" in comparison.reason
    honest = {"base": ((50_000.0,) * 5,) * 6, "candidate": ((40_100.0,) * 5,) * 6}
    assert measured(replace(session(FASTER), varied=honest)).status == "improved"
    too_short = {name: ((500.0,) * 5,) * 6 for name in calls}
    assert measured(replace(session(FASTER), varied=too_short)).status == "improved", "below what a clock tells"
    small = ran(ns=47_000)
    assert measured(replace(session(small), varied=varied)).status == "improved", "too small a gain for single calls"


def test_a_gain_that_the_set_up_pays_for_is_none() -> None:
    """What a call saves, every set-up takes more: the work has moved."""
    short, long = (Costs(import_s=0.1, setup_s=0.1, later_setups_s=(s,) * 6) for s in (0.001, 0.001011))
    costs = {"base": short, "base (A/A)": short, "candidate": long}
    comparison = measured(replace(session(FASTER), costs=costs))
    assert comparison.status == "inconclusive"
    assert "the work has moved there" in comparison.reason
    assert measured(replace(session(FASTER), costs=costs | {"candidate": short})).status == "improved"
    once = replace(long, later_setups_s=(0.002,))
    assert measured(replace(session(FASTER), costs=costs | {"candidate": once})).status == "improved", (
        "one tells nothing"
    )


def test_recovery_needs_a_gain_of_the_human() -> None:
    """A share of the human's gain has an interval; where the human side gains nothing it is void."""
    half = recovered(session(ran(ns=40_000), human=ran(ns=32_000)))
    assert half is not None
    assert half.low <= half.share <= half.high
    assert half.share == pytest.approx(0.5, abs=0.02)
    assert recovered(session(ran(ns=40_000), human=ran(ns=50_000))) is None


def test_a_candidate_without_numbers_recovers_nothing() -> None:
    """The human's gain alone is no share."""
    whole = session(FASTER, human=ran(ns=32_000))
    assert recovered(replace(whole, variants={**whole.variants, "candidate": CRASHED})) is None


def test_forks_without_rounds_are_left_out() -> None:
    """A process that was stopped before its first round pairs with nothing."""
    full = ran(ns=50_000, forks=3)
    empty = replace(full, forks=(Fork(ns_per_call=(), loops=1), *full.forks[1:]))
    left, right = paired_rounds(full, empty)
    assert (len(left), len(right)) == (2, 2)
    assert totals_estimate((full,), empty, seed=1).centre == pytest.approx(0.0)
