"""Owns the signs that a figure is too good to be taken as it is: each asks for a look and accuses nobody."""

from dataclasses import dataclass
from typing import Literal

from judge.bench.analysis.comparison import Measured
from judge.bench.results import SessionResult

FlagCode = Literal["big-gain-small-change", "near-zero", "faster-than-memory", "faster-than-launch", "less-precise"]

BIG_GAIN = 2.0
SMALL_CHANGE_LINES = 10
"""Up to so many changed lines are a micro-change; a gain of 2x there is often a function cut short (seeds, 4B)."""

EMPTY_CALL_NS = 100.0
"""A call of an empty Python function, with the loop around it, takes 30 to 100 ns on machines of 2015 to 2025."""

MEMORY_BYTES_PER_NS = 100.0
"""100 GB/s: more than one core writes to memory; STREAM gives 10 to 40 on servers of 2015 to 2025."""

CUDA_MEMORY_BYTES_PER_NS = 10_000.0
"""10 TB/s: beyond the memory of any single GPU sold up to 2025 (B200: 8 TB/s)."""

LAUNCH_NS = 1500.0
"""Launching an empty CUDA kernel takes 2 to 5 microseconds on the host."""


@dataclass(frozen=True, kw_only=True)
class PlausibilityFlag:
    """One sign that a figure deserves a look."""

    code: FlagCode
    message: str


def plausibility_flags(
    session: SessionResult, comparison: Measured, candidate: str = "candidate", *, changed_lines: int | None = None
) -> tuple[PlausibilityFlag, ...]:
    """Return what about a comparison asks for a look; `changed_lines` is the size of the patch, if known."""
    flags = []
    if changed_lines is not None and changed_lines <= SMALL_CHANGE_LINES and comparison.speedup >= BIG_GAIN:
        message = f"{comparison.speedup:.2f}x from {changed_lines} changed lines: see whether work was left out"
        flags.append(PlausibilityFlag(code="big-gain-small-change", message=message))
    nanoseconds = comparison.candidate_ms * 1e6
    if nanoseconds < EMPTY_CALL_NS:
        message = f"a call takes {nanoseconds:.0f} ns, as long as one that does nothing"
        flags.append(PlausibilityFlag(code="near-zero", message=message))
    size = session.result_bytes.get(candidate, 0)
    on_gpu = str(session.machine.get("device", "cpu")).startswith("cuda")
    limit = CUDA_MEMORY_BYTES_PER_NS if on_gpu else MEMORY_BYTES_PER_NS
    if size > limit * nanoseconds:
        message = f"{size} bytes of results in {nanoseconds:.0f} ns: faster than memory can be written"
        flags.append(PlausibilityFlag(code="faster-than-memory", message=message))
    if on_gpu and nanoseconds < LAUNCH_NS:
        message = f"a call takes {nanoseconds:.0f} ns, less than the launch of an empty kernel"
        flags.append(PlausibilityFlag(code="faster-than-launch", message=message))
    errors = session.precision.get(candidate)
    if errors and errors.lost:
        message = (
            f"the error against float64 is {errors.error:.2g} of the result, the base's {errors.base_error:.2g} "
            f"({errors.dtype}): see whether precision was given up"
        )
        flags.append(PlausibilityFlag(code="less-precise", message=message))
    return tuple(flags)
