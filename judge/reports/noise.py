"""Whether something else on the machine spoilt the timing, in one line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from judge.core.noise import SIGNS, noise
from judge.core.timing import NotTimed, Timed, Timing
from judge.results.record import VerdictRecord


def noise_notes(records: Sequence[VerdictRecord]) -> tuple[str, ...]:
    """Say in one line what disturbed the timing, and for how many candidates; nothing where no session noted it."""
    timings = [
        record.timing for record in records if isinstance(record.timing, Timed) or record.timing.status == "error"
    ]
    noisy = [notes for timing in timings if (notes := _noise(timing))]
    if not noisy:
        return ()
    by_sign = ([note for notes in noisy for note in notes if note.startswith(sign)] for sign in SIGNS)
    worst = "; ".join(max(same, key=_figures) for same in by_sign if same)
    return (f"the timing of {len(noisy)} of {len(timings)} candidates was disturbed and is less precise: {worst}",)


def _noise(timing: Timing) -> tuple[str, ...]:
    """A timing that failed for want of time has what disturbed it in its message, as it has no notes."""
    match timing:
        case Timed(notes=notes):
            return noise(notes)
        case NotTimed(message=message):
            return noise(message.split("; "))
        case _:
            return ()


def _figures(note: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", note)]
