"""Owns the question whether two serialised results are the same; pure, no foreign code runs here.

A result is a tree of JSON lists, tagged by their first element (see `encoding.Encoder`).

Exact: integers, text, bytes, booleans, names, types, lengths, keys, dtypes, shapes. NaN equals
only NaN at the same place. Floats of arrays: the defaults of `torch.testing.assert_close`
(docs.pytorch.org/docs/stable/testing.html). Python floats: relative 1e-9, the default of
`math.isclose` (docs.python.org/3/library/math.html); a difference that fails it but is below
1e-12 near zero is unknown, for it may be rounding or may be all there is. A value that is known
only by its pickle or digest is the same when these agree and unknown when they do not: equal
values may pickle differently. A type that only moved to another module is the same type.
"""

import base64
import binascii
import json
import math
import struct
from collections.abc import Iterator, Sequence

from judge.bench.results import Changed, Outcome, Same, Unknown

Node = list[object]

# (rtol, atol) by dtype, from torch.testing.assert_close.
TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}
PYTHON_RTOL = 1e-9
NEAR_ZERO = 1e-12
_FORMATS = {
    "float16": "<e",
    "float32": "<f",
    "float64": "<d",
    "complex64": "<f",
    "complex128": "<d",
}
_LEAVES = frozenset({"none", "bool", "int", "str", "bytes", "enum", "text", "name", "ref"})
_UNSEEN = frozenset({"opaque", "unreadable", "digest"})


class _Difference(Exception):
    def __init__(self, where: str, message: str) -> None:
        self.outcome = Changed(where=where or "result", message=message)


