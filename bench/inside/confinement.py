"""Sets the limits that the target inherits: memory, files, a core, an empty network."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys
from typing import Any, Dict

try:
    import resource
except ImportError:  # not a POSIX build: the parent reads that no limit was set
    resource = None  # type: ignore[assignment]


def confine(memory: Any, core: Any) -> Dict[str, Any]:
    """Set the limits that the target inherits, and say which of them hold."""
    facts: Dict[str, Any] = {"dies_with_parent": False, "network": "open"}
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**30, 2**30))
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    if core is not None:
        os.sched_setaffinity(0, {core})
    if sys.platform != "linux":
        return facts
    try:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
        facts["network"] = _close_network(libc)
        # PR_SET_PDEATHSIG comes last: a change of credentials would clear it.
        facts["dies_with_parent"] = libc.prctl(1, 9, 0, 0, 0) == 0
    except (ImportError, OSError, AttributeError) as error:
        facts["network"] = "open (%s)" % "%s: %s" % (type(error).__name__, error)
    return facts


def _close_network(libc: Any) -> str:
    """Enter an empty network namespace where the kernel lets this user; loopback stays up."""
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(0x40000000 | (0x10000000 if uid else 0)) != 0:
        return "open (unshare is not permitted)"
    if uid:
        for path, text in (("setgroups", "deny"), ("uid_map", uid), ("gid_map", gid)):
            with open("/proc/self/" + path, "w") as handle:
                handle.write(text if isinstance(text, str) else "%d %d 1" % (text, text))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
    return "loopback only"
