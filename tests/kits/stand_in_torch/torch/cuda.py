"""The Python half, which a target can replace."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import torch


def init() -> None:
    """Do nothing."""


def is_available() -> bool:
    return bool(os.environ.get("CUDA_VISIBLE_DEVICES"))


def device_count() -> int:
    return len(os.environ.get("CUDA_VISIBLE_DEVICES", "").split(","))


def is_initialized() -> bool:
    return True


def get_device_properties(number: int) -> SimpleNamespace:
    return SimpleNamespace(name="a stand-in", L2_cache_size=torch.L2_BYTES)


def synchronize() -> None:
    torch._C._cuda_synchronize()


class Stream(torch._C._CudaStreamBase):
    """Another stream than the default one."""

    def wait_stream(self, other: torch._C._CudaStreamBase) -> None:
        """Begin nothing more before the other one has done what it has."""
        busy = torch._C.busy_until
        busy[self.stream_id] = max(busy[self.stream_id], busy[other.stream_id])


class Event(torch._C._CudaEventBase):
    """What a target sees of an event."""

    def elapsed_time(self, end: "Event") -> float:
        return super().elapsed_time(end)


def current_stream() -> Stream:
    return Stream(torch._C.state["current"])


@contextmanager
def stream(other: Stream) -> Iterator[None]:
    """Put work on another stream."""
    before = torch._C.state["current"]
    torch._C.state["current"] = other.stream_id
    try:
        yield
    finally:
        torch._C.state["current"] = before
