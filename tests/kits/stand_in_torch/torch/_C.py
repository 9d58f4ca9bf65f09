"""The part of the stand-in that is written in C in torch: code of a target cannot look into it there."""

import time

COLD_NS = 100_000
FLUSH_NS = 150_000
SIDE = 1
_clock = time.perf_counter_ns
busy_until = {0: 0, SIDE: 0}
state = {"current": 0, "warm": False}


def launch(ns: int) -> None:
    """Put work on the current stream: it begins when the stream has done what it has."""
    number = state["current"]
    busy_until[number] = max(_clock(), busy_until[number]) + ns


def _cuda_synchronize() -> None:
    end = max(busy_until.values())
    while _clock() < end:
        pass


def _cuda_getDevice() -> int:
    return 0


def _cuda_getCurrentStream(device: int) -> tuple[int, int, int]:
    return state["current"], device, 1


class _CudaStreamBase:
    def __init__(self, stream_id: int = SIDE, device_index: int = 0, device_type: int = 1) -> None:
        self.stream_id = stream_id


class _CudaEventBase:
    def __init__(self, enable_timing: bool = False) -> None:
        assert enable_timing
        self.at = 0

    def record(self, stream: _CudaStreamBase) -> None:
        self.at = max(_clock(), busy_until[stream.stream_id])

    def elapsed_time(self, end: "_CudaEventBase") -> float:
        return (end.at - self.at) / 1e6
