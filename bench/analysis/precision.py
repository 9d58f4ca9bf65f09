"""Owns the question whether a variant is less precise than the base, within the tolerance: pure, over encoded results.

Both results are held against the base's own on the same input in float64, as in published audits of kernels that
compute in half precision or TF32 and return float32. More rounding is no error by itself, so this asks for a look.
"""

import math
from collections.abc import Iterator

from judge.bench.analysis.outputs import Node, data_bytes, unpack
from judge.bench.results import Precision

EPSILON = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23}
"""The distance from 1 to the next number, by dtype."""
GROWTH = 4.0
"""Another order of a sum changes its error by less than this, as a rule; TF32 for float32 by thousands."""
_MOST_NUMBERS = 200_000


def precision(reference: object, base: object, other: object) -> Precision | None:
    """Return both errors; None where the three do not hold the same arrays, float64 against a narrower float."""
    try:
        exact, first, second = (list(_arrays(tree)) for tree in (reference, base, other))
        if not exact or not len(exact) == len(first) == len(second):
            return None
        sums, dtypes = [0.0, 0.0, 0.0], set()
        for truth, left, right in zip(exact, first, second, strict=True):
            if not truth[3] == left[3] == right[3] or truth[2] != "float64" or left[2] != right[2]:
                return None
            dtypes.add(str(left[2]))
            _add(sums, truth, left, right)
    except (ValueError, TypeError, LookupError):
        return None
    known = [dtype for dtype in dtypes if dtype in EPSILON]
    if len(known) != len(dtypes) or sums[0] == 0:
        return None
    coarsest = max(known, key=lambda dtype: EPSILON[dtype])
    base_error, error = (math.sqrt(part / sums[0]) for part in sums[1:])
    lost = error > max(GROWTH * base_error, EPSILON[coarsest])
    return Precision(dtype=coarsest, base_error=base_error, error=error, lost=lost)


def _add(sums: list[float], truth: Node, base: Node, other: Node) -> None:
    """Add the squares of the true values and of both errors; of large arrays, a regular sample."""
    numbers = [list(unpack(str(node[2]), data_bytes(node[4]))) for node in (truth, base, other)]
    step = len(numbers[0]) // _MOST_NUMBERS + 1
    for exact, first, second in zip(*(values[::step] for values in numbers), strict=True):
        if math.isfinite(exact) and math.isfinite(first) and math.isfinite(second):
            sums[0] += exact * exact
            sums[1] += (first - exact) ** 2
            sums[2] += (second - exact) ** 2


def _arrays(tree: object) -> Iterator[Node]:
    """Yield the nodes of arrays of floating-point numbers, in order."""
    if not isinstance(tree, list) or not tree:
        return
    if tree[0] == "array" and len(tree) == 5:
        if "float" in str(tree[2]):
            yield tree
        return
    for part in tree:
        yield from _arrays(part)
