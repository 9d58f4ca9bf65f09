import base64
import struct
from dataclasses import replace

import pytest
from timing_kit import Bench

from judge.bench import Measured, SessionResult, compare, plausibility_flags
from judge.bench.analysis.precision import precision


def array(dtype: str, letter: str, values: list[float]) -> list[object]:
    raw = struct.pack(f"<{len(values)}{letter}", *values)
    return ["array", "torch.Tensor", dtype, [len(values)], base64.b64encode(raw).decode("ascii")]


TRUE = [1.0, 2.0, -3.0, 0.001]
EXACT = array("float64", "d", TRUE)
BASE = array("float32", "f", TRUE)


def off(by: float) -> list[object]:
    return array("float32", "f", [value * (1 + by) for value in TRUE])


def test_errors_are_held_against_float64() -> None:
    """Rounding as in the base is nothing; a thousand times as much is a loss of precision."""
    same, order, half = (precision(EXACT, BASE, off(by)) for by in (0.0, 1e-7, 5e-4))
    assert same
    assert order
    assert half
    assert (same.lost, order.lost, half.lost) == (False, False, True)
    assert half.error == pytest.approx(5e-4, rel=0.01)
    assert half.dtype == "float32"


def test_a_coarse_base_excuses() -> None:
    """Up to four times the base's own error is no loss."""
    errors = precision(EXACT, off(2e-4), off(6e-4))
    assert errors
    assert not errors.lost


def test_arrays_inside_other_results_count_together() -> None:
    """Nested results are walked in order; what is no array is passed over."""
    exact, base, other = (["seq", "builtins.list", [["int", "0x1"], part], []] for part in (EXACT, BASE, off(1e-3)))
    errors = precision(exact, base, other)
    assert errors
    assert errors.lost


@pytest.mark.parametrize(
    "exact",
    [None, BASE, ["float", "0x1p+0"], array("float64", "d", [1.0]), array("float64", "d", [0.0] * 4), ["array", 1]],
)
def test_no_reference_no_statement(exact: object) -> None:
    """A function that computes in float32 whatever it gets, another shape, zeros, or no arrays: nothing is said."""
    assert precision(exact, BASE, off(1e-3)) is None


def test_numbers_that_are_not_finite_are_left_out() -> None:
    """They are compared elsewhere."""
    broken = array("float32", "f", [1.0, float("nan"), float("inf"), 0.001])
    errors = precision(EXACT, BASE, broken)
    assert errors
    assert errors.error < 1e-7


def test_lost_precision_asks_for_a_look(bench: Bench) -> None:
    """It is flagged, and neither the status nor the outputs change by it."""
    session: SessionResult = bench({"base": WORK, "candidate": WORK})
    comparison = compare(session)
    assert isinstance(comparison, Measured)
    lost = precision(EXACT, BASE, off(5e-4))
    assert lost
    flags = plausibility_flags(replace(session, precision={"candidate": lost}), comparison)
    assert "less-precise" in [sign.code for sign in flags]
    assert "less-precise" not in [sign.code for sign in plausibility_flags(session, comparison)]


WORK = "def work(numbers):\n    return sum(number * number for number in numbers)\n"
