"""What a terminal, a pipe or CI can show: how many columns, and whether colours."""

from __future__ import annotations

import os
import shutil
from typing import TextIO

NARROWEST = 20


def columns(without_terminal: int = 120) -> int:
    """Return how wide lines may be: `COLUMNS`, else the terminal's own width, else `without_terminal`."""
    return max(NARROWEST, shutil.get_terminal_size((without_terminal, 40)).columns)


def colours(stream: TextIO) -> bool:
    """Whether to write colours to a stream.

    `NO_COLOR` takes them away and `FORCE_COLOR` brings them into a pipe, whatever they are set to unless empty;
    where both are set there are none (no-color.org, force-color.org).
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