class _Comparer:
    """Walks two trees together; the first difference ends it, doubts are collected."""

    def __init__(self) -> None:
        self.doubts: list[str] = []
        self.by_tolerance = False
        self.how: set[str] = set()

    def node(self, base: Node, other: Node, where: str) -> None:
        tag = base[0]
        if tag != other[0]:
            raise _Difference(where, f"was {_show(base)}, is {_show(other)}")
        if tag in _LEAVES:
            if base != other:
                raise _Difference(where, f"was {_show(base)}, is {_show(other)}")
        elif tag == "float":
            self.float(_hex(base[1]), _hex(other[1]), where)
        elif tag == "complex":
            self.float(_hex(base[1]), _hex(other[1]), where + ".real")
            self.float(_hex(base[2]), _hex(other[2]), where + ".imag")
        elif tag in _UNSEEN:
            self.unseen(base, other, where)
        elif tag == "iter":
            self.sequence(_nodes(base[1]), _nodes(other[1]), where)
        else:
            self.typed(str(tag), base, other, where)

    def typed(self, tag: str, base: Node, other: Node, where: str) -> None:
        """Compare nodes that carry a type name, contents, and a state at the end."""
        if not _same_type(str(base[1]), str(other[1])):
            raise _Difference(where, f"the type was {base[1]}, is {other[1]}")
        if tag in ("array", "objects"):
            self.array(base, other, where)
            return
        if tag == "seq":
            self.sequence(_nodes(base[2]), _nodes(other[2]), where)
        elif tag == "set":
            self.set(_nodes(base[2]), _nodes(other[2]), where)
        elif tag == "dict":
            ordered = str(base[1]).endswith("OrderedDict")
            self.mapping(_nodes(base[2]), _nodes(other[2]), where, ordered)
        elif tag in ("sub", "error"):
            self.node(_node(base[2]), _node(other[2]), where)
        elif tag != "object":
            raise ValueError(tag)
        self.state(_nodes(base[-1]), _nodes(other[-1]), where)

    def float(self, base: float, other: float, where: str) -> None:
        if base == other or (math.isnan(base) and math.isnan(other)):
            return
        if math.isclose(base, other, rel_tol=PYTHON_RTOL):
            self.by_tolerance = True
        elif abs(base - other) <= NEAR_ZERO:
            self.doubts.append(f"{where or 'result'} was {base!r}, is {other!r}: both near zero")
        else:
            raise _Difference(where, f"was {base!r}, is {other!r}")

    def unseen(self, base: Node, other: Node, where: str) -> None:
        tag, place = base[0], where or "result"
        if tag == "opaque":
            if not _same_type(str(base[1]), str(other[1])):
                raise _Difference(where, f"the type was {base[1]}, is {other[1]}")
            if len(base) == len(other) == 3 and base[2] == other[2]:
                self.how.add("hash")
            else:
                self.doubts.append(f"{place} is an opaque {base[1]}")
        elif tag == "digest":
            if base[3] is True and other[3] is True and base[1] == other[1]:
                self.how.add("digest")
            elif base[2] is True and other[2] is True and base[1] != other[1]:
                raise _Difference(where, "too large to compare piece by piece; the digests differ")
            else:
                self.doubts.append(f"{place} is too large to compare piece by piece")
        else:
            self.doubts.append(f"{place} cannot be read: {base[2]}")

    def sequence(self, base: Sequence[Node], other: Sequence[Node], where: str) -> None:
        if len(base) != len(other):
            raise _Difference(where, f"the length was {len(base)}, is {len(other)}")
        for number, (left, right) in enumerate(zip(base, other, strict=True)):
            self.node(left, right, f"{where}[{number}]")

    def set(self, base: Sequence[Node], other: Sequence[Node], where: str) -> None:
        if base == other:
            return
        if any(_tags(node) & {"float", "complex", "array"} for node in base):
            self.doubts.append(f"{where or 'result'} is a set of floats that differ")
            return
        gone = [_show(node) for node in base if node not in other]
        new = [_show(node) for node in other if node not in base]
        raise _Difference(where, f"the set lost {gone[:3]} and gained {new[:3]}")

    def mapping(self, base: Sequence[Node], other: Sequence[Node], where: str, ordered: bool) -> None:
        left = {json.dumps(key): (_node(key), _node(item)) for key, item in base}
        right = {json.dumps(key): _node(item) for key, item in other}
        if left.keys() != right.keys():
            gone = [_show(left[key][0]) for key in left if key not in right]
            new = [_show(json.loads(key)) for key in right if key not in left]
            raise _Difference(where, f"the keys lost {gone[:3]} and gained {new[:3]}")
        if ordered and list(left) != list(right):
            raise _Difference(where, "the order of the keys changed")
        for text, (key, item) in left.items():
            self.node(item, right[text], f"{where}[{_show(key)}]")

    def state(self, base: Sequence[Node], other: Sequence[Node], where: str) -> None:
        left = {str(name): _node(item) for name, item in base}
        right = {str(name): _node(item) for name, item in other}
        if left.keys() != right.keys():
            changed = sorted(left.keys() ^ right.keys())
            raise _Difference(where, f"attributes appeared or vanished: {changed[:5]}")
        for name, item in left.items():
            self.node(item, right[name], f"{where}.{name}")

    def array(self, base: Node, other: Node, where: str) -> None:
        for label, index in (("dtype", 2), ("shape", 3)):
            if base[index] != other[index]:
                raise _Difference(where, f"the {label} was {base[index]}, is {other[index]}")
        if base[0] == "objects":
            self.node(_node(base[4]), _node(other[4]), where)
            return
        dtype = str(base[2])
        left, right = data_bytes(base[4]), data_bytes(other[4])
        if left == right:
            return
        if len(left) != len(right):
            raise ValueError("array bytes")
        if dtype in TOLERANCES:
            self.floats(dtype, left, right, where)
        elif "float" in dtype or "complex" in dtype or dtype.startswith("struct "):
            self.doubts.append(f"{where or 'result'}: no tolerance is known for dtype {dtype}")
        else:
            place = next(i for i, (a, b) in enumerate(zip(left, right, strict=True)) if a != b)
            raise _Difference(where, f"the {dtype} array differs at byte {place}")

    def floats(self, dtype: str, left: bytes, right: bytes, where: str) -> None:
        rtol, atol = TOLERANCES[dtype]
        pairs = zip(unpack(dtype, left), unpack(dtype, right), strict=True)
        for number, (a, b) in enumerate(pairs):
            close = a == b or abs(a - b) <= atol + rtol * abs(a)
            if not (close and math.isfinite(a) == math.isfinite(b)) and not (a != a and b != b):
                place = number // 2 if dtype.startswith("complex") else number
                raise _Difference(f"{where}.flat[{place}]", f"was {a!r}, is {b!r} ({dtype})")
        self.by_tolerance = True


