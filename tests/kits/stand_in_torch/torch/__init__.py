"""A stand-in for torch on a machine with a GPU. It is NOT torch: no tensor holds numbers and no kernel computes.

It imitates what `bench/inside/cuda.py` calls: streams that work beside each other, events on a stream, a wait for the
whole device, an L2 cache that a large write empties. Its GPU is arithmetic on the host's clock: a stream is busy
until a moment, and waiting spins until then. Libraries in tests put work on it with `kernel`.
"""

import os

from torch import _C, cuda, version  # noqa: F401

__version__ = "0.0 (stand-in)"
uint8 = "uint8"
L2_BYTES = 20_000_000


class Tensor:
    """A number of bytes on the device."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __getitem__(self, part: slice) -> "Tensor":
        return Tensor(part.stop - part.start)

    def fill_(self, value: int) -> "Tensor":
        """Write: a write larger than the cache leaves nothing else in it."""
        _C.launch(_C.FLUSH_NS)
        _C.state["warm"] = self.size < L2_BYTES
        return self


def empty(size: int, *, dtype: str, device: str) -> Tensor:
    """Take memory."""
    assert os.environ["CUDA_VISIBLE_DEVICES"]
    return Tensor(size)


def kernel(microseconds: float) -> None:
    """Put work on the current stream; with its input not in the cache it takes longer."""
    _C.launch(int(microseconds * 1000) + (0 if _C.state["warm"] else _C.COLD_NS))
    _C.state["warm"] = True
