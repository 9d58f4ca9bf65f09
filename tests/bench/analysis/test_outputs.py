import base64
import collections
import dataclasses
import enum
import json
import math
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.bench import Changed, Same, Unknown
from judge.bench.analysis.outputs import combine_outcomes, compare_outputs
from judge.bench.inside.encoding import encode

LIMIT = 1024 * 1024


def tree(value: object, limit: int = LIMIT) -> object:
    return json.loads(encode(value, limit))


def compared(base: object, other: object) -> object:
    return compare_outputs(tree(base), tree(other))


@dataclasses.dataclass
class Point:
    x: float
    name: str = "p"


class Slotted:
    __slots__ = ("__hidden", "a")

    def __init__(self, a: int, hidden: int) -> None:
        self.a = a
        self.__hidden = hidden


class Liar(int):
    """Claims to equal everything."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


Pair = collections.namedtuple("Pair", "left right")


@pytest.mark.parametrize(
    ("base", "other", "where"),
    [
        (1, 2, "result"),
        (1, True, "result"),
        (1, 1.0, "result"),
        (None, 0, "result"),
        ([1, 2], (1, 2), "result"),
        ([1, 2], [1, 2, 3], "result"),
        ([1, [2, 3]], [1, [2, 4]], "[1][1]"),
        ({"a": 1}, {"a": 2}, "['a']"),
        ({"a": 1}, {"b": 1}, "result"),
        ({1, 2}, {1, 3}, "result"),
        ("a", "b", "result"),
        (b"a", b"b", "result"),
        (b"a", bytearray(b"a"), "result"),
        (1.0, 1.0001, "result"),
        (math.nan, 0.0, "result"),
        (math.inf, -math.inf, "result"),
        (1 + 2j, 1 + 3j, ".imag"),
        (Point(1.0), Point(2.0), ".x"),
        ([Point(1.0)], [Point(2.0)], "[0].x"),
        (Slotted(1, 2), Slotted(1, 3), "._Slotted__hidden"),
        (Colour.RED, Colour.BLUE, "result"),
        (Pair(1, 2), Pair(1, 3), "[1]"),
        (Pair(1, 2), (1, 2), "result"),
        (Liar(3), Liar(4), "result"),
        (range(3), range(4), "result"),
        (ValueError("a"), ValueError("b"), "[0]"),
        (collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1), "result"),
        (collections.deque([1]), collections.deque([2]), "[0]"),
        (iter([1, 2]), iter([1, 3]), "[1]"),
        ([1, 2], iter([1, 2]), "result"),
        (2**200, 2**200 + 1, "result"),
        (int, float, "result"),
    ],
)
def test_changes_are_found_and_placed(base: object, other: object, where: str) -> None:
    """Every difference in value, type, order or length is a change, with its path."""
    outcome = compared(base, other)
    assert isinstance(outcome, Changed)
    assert outcome.where == where


@pytest.mark.parametrize(
    "make",
    [
        lambda: [1, "a", None, True, b"x", 1.5, 2j, math.nan, math.inf],
        lambda: {"b": [1], "a": {1, 2, 3}, 3: (4,)},
        lambda: Point(0.1),
        lambda: Slotted(1, 2),
        lambda: Pair(Colour.RED, Liar(3)),
        lambda: (n for n in range(5)),
        lambda: collections.Counter("abca"),
        lambda: "\udc80 lone surrogate",
        lambda: -(2**200),
    ],
)
def test_equal_values_are_the_same(make: Callable[[], object]) -> None:
    """Equal results built twice compare as equal, NaN at the same place included."""
    assert compared(make(), make()) == Same(how="equal")


def test_dict_order_does_not_count_and_moved_classes_do_not() -> None:
    """A dict is a mapping, and a class that moved to another module is still that class."""
    assert compared({"a": 1, "b": 2}, {"b": 2, "a": 1}) == Same(how="equal")
    moved = type("Point", (), {"__module__": "elsewhere"})()
    still = type("Point", (), {"__module__": "here"})()
    assert compared(still, moved) == Same(how="equal")


def test_float_rounding_is_tolerated_and_near_zero_is_unknown() -> None:
    """Relative 1e-9 passes; near zero, where that says nothing, the answer is unknown."""
    assert compared(0.1 + 0.2, 0.3) == Same(how="tolerance")
    assert isinstance(compared(0.0, 1e-17), Unknown)
    assert isinstance(compared({0.3}, {0.1 + 0.2}), Unknown)


def test_cycles_and_deep_values_end() -> None:
    """A value that contains itself is compared; one too deep is not taken for the same."""
    loop: list[Any] = [1]
    loop.append(loop)
    assert compared(loop, loop) == Same(how="equal")
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    # How deep pickle gets depends on the interpreter; a value equal to itself is never found changed.
    assert compared(deep, deep) == Same(how="hash") or isinstance(compared(deep, deep), Unknown)


def test_large_results_are_digested() -> None:
    """Past the limit only digests are kept: equal is the same, floats that differ are unknown."""
    numbers, floats = list(range(1000)), [n / 7 for n in range(1000)]
    small = 100

    def outcome(base: object, other: object) -> object:
        return compare_outputs(tree(base, small), tree(other, small))

    assert outcome(numbers, list(numbers)) == Same(how="digest")
    assert isinstance(outcome(numbers, [*numbers[:-1], 5]), Changed)
    assert isinstance(outcome(floats, [*floats[:-1], 5.0]), Unknown)


def test_opaque_values_are_hashed_or_unknown() -> None:
    """What has no visible state is the same by its pickle, or unknown; never changed by it."""
    opaque = ["opaque", "pkg.Handle", "aa"]
    assert compare_outputs(opaque, list(opaque)) == Same(how="hash")
    assert isinstance(compare_outputs(opaque, ["opaque", "pkg.Handle", "bb"]), Unknown)
    assert isinstance(compare_outputs(["opaque", "pkg.H"], ["opaque", "pkg.H"]), Unknown)
    assert isinstance(compare_outputs(opaque, ["opaque", "pkg.Other", "aa"]), Changed)
    assert isinstance(compared(object(), object()), Same)


def array(dtype: str, code: str, values: list[float], shape: list[int] | None = None) -> object:
    raw = b"".join(struct.pack("<" + code, value) for value in values)
    text = base64.b64encode(raw).decode()
    return ["array", "numpy.ndarray", dtype, shape or [len(values)], text]


@pytest.mark.parametrize(
    ("dtype", "code", "other", "expected"),
    [
        ("float64", "d", 1.0 + 1e-8, "same"),
        ("float64", "d", 1.0 + 1e-5, "changed"),
        ("float32", "f", 1.0 + 1e-6, "same"),
        ("float32", "f", 1.0 + 1e-4, "changed"),
        ("float16", "e", 1.0 + 1e-3, "same"),
        ("float16", "e", 1.01, "changed"),
        ("float64", "d", math.nan, "changed"),
        ("float64", "d", math.inf, "changed"),
        ("float8_e4m3fn", "B", 2, "unknown"),
        ("int64", "q", 2, "changed"),
    ],
)
def test_arrays_use_the_tolerance_of_their_dtype(dtype: str, code: str, other: float, expected: str) -> None:
    """Tolerances are those of torch.testing.assert_close; unknown dtypes have none."""
    unit: float = 1 if code in "Bq" else 1.0
    outcome = compare_outputs(array(dtype, code, [unit, unit]), array(dtype, code, [unit, other]))
    assert outcome.status == expected


def test_bfloat16_is_the_upper_half_of_float32() -> None:
    """bf16 bytes are widened before they are compared."""

    def bf16(*halves: int) -> object:
        raw = b"".join(struct.pack("<H", half) for half in halves)
        return ["array", "torch.Tensor", "bfloat16", [len(halves)], base64.b64encode(raw).decode()]

    assert compare_outputs(bf16(0x3F80), bf16(0x3F81)) == Same(how="tolerance")
    assert isinstance(compare_outputs(bf16(0x3F80), bf16(0x3F90)), Changed)


def test_arrays_compare_nan_shape_and_dtype_exactly() -> None:
    """NaN matches NaN only in place; another shape or dtype is a change."""
    nan = array("float64", "d", [math.nan, 1.0])
    assert compare_outputs(nan, array("float64", "d", [math.nan, 1.0 + 1e-9])).status == "same"
    assert compare_outputs(nan, array("float64", "d", [1.0, math.nan])).status == "changed"
    column, flat = array("float64", "d", [1, 2], [2, 1]), array("float64", "d", [1, 2], [2])
    assert compare_outputs(column, flat).status == "changed"
    assert compare_outputs(flat, array("float32", "f", [1, 2])).status == "changed"


def test_arrays_of_objects_are_compared_piece_by_piece() -> None:
    """Their pieces are nodes of their own, compared once dtype and shape agree."""
    first, second = (["objects", "numpy.ndarray", "object", [1], tree([value])] for value in ("a", "b"))
    assert compare_outputs(first, list(first)) == Same(how="equal")
    outcome = compare_outputs(first, second)
    assert isinstance(outcome, Changed)
    assert outcome.where == "[0]"
    assert compare_outputs(first, [*first[:3], [2], first[4]]).status == "changed"


def test_equal_bytes_are_equal_whatever_the_dtype() -> None:
    """Where no tolerance is known, the very same bytes are still the same."""
    assert compare_outputs(array("float8_e4m3fn", "B", [1, 2]), array("float8_e4m3fn", "B", [1, 2])).status == "same"


def test_arrays_that_are_not_what_they_say_are_unknown() -> None:
    """Fewer bytes than the shape asks for, or bytes that are no base64: nothing is known."""
    whole, short = array("int64", "q", [1, 2], [2]), array("int64", "q", [1], [2])
    assert isinstance(compare_outputs(whole, short), Unknown)
    broken = ["array", "numpy.ndarray", "int64", [1], "no base64"]
    assert isinstance(compare_outputs(broken, ["array", "numpy.ndarray", "int64", [1], "none either"]), Unknown)


def test_attributes_that_appear_or_vanish_are_a_change() -> None:
    """An object with another attribute is another object."""
    first, second = Point(1.0), Point(1.0)
    second.more = 3  # type: ignore[attr-defined]  # that is the point
    outcome = compared(first, second)
    assert isinstance(outcome, Changed)
    assert "attributes appeared or vanished: ['more']" in outcome.message


def test_what_cannot_be_read_is_unknown() -> None:
    """A part that raises when it is read is named, with its error."""
    unreadable = ["unreadable", "pkg.Handle", "RuntimeError: closed"]
    outcome = compare_outputs(unreadable, list(unreadable))
    assert isinstance(outcome, Unknown)
    assert outcome.reason == "result cannot be read: RuntimeError: closed"


@pytest.mark.parametrize(
    "malformed",
    [None, [], 3, ["seq"], ["seq", "builtins.list", 3], ["float", "x"], ["nothing", "a", []]],
)
def test_malformed_trees_are_unknown(malformed: object) -> None:
    """A result that a hostile worker made up is never the same."""
    assert isinstance(compare_outputs(malformed, malformed), Unknown)


def test_a_change_vetoes_then_doubt_does() -> None:
    """One changed comparison outweighs the same ones, and so does an unknown one."""
    same, unknown = Same(how="equal"), Unknown(reason="r")
    changed = Changed(where="[0]", message="m")
    assert combine_outcomes([same, unknown, changed]) == changed
    assert combine_outcomes([same, unknown]) == unknown
    assert combine_outcomes([same, Same(how="tolerance")]) == Same(how="tolerance")
    assert isinstance(combine_outcomes([]), Unknown)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.frozensets(st.integers(), max_size=3)
    ),
    max_leaves=12,
)


@given(values)
def test_any_plain_value_equals_itself(value: object) -> None:
    """Encoding loses nothing that would make a value differ from itself."""
    assert compared(value, value) == Same(how="equal")


@given(values, values)
def test_comparison_agrees_with_python_where_it_is_exact(left: object, right: object) -> None:
    """What encodes differently is never called equal, and comparing is symmetric in status."""
    outcome, back = compared(left, right), compared(right, left)
    assert type(outcome) is type(back)
    assert (encode(left, LIMIT) == encode(right, LIMIT)) == (outcome == Same(how="equal"))
