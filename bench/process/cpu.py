"""Owns what is known of the machine: its fingerprint, whether it is idle, and a core to time on."""

import fcntl
import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Core:
    """The processor core that all variants share in turns."""

    number: int
    exclusive: bool


def fingerprint() -> dict[str, object]:
    """Describe this machine, as far as it can be read; an unreadable fact is left out."""
    facts: dict[str, object] = {
        "device": "cpu",
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count() or 0,
    }
    if hasattr(os, "sched_getaffinity"):
        facts["usable_cores"] = len(os.sched_getaffinity(0))
    model = _cpu_model()
    if model:
        facts["cpu"] = model
    governor = _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if governor:
        facts["governor"] = governor
    if (load := load_average()) is not None:
        facts["load_average"] = load
    return facts


def load_average() -> float | None:
    """Return how many processes ran or waited to run over the last minute; None where it cannot be read."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def idle_notes(facts: dict[str, object], load_now: float | None = None) -> list[str]:
    """Return what about this machine makes its timings noisier than they need be.

    Timing keeps one core busy itself, so the load while it runs counts only above the number of cores.
    """
    notes = []
    load, cores = facts.get("load_average"), facts.get("usable_cores", facts["cores"])
    if isinstance(load, float) and isinstance(cores, int) and load > 0.5 * cores:
        notes.append(f"the machine was busy at the start: load {load} on {cores} cores")
    elif isinstance(cores, int) and load_now is not None and load_now > cores:
        notes.append(f"the machine was busy while it was timed: load {load_now} on {cores} cores")
    if facts.get("governor") not in (None, "performance"):
        notes.append(f"the frequency governor is {facts['governor']}, not performance")
    return notes


@contextmanager
def hold_core() -> Iterator[Core | None]:
    """Yield a core that no other session of this user holds; None where cores cannot be chosen.

    When all are taken one is shared: the variants of one session still take turns.
    """
    if not hasattr(os, "sched_getaffinity"):
        yield None
        return
    numbers = sorted(os.sched_getaffinity(0), reverse=True)
    for number in numbers:
        handle = try_lock(f"core-{number}")
        if handle is not None:
            try:
                yield Core(number=number, exclusive=True)
            finally:
                release(handle)
            return
    yield Core(number=numbers[os.getpid() % len(numbers)], exclusive=False)


def try_lock(name: str) -> int | None:
    """Return the handle of a lock among this user's sessions, None if another one holds it."""
    name = "".join(letter if letter.isalnum() else "-" for letter in name)
    path = Path(tempfile.gettempdir()) / f"judge-bench-{os.getuid()}-{name}.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def release(handle: int) -> None:
    """Give a lock up."""
    os.close(handle)


def _cpu_model() -> str:
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
