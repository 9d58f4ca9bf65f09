"""Says who is making a call, so that another process can tell whether it is still alive."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Literal

BATCH = "batch:"
"""What an owner begins with that is no process but a provider's batch; it does not die."""

Standing = Literal["alive", "dead", "elsewhere", "batch"]


def this_process() -> str:
    """Make a name for an owner in this process, never the same twice: machine, process id and time of its start."""
    pid = os.getpid()
    owner = {
        "host": socket.gethostname(),
        "place": _place(),
        "pid": pid,
        "start": _start(pid),
        "mark": os.urandom(8).hex(),
    }
    return json.dumps(owner, sort_keys=True)


def standing(owner: str) -> Standing:
    """Say whether an owner still runs; `elsewhere` where that cannot be seen from here."""
    if owner.startswith(BATCH):
        return "batch"
    known = json.loads(owner)
    if known["place"] is None or known["place"] != _place():
        return "elsewhere"
    return "alive" if known["start"] == _start(known["pid"]) else "dead"


def _place() -> str | None:
    """Where a process id means something: one start of one machine, one container; None where that is not told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return None


def _start(pid: int) -> str | None:
    """When a process started, in the clock ticks of proc(5); None if there is none or only its remains."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The name stands in parentheses and may hold any byte, so count from the last one: state is 3rd, start 22nd.
    fields = stat[stat.rindex(b")") + 2 :].split()
    return None if fields[0] in (b"Z", b"X") else fields[19].decode("ascii")
