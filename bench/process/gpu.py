"""Owns what is known of NVIDIA GPUs: which there are, the one to time on, its lock, its clocks before and after.

Everything comes from `nvidia-smi` (docs.nvidia.com/deploy/nvidia-smi); what it does not say is left out. Without it a
GPU can still be timed on: it is then known only by its number.
"""

import csv
import math
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from judge.bench.errors import DeviceError
from judge.bench.process.cpu import release, try_lock

_SMI_LIMIT_S = 20.0
_POLL_S = 0.5
_ABSENT = frozenset({"", "n/a", "[n/a]", "[not supported]", "not supported", "[unknown error]"})
_FIELDS = {
    "index": "index",
    "uuid": "uuid",
    "name": "name",
    "driver": "driver_version",
    "memory_total_mib": "memory.total",
    "memory_used_mib": "memory.used",
    "utilization_percent": "utilization.gpu",
    "clock_mhz": "clocks.sm",
    "memory_clock_mhz": "clocks.mem",
    "most_clock_mhz": "clocks.max.sm",
    "temperature_c": "temperature.gpu",
    "compute_mode": "compute_mode",
    "persistence": "persistence_mode",
}
_REASONS = ("clocks_event_reasons.active", "clocks_throttle_reasons.active")  # the name before driver 535
_SLOWED = {
    0x4: "power cap",
    0x8: "hardware slowdown",
    0x20: "temperature (software)",
    0x40: "temperature (hardware)",
    0x80: "power brake",
}
"""Bits of nvmlClocksEventReasons that say the clock is held down (nvml.h); idle and fixed clocks are not among them."""
_CLOCK_DRIFT = 0.02
_BUSY_PERCENT = 5
_LOOK_EVERY_S = 5.0

Ask = Callable[[Sequence[str]], str]


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One GPU as `nvidia-smi` describes it; `name` is what CUDA_VISIBLE_DEVICES takes. What is unknown is absent."""

    name: str
    facts: Mapping[str, str] = field(default_factory=dict)
    processes: tuple[str, ...] = ()

    def number(self, fact: str) -> float:
        """Return a fact as a number, 0 where it is unknown."""
        try:
            return float(self.facts.get(fact, 0))
        except ValueError:
            return 0.0


def ask_nvidia_smi(arguments: Sequence[str]) -> str:
    """Return what `nvidia-smi` prints; nothing where it is missing, fails or hangs."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, errors="replace", timeout=_SMI_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def driver_seen() -> bool:
    """Say whether this machine shows any sign of an NVIDIA driver."""
    signs = ("/dev/nvidiactl", "/dev/dxg", "/proc/driver/nvidia/version")
    return shutil.which("nvidia-smi") is not None or any(Path(sign).exists() for sign in signs)


def read_gpus(ask: Ask = ask_nvidia_smi) -> tuple[Gpu, ...]:
    """Return the GPUs of this machine with their facts and the processes that use them."""
    described = _rows(ask, "gpu", tuple(_FIELDS.values()))
    reasons = next((rows for name in _REASONS if (rows := _rows(ask, "gpu", ("uuid", name)))), [])
    held = {uuid: bits for uuid, bits in reasons}
    users = _rows(ask, "compute-apps", ("gpu_uuid", "pid"))
    gpus = []
    for row in described:
        facts = {key: value for key, value in zip(_FIELDS, row, strict=True) if value.lower() not in _ABSENT}
        uuid = facts.get("uuid", "")
        if held.get(uuid, "").lower() not in _ABSENT:
            facts["clock_reasons"] = held[uuid]
        processes = tuple(pid for owner, pid in users if owner == uuid)
        gpus.append(Gpu(name=uuid or facts.get("index", "0"), facts=facts, processes=processes))
    return tuple(gpus)


def _rows(ask: Ask, what: str, names: Sequence[str]) -> list[list[str]]:
    text = ask([f"--query-{what}={','.join(names)}", "--format=csv,noheader,nounits"])
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines())]
    return [row for row in rows if len(row) == len(names)]


def candidates(gpus: Sequence[Gpu], visible: str | None) -> tuple[Gpu, ...]:
    """Return the GPUs that may be timed on, the idlest first.

    `visible` is the caller's own CUDA_VISIBLE_DEVICES; its numbers are taken in the order of the bus. As CUDA does,
    the list ends before the first entry that is none. An entry that `nvidia-smi` does not know, such as a MIG slice,
    is taken as it is.
    """
    if visible is None:
        chosen = list(gpus) or [Gpu(name="0")]
    else:
        chosen = []
        for entry in (part.strip() for part in visible.split(",")):
            if not entry or entry.startswith("-"):
                break
            known = [gpu for gpu in gpus if entry == gpu.facts.get("index") or _begins(gpu, entry)]
            chosen.append(known[0] if len(known) == 1 else Gpu(name=entry))
    return tuple(sorted(chosen, key=_business))


