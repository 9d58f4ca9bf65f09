"""How a child process ended, in words."""

from __future__ import annotations

import signal


def describe_exit(code: int) -> str:
    """Say what a return code of `subprocess` means; a negative one is a signal, and not each has a name."""
    if code >= 0:
        return f"ended with exit code {code}"
    known = -code in set(signal.Signals)
    return f"was killed by {signal.Signals(-code).name if known else f'signal {-code}'}"
