"""Every run-time row of HACKS.md, sections C and D, that Python can express: a cheat beside its honest twin."""

import pytest
from cheat_kit import PAIRS, Pair
from timing_kit import Bench

from judge.bench import Changed, Crashed, Measured, compare

pytestmark = pytest.mark.timing


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.row} {pair.name}")
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
