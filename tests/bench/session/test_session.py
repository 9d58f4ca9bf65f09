import dataclasses
import json

import pytest
from timing_kit import FAST, SLOW, Bench

from judge.bench import Changed, Crashed, Measured, NotMeasured, Ran, Same, Unknown, compare

STRONG: dict[str, object] = {"forks": 3, "min_rounds": 8, "max_rounds": 12, "sample_s": 0.003}


@pytest.mark.timing
def test_a_faster_tree_is_improved_and_its_copy_is_not(bench: Bench) -> None:
    """Three times less work is improved with the same outputs; an identical tree is not."""
    session = bench({"base": SLOW, "human": SLOW, "candidate": FAST}, **STRONG)
    comparison, twin = compare(session), compare(session, candidate="human")
    assert isinstance(comparison, Measured), comparison
    assert comparison.status == "improved", comparison
    assert comparison.ci[0] <= comparison.speedup <= comparison.ci[1]
    assert isinstance(twin, Measured)
    assert twin.status != "improved", twin
    assert session.outputs == {"human": Same(how="equal"), "candidate": Same(how="equal")}


@pytest.mark.timing
def test_a_slower_tree_is_regressed(bench: Bench) -> None:
    """The mirror image of an improvement."""
    comparison = compare(bench({"base": FAST, "candidate": SLOW}, **STRONG))
    assert comparison.status == "regressed", comparison


@pytest.mark.one_look
def test_session_is_a_record_of_plain_values(bench: Bench) -> None:
    """Raw samples, outputs and machine survive JSON, without NaN."""
    session = bench({"base": SLOW, "candidate": FAST})
    record = json.loads(json.dumps(session.record(), allow_nan=False))
    assert record["variants"]["base"]["status"] == "ran"
    assert record["variants"]["base (A/A)"]["forks"][0]["ns_per_call"]
    assert record["machine"]["python"].startswith("cpython")
    assert record["costs"]["candidate"]["import_s"] > 0


@pytest.mark.one_look
def test_a_wrong_result_is_changed(bench: Bench) -> None:
    """Faster with another result: the place and both values are named."""
    session = bench({"base": SLOW, "candidate": FAST.replace("return total", "return total + 1")})
    outcome = session.outputs["candidate"]
    assert isinstance(outcome, Changed)
    assert "was" in outcome.message


@pytest.mark.one_look
def test_a_result_wrong_only_on_the_timed_input_is_changed(bench: Bench) -> None:
    """A stale result after many calls is seen, because the timed input is compared too."""
    stale = (
        FAST
        + """
calls = 0
exact = work
def work(numbers):
    global calls
    calls += 1
    return exact(numbers) if calls < 3 else 0
"""
    )
    outcome = bench({"base": SLOW, "candidate": stale}).outputs["candidate"]
    assert isinstance(outcome, Changed)
    assert "timed input" in outcome.message


@pytest.mark.one_look
def test_a_base_that_differs_from_itself_excuses_a_difference(bench: Bench) -> None:
    """Where two runs of the base disagree, nobody can say that the candidate changed it."""
    random_result = "import os\ndef work(numbers):\n    return os.urandom(8)\n"
    session = bench({"base": random_result, "candidate": random_result})
    assert isinstance(session.outputs["candidate"], Unknown)
    assert any("two runs of the base" in note for note in session.notes)


@pytest.mark.one_look
def test_mutating_experiments_get_fresh_data(bench: Bench) -> None:
    """Sorting in place is timed on unsorted data each time, for every variant."""
    in_place = "def work(numbers):\n    numbers.sort()\n    return numbers[0]\n"
    copying = "def work(numbers):\n    return sorted(numbers)[0]\n"
    session = bench({"base": copying, "candidate": in_place})
    candidate, base = session.variants["candidate"], session.variants["base"]
    assert isinstance(candidate, Ran)
    assert isinstance(base, Ran)
    assert (candidate.mutates_input, base.mutates_input) == (True, False)
    assert any("fresh data" in note and "candidate" in note for note in session.notes)
    assert session.outputs["candidate"] == Same(how="equal")


@pytest.mark.one_look
def test_input_changed_by_later_calls_only_is_a_change(bench: Bench) -> None:
    """A candidate that spares its input in the first call and spoils it later is found."""
    later = """
calls = 0
def work(numbers):
    global calls
    calls += 1
    if calls == 5:
        numbers.append(0)
    return 1
"""
    base = "def work(numbers):\n    return 1\n"
    outcome = bench({"base": base, "candidate": later}).outputs["candidate"]
    assert isinstance(outcome, Changed)
    assert outcome.where == "input"


@pytest.mark.one_look
def test_workload_without_data(bench: Bench) -> None:
    """setup() + workload() is timed as well."""
    text = "from library import work\ndef setup(): ...\ndef workload(): return work(range(200))\n"
    session = bench({"base": SLOW, "candidate": FAST}, benchmark=text)
    assert isinstance(compare(session), Measured)


@pytest.mark.timing
def test_too_few_rounds_give_no_numbers(bench: Bench) -> None:
    """A budget that is too small is broken with kind budget: no interval from two rounds."""
    slow = "import time\ndef work(numbers):\n    time.sleep(0.3)\n"
    comparison = compare(
        bench({"base": slow, "candidate": slow}, budget_s=2.0, but_for=("base", "base (A/A)", "candidate"))
    )
    assert isinstance(comparison, NotMeasured)
    assert (comparison.side, comparison.kind) == ("base", "budget")


@pytest.mark.one_look
def test_broken_base_says_so_for_every_comparison(bench: Bench) -> None:
    """Without a base, or without its A/A partner, no candidate has a number."""
    session = bench({"base": SLOW, "candidate": FAST})
    crash = Crashed(phase="load", kind="raised", message="x")
    for name in ("base", session.aa_partner):
        broken = dataclasses.replace(session, variants={**session.variants, name: crash})
        comparison = compare(broken)
        assert isinstance(comparison, NotMeasured)
        assert comparison.side == "base"


@pytest.mark.one_look
def test_a_src_layout_is_found(bench: Bench) -> None:
    """import_paths given by the caller are used; a path that is not there is an error."""
    from judge.bench import OptionsError

    with pytest.raises(OptionsError, match="'lib' is not a folder"):
        bench({"base": SLOW}, import_paths=("lib",))


@pytest.mark.timing
def test_variants_that_are_near_are_timed_in_samples_of_one_shape(bench: Bench) -> None:
    """As many parts of as many calls for each: two calls in a row are faster than one and one, by a percent or more."""
    session = bench({"base": SLOW, "candidate": FAST})
    ran = [variant for variant in session.variants.values() if isinstance(variant, Ran)]
    assert len(ran) == 3
    shapes = {(fork.loops, len(parts)) for variant in ran for fork in variant.forks for parts in fork.ns_per_call}
    assert len(shapes) == 1


@pytest.mark.one_look
def test_a_far_slower_variant_does_not_repeat_its_calls_as_often(bench: Bench) -> None:
    """A candidate that takes hundreds of times as long is called less often in each sample."""
    slower = "def work(numbers):\n    return sum(numbers) and 1\n"
    session = bench({"base": "def work(numbers):\n    return 1\n", "candidate": slower})
    base, candidate = session.variants["base"], session.variants["candidate"]
    assert isinstance(base, Ran)
    assert isinstance(candidate, Ran)
    assert base.forks[0].loops > 10 * candidate.forks[0].loops
    assert len(base.forks[0].ns_per_call[0]) == len(candidate.forks[0].ns_per_call[0])
