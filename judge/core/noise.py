"""Which notes of a session say that something else on the machine spoilt its timing."""

from __future__ import annotations

from collections.abc import Iterable

SIGNS = (
    "the machine was busy",
    "other sessions are timing on this core",
    "other processes were using the GPU",
    "the GPU was busy",
    "the GPU's clock was held down",
)
"""How such a note begins."""


def noise(notes: Iterable[str]) -> tuple[str, ...]:
    """Return the notes that say so."""
    return tuple(note for note in notes if note.startswith(SIGNS))
