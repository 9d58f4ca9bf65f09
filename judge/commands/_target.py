"""What is timed on and under which interpreter: the options that every subcommand that times shares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def target_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--device` and `--python`."""
    python = click.option(
        "--python",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="Interpreter of the timed project.  [default: this one]",
    )
    device = click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda"]),
        default="auto",
        show_default=True,
        help="What to time on.",
    )
    return device(python(function))
