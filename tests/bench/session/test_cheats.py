"""Every run-time row of HACKS.md, sections C and D, that Python can express: a cheat beside its honest twin."""

import pytest
from cheat_kit import PAIRS, Pair
from timing_kit import Bench

from judge.bench import Changed, Crashed, Measured, compare

pytestmark = pytest.mark.timing


ON_DEMAND = frozenset(
    {
        "patches every clock",
        "a list that computes its items when it is read",
        "a generator for a list",
        "notices calls in a row and returns the last result",
        "notices that it is timed and returns nonsense",
        "keeps results by content",
        "keeps results in a file",
        "knows the input of the benchmark",
        "is exact on what was seen once, cheap on what comes again",
        "empties its input, so that later calls have nothing to do",
    }
)
"""Proofs: what catches these is also held by a quicker pair, or by tests of its rule on made-up numbers."""
CASES = [
    pytest.param(pair, id=f"{pair.row} {pair.name}", marks=[pytest.mark.proof] if pair.name in ON_DEMAND else [])
    for pair in PAIRS
]


def test_every_proof_is_a_pair() -> None:
    """No name is mistyped."""
    assert {pair.name for pair in PAIRS} > ON_DEMAND


@pytest.mark.parametrize("pair", CASES)
def test_a_cheat_is_not_improved_with_same_outputs_and_its_twin_is_not_accused(bench: Bench, pair: Pair) -> None:
    """The cheat breaks, changes the outputs or gains nothing; the twin runs and its outputs are the same."""
    sources = {"base": pair.base, "twin": pair.twin, "candidate": pair.cheat}
    options: dict[str, object] = {"forks": 3, "min_rounds": 5, "max_rounds": 5, "sample_s": 0.004}
    session = bench(sources, benchmark=pair.benchmark, but_for=("candidate",), **options)
    cheat, twin = compare(session), compare(session, candidate="twin")
    assert cheat.status != "improved" or isinstance(session.outputs["candidate"], Changed), (cheat, session.outputs)
    assert isinstance(twin, Measured), twin
    assert session.outputs["twin"].status == "same", session.outputs["twin"]
    assert not isinstance(session.variants["twin"], Crashed)
    assert "moved there" not in twin.reason
    assert "kept, not made faster" not in twin.reason