def _begins(gpu: Gpu, entry: str) -> bool:
    return entry.startswith("GPU-") and gpu.facts.get("uuid", "").startswith(entry)


def _business(gpu: Gpu) -> tuple[bool, float, float]:
    return bool(gpu.processes), gpu.number("utilization_percent"), gpu.number("memory_used_mib")


@contextmanager
def hold_gpu(gpus: Sequence[Gpu], *, limit_s: float, progress: Callable[[str], None]) -> Iterator[Gpu]:
    """Yield the first of these GPUs that no other session of this user holds, and hold it; wait while all are held.

    Raises:
        DeviceError: there is none, none became free in time, or it takes one process only.
    """
    if not gpus:
        raise DeviceError("device 'cuda': CUDA_VISIBLE_DEVICES names no GPU; unset it, or use device 'cpu'")
    deadline, names = time.monotonic() + limit_s, ", ".join(gpu.name for gpu in gpus)
    while True:
        for gpu in gpus:
            handle = try_lock(f"gpu-{gpu.name}")
            if handle is None:
                continue
            try:
                _refuse_exclusive(gpu)
                yield gpu
            finally:
                release(handle)
            return
        left = deadline - time.monotonic()
        if left <= 0:
            raise DeviceError(
                f"device 'cuda': other sessions held the GPU ({names}) for all of {limit_s:.0f} s; try again later"
            )
        progress(f"waiting for the GPU: another session is timing on it ({names}), at most {left:.0f} s more")
        time.sleep(min(_POLL_S, left))


def _refuse_exclusive(gpu: Gpu) -> None:
    mode = gpu.facts.get("compute_mode", "Default")
    if mode.lower() != "default":
        raise DeviceError(
            f"device 'cuda': the compute mode of GPU {gpu.name} is {mode}, and variants are timed side by side in "
            "processes of their own: set it to DEFAULT (nvidia-smi -c DEFAULT)"
        )


def gpu_facts(gpu: Gpu) -> dict[str, object]:
    """Return what the record keeps of a GPU: who it is, and its state at that moment."""
    facts: dict[str, object] = {key: value for key, value in gpu.facts.items() if key != "index"}
    slowed = slowdowns(gpu)
    return facts | ({"slowed_by": ", ".join(slowed)} if slowed else {})


def slowdowns(gpu: Gpu) -> list[str]:
    """Return what holds the clock down, by the bits that the driver reports."""
    try:
        bits = int(gpu.facts.get("clock_reasons", "0"), 16)
    except ValueError:
        return []
    return [why for bit, why in _SLOWED.items() if bits & bit]


@dataclass(kw_only=True)
class GpuWatch:
    """The state of a session's GPU before anything of ours ran, after the first processes, and when last looked at."""

    idle: Gpu | None
    ask: Ask = ask_nvidia_smi
    warm: Gpu | None = None
    last: Gpu | None = None
    looked_at: float = -math.inf

    def look(self) -> None:
        """Read the state, unless there is no GPU or it was read a moment ago."""
        if self.idle is None or time.monotonic() < self.looked_at + _LOOK_EVERY_S:
            return
        self.last = next((gpu for gpu in read_gpus(self.ask) if self.idle and gpu.name == self.idle.name), None)
        self.warm = self.warm or self.last
        self.looked_at = time.monotonic()

    def facts(self) -> dict[str, object]:
        """Return what the record says of the states that were seen later."""
        states = {"gpu_warm": self.warm, "gpu_last": self.last}
        return {name: gpu_facts(gpu) for name, gpu in states.items() if gpu is not None}

    def notes(self) -> list[str]:
        """Return what about the GPU makes its timings less sure: other users, a slowed or a drifting clock."""
        if self.idle is None:
            return []
        notes = []
        if self.idle.processes:
            notes.append(f"other processes were using the GPU at the start: {', '.join(self.idle.processes[:5])}")
        elif self.idle.number("utilization_percent") > _BUSY_PERCENT:
            notes.append(f"the GPU was busy at the start: {self.idle.facts['utilization_percent']} %")
        slowed = sorted({why for gpu in (self.warm, self.last) if gpu for why in slowdowns(gpu)})
        if slowed:
            notes.append(f"the GPU's clock was held down during the session: {', '.join(slowed)}")
        first, last = (gpu.number("clock_mhz") if gpu else 0.0 for gpu in (self.warm, self.last))
        if first and last and abs(last / first - 1) > _CLOCK_DRIFT:
            notes.append(f"the GPU's clock was {first:.0f} MHz after the first processes and {last:.0f} MHz at the end")
        return notes
