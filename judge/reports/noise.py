"""Whether something else on the machine spoilt the timing, in one line."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from judge.core.timing import Timed
from judge.results.record import VerdictRecord

SIGNS = (
    "the machine was busy",
    "other sessions are timing on this core",
    "other processes were using the GPU",
    "the GPU was busy",
    "the GPU's clock was held down",
)
"""How the notes of a session begin that say so."""


def noise_notes(records: Sequence[VerdictRecord]) -> tuple[str, ...]:
    """Say in one line what disturbed the timing, and for how many candidates; nothing where no session noted it."""
    timings = [timing for record in records if isinstance(timing := record.timing, Timed)]
    noisy = [notes for timing in timings if (notes := [note for note in timing.notes if note.startswith(SIGNS)])]
    if not noisy:
        return ()
    notes = list(itertools.chain.from_iterable(noisy))
    by_sign = ([note for note in notes if note.startswith(sign)] for sign in SIGNS)
    worst = "; ".join(max(same, key=_figures) for same in by_sign if same)
    return (f"the timing of {len(noisy)} of {len(timings)} candidates was disturbed, so intervals are wider: {worst}",)


def _figures(note: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", note)]