def compare_outputs(base: object, other: object) -> Outcome:
    """Say whether a variant's serialised result is the base's."""
    comparer = _Comparer()
    try:
        comparer.node(_node(base), _node(other), "")
    except _Difference as difference:
        return difference.outcome
    except (ValueError, TypeError, LookupError, struct.error, RecursionError) as error:
        return Unknown(reason=f"the serialised result is malformed ({type(error).__name__})")
    if comparer.doubts:
        more = f" (and {len(comparer.doubts) - 1} more)" if len(comparer.doubts) > 1 else ""
        return Unknown(reason=comparer.doubts[0] + more)
    if "digest" in comparer.how:
        return Same(how="digest")
    if "hash" in comparer.how:
        return Same(how="hash")
    return Same(how="tolerance" if comparer.by_tolerance else "equal")


def combine_outcomes(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the one outcome of several comparisons: a change vetoes, then doubt does."""
    order = ("digest", "hash", "tolerance", "equal")
    changed = [outcome for outcome in outcomes if isinstance(outcome, Changed)]
    unknown = [outcome for outcome in outcomes if isinstance(outcome, Unknown)]
    same = [outcome for outcome in outcomes if isinstance(outcome, Same)]
    if changed:
        return changed[0]
    if unknown:
        return unknown[0]
    if not same:
        return Unknown(reason="no output was compared")
    return min(same, key=lambda outcome: order.index(outcome.how))


def _node(value: object) -> Node:
    if not isinstance(value, list) or not value:
        raise ValueError("not a node")
    return value


def _nodes(value: object) -> list[Node]:
    if not isinstance(value, list):
        raise ValueError("not a list of nodes")
    return [_node(item) for item in value]


def _hex(value: object) -> float:
    return float.fromhex(str(value))


def data_bytes(value: object) -> bytes:
    """Return what an array node holds.

    Raises:
        ValueError: it is not base64.
    """
    try:
        return base64.b64decode(str(value), validate=True)
    except binascii.Error as error:
        raise ValueError("base64") from error


def _same_type(base: str, other: str) -> bool:
    if base == other:
        return True
    moved = base.rpartition(".")[2] == other.rpartition(".")[2]
    return moved and not any(name.startswith(("builtins.", "numpy.", "torch.")) for name in (base, other))


def _tags(node: Node) -> set[str]:
    tags: set[str] = set()
    todo: list[object] = [node]
    while todo:
        part = todo.pop()
        if isinstance(part, list) and part:
            tags.add(str(part[0]))
            todo.extend(part)
    return tags


def unpack(dtype: str, raw: bytes) -> Iterator[float]:
    """Yield the numbers of an array of one of the dtypes in TOLERANCES; a complex one gives two for each."""
    if dtype == "bfloat16":
        # The upper half of a float32.
        halves = (raw[i : i + 2] for i in range(0, len(raw), 2))
        return (struct.unpack("<f", b"\0\0" + half)[0] for half in halves)
    return (value for (value,) in struct.iter_unpack(_FORMATS[dtype], raw))


def _show(node: Node) -> str:
    tag = str(node[0])
    if tag == "none":
        text = "None"
    elif tag == "int":
        text = str(int(str(node[1]), 16)) if len(str(node[1])) < 40 else f"{str(node[1])[:20]}…"
    elif tag in ("str", "bool"):
        text = repr(node[1])
    elif tag == "float":
        text = repr(_hex(node[1]))
    elif tag in ("enum", "text", "name", "bytes"):
        text = str(node[2])
    else:
        text = f"a {node[1] if isinstance(node[1], str) else tag}"
    return text if len(text) <= 60 else text[:57] + "..."
