"""Times calls on a GPU: each starts on an idle device with a cold L2 cache, by CUDA events and by the host's clock.

After published practice: an event before and after the call, and a buffer written before it so that no input is
left in the L2 cache (`triton.testing.do_bench`; KernelBench, `src/kernelbench/timing.py`), the buffer sized from
the device and lines marked as persisting given up too (GPU MODE's pygpubench, `csrc/manager.cpp` and
`test/l2_persistence.py`), and the whole device waited for on both sides of the call by the host's clock (GPU MODE's
reference-kernels, `problems/pmpp/eval.py`). Unlike `do_bench` the cache is cold *and* the device idle when the call
begins, so that what the call does on the host before its first kernel counts as well.
"""

from __future__ import annotations

import importlib
from typing import Any, Callable, Dict, List, Tuple

MAX_LOOPS = 16
"""Each call is waited for by itself, so more of them cost time and add little."""
_UNKNOWN_L2 = 128 * 1024 * 1024
_LEAST_FLUSH = 32 * 1024 * 1024
_WINDOWS = 4


def describe() -> Dict[str, Any]:
    """Say whether the target's torch can use a CUDA device, and if not, why; imports torch."""
    facts: Dict[str, Any] = {"usable": False, "reason": ""}
    try:
        torch: Any = importlib.import_module("torch")
        facts.update(torch=str(torch.__version__), cuda=str(torch.version.cuda))
        if torch.version.cuda is None:
            facts["reason"] = "torch %s is a build without CUDA" % torch.__version__
            return facts
        torch.cuda.init()
        facts["usable"] = torch.cuda.is_available() and torch.cuda.device_count() > 0
        facts["reason"] = "" if facts["usable"] else "torch %s sees no CUDA device" % torch.__version__
        if facts["usable"]:
            facts["gpu"] = str(torch.cuda.get_device_properties(0).name)
    except Exception as error:
        missing = getattr(error, "name", None) == "torch" and isinstance(error, ModuleNotFoundError)
        facts["usable"] = False
        facts["reason"] = "torch is not installed" if missing else "torch: %s: %s" % (type(error).__name__, error)
    return facts


def _persisting_reset() -> Callable[[], Any]:
    """Return the driver's call that gives up lines of the L2 cache which somebody marked as persisting."""
    try:
        import ctypes

        call: Callable[[], Any] = ctypes.CDLL("libcuda.so.1").cuCtxResetPersistingL2Cache
        return call
    except (ImportError, OSError, AttributeError):
        return lambda: 0


class Cuda:
    """The timers of the first visible device, with everything they call bound before any code of the target runs.

    What is bound are the functions written in C: those of `torch.cuda` look up names that a target may replace.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        """Import torch from the target's environment; its own tree is not on the import path yet."""
        torch: Any = importlib.import_module("torch")
        torch.cuda.init()
        low = torch._C
        self.wait: Callable[[], None] = low._cuda_synchronize
        self.host_ns = 0
        self.total_ns = 0
        self._clock = clock
        self._event, self._stream = low._CudaEventBase, low._CudaStreamBase
        self._record, self._elapsed = self._event.record, self._event.elapsed_time
        self._device, self._current = low._cuda_getDevice, low._cuda_getCurrentStream
        self._reset_persisting = _persisting_reset()
        self._fill, self._turn = torch.Tensor.fill_, 0
        size = max(2 * getattr(torch.cuda.get_device_properties(0), "L2_cache_size", _UNKNOWN_L2), _LEAST_FLUSH)
        step = size // (2 * _WINDOWS)
        buffer = torch.empty(size + step * _WINDOWS, dtype=torch.uint8, device="cuda")
        self._windows = [buffer[step * number : step * number + size] for number in range(_WINDOWS)]
        self.wait()

    def same(self, function: Callable[..., Any], arguments: Tuple[Any, ...], loops: int) -> Tuple[int, Any]:
        """Return the event time of calls on one input, and the last result."""
        return self.each(function, [arguments] * loops)

    def each(self, function: Callable[..., Any], inputs: List[Tuple[Any, ...]]) -> Tuple[int, Any]:
        """Return the event time of one call on each input, and the last result."""
        began, spent, value = self._clock(), 0, None
        for arguments in inputs:
            value = None  # its memory is free again before the next call, as in any loop
            ns, value = self._timed(function, arguments)
            spent += ns
        self.total_ns += self._clock() - began
        return spent, value

    def marks(self) -> Dict[str, int]:
        """Return the host's time of the calls since the last time, without and with what lies between them."""
        spent = {"host_ns": self.host_ns, "total_ns": self.total_ns}
        self.host_ns = self.total_ns = 0
        return spent

    def _timed(self, function: Callable[..., Any], arguments: Tuple[Any, ...]) -> Tuple[int, Any]:
        first, last = self._event(enable_timing=True), self._event(enable_timing=True)
        number, index, kind = self._current(self._device())
        stream = self._stream(stream_id=number, device_index=index, device_type=kind)
        self._flush()
        start = self._clock()
        self._record(first, stream)
        value = function(*arguments)
        self._record(last, stream)
        self.wait()
        self.host_ns += self._clock() - start
        return max(1, round(self._elapsed(first, last) * 1e6)), value

    def _flush(self) -> None:
        """Write other bytes to another place each time, more than the L2 cache holds, and wait for it."""
        self.wait()
        self._turn += 1
        self._reset_persisting()
        self._fill(self._windows[self._turn % _WINDOWS], self._turn % 251)
        self.wait()
