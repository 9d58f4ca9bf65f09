"""What only arrays and tensors need: their freed memory filled with nonsense, and a copy of them in float64."""

from __future__ import annotations

import sys
from typing import Any, List, Set, Tuple

_BLOCKS = 32
_MOST_BYTES = 64 * 1024 * 1024
_MOST_BYTES_CUDA = 1024 * 1024 * 1024
_SLACK = 256
_DEPTH = 8

Block = Tuple[str, int]


def array_blocks(value: Any, depth: int = 0) -> Set[Block]:
    """Return where the arrays of a result lie, and how many bytes each takes."""
    numpy, torch, kind = sys.modules.get("numpy"), sys.modules.get("torch"), type(value)
    if torch is not None and kind is getattr(torch, "Tensor", None):
        return {(str(value.device), value.numel() * value.element_size())}
    if numpy is not None and kind is getattr(numpy, "ndarray", None):
        return {("numpy", value.nbytes)}
    if kind not in (list, tuple, dict) or depth > _DEPTH:
        return set()
    items = list(value.values()) if kind is dict else value
    return {block for item in items[:100] for block in array_blocks(item, depth + 1)}


def spoil(sizes: Set[Block]) -> None:
    """Take blocks of these sizes, fill them with bytes that read as NaN or -1, and free them.

    A result that nobody wrote then rarely holds what an earlier call left there: allocators hand out what was freed
    last. On the CPU that is likely and not certain, as free memory of other sizes is not touched.
    """
    numpy: Any = sys.modules.get("numpy")
    torch: Any = sys.modules.get("torch")
    for place, size in sorted(sizes):
        limit = _MOST_BYTES_CUDA if place.startswith("cuda") else _MOST_BYTES
        blocks: List[Any] = []
        try:
            for number in range(min(_BLOCKS, limit // max(size, 1))):
                # An aligned block asks malloc for more than it keeps, so every other one must fit into what is left.
                least = max(1, size - _SLACK * (number % 2))
                if place == "numpy":
                    blocks.append(numpy.empty(least, dtype="uint8"))
                else:
                    blocks.append(torch.empty(least, dtype=torch.uint8, device=place))
            for block in blocks:
                block.fill(255) if place == "numpy" else block.fill_(255)
        except Exception:  # no memory left for it: nothing is spoiled then
            return


class NotWidened(ValueError):
    """An input that has no counterpart in float64; the message names what it holds."""


def widened(value: Any, depth: int = 0) -> Tuple[Any, int]:
    """Return a copy in which floating-point arrays are float64, and how many were not before.

    Raises:
        NotWidened: it holds an object of another kind, whose own numbers would stay as they are.
    """
    numpy, torch, kind = sys.modules.get("numpy"), sys.modules.get("torch"), type(value)
    if torch is not None and kind is getattr(torch, "Tensor", None):
        narrow = value.is_floating_point() and value.dtype != torch.float64
        return (value.detach().to(torch.float64), 1) if narrow else (value, 0)
    if numpy is not None and kind is getattr(numpy, "ndarray", None):
        narrow = value.dtype.kind == "f" and value.dtype.itemsize < 8
        return (value.astype("float64"), 1) if narrow else (value, 0)
    if value is None or kind in (bool, int, float, complex, str, bytes):
        return value, 0
    if kind not in (list, tuple, dict) or depth > _DEPTH:
        raise NotWidened("the input holds a %s" % kind.__name__)
    if kind is dict:
        pairs = {key: widened(item, depth + 1) for key, item in value.items()}
        return {key: item for key, (item, _) in pairs.items()}, sum(count for _, count in pairs.values())
    items = [widened(item, depth + 1) for item in value]
    return kind(item for item, _ in items), sum(count for _, count in items)
