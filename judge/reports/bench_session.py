"""What is kept and shown of one session of timing: all samples for a file, a picture and a few lines for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from judge.bench import (
    Changed,
    Comparison,
    Measured,
    PlausibilityFlag,
    Same,
    SessionResult,
    plausibility_flags,
    q_values,
)
from judge.reports.interval_picture import Span, picture
from judge.reports.wording import visible

SCHEMA = 1


def session_record(session: SessionResult, comparisons: Mapping[str, Comparison], *, version: str) -> dict[str, object]:
    """Return what is stored: the comparisons, and below them everything they were made from."""
    return {
        "schema": SCHEMA,
        "version": version,
        "comparisons": {
            name: asdict(comparison) | {"oddities": [asdict(flag) for flag in _flags(session, comparison, name)]}
            for name, comparison in comparisons.items()
        },
        "q_values": _q_values(comparisons),
        "session": session.record(),
    }


def _flags(session: SessionResult, comparison: Comparison, name: str) -> Sequence[PlausibilityFlag]:
    return plausibility_flags(session, comparison, name) if isinstance(comparison, Measured) else ()


def _q_values(comparisons: Mapping[str, Comparison]) -> dict[str, float]:
    timed = {name: comparison.p_value for name, comparison in comparisons.items() if isinstance(comparison, Measured)}
    return dict(zip(timed, q_values(list(timed.values())), strict=True))


def session_lines(session: SessionResult, comparisons: Mapping[str, Comparison], *, width: int) -> list[str]:
    """Return the result for people: a picture of the intervals, then a line for each candidate."""
    spans = [Span(label=short_name(name), low=comparison.ci[0], ratio=comparison.speedup, high=comparison.ci[1])
             for name, comparison in comparisons.items() if isinstance(comparison, Measured)]  # fmt: skip
    lines = [*picture(spans, threshold=session.threshold, width=width), ""] if spans else []
    chances = _q_values(comparisons)
    for name, comparison in comparisons.items():
        label = short_name(name)
        if not isinstance(comparison, Measured):
            lines.append(f"{label}: not timed: {visible(comparison.reason)}")
            continue
        times = f"{_time(comparison.baseline_ms)} -> {_time(comparison.candidate_ms)}"
        lines.append(f"{label}: {comparison.status}: {visible(comparison.reason)} ({times})")
        samples = f"{comparison.rounds} rounds in {comparison.forks} processes"
        lines.append(f"  {_outputs(session, name)}; noise floor {100 * comparison.floor:.2f} %, {samples}")
        lines += [f"  look: {visible(flag.message)}" for flag in _flags(session, comparison, name)]
        if len(comparisons) > 1 and comparison.status == "improved":
            lines.append(f"  false discovery rate among the {len(comparisons)} candidates: {100 * chances[name]:.2g} %")
    machine = session.machine
    gpu = machine.get("gpu")
    processor = machine.get("cpu", machine.get("machine"))
    where = f"{gpu.get('name', 'a GPU')} beside {processor}" if isinstance(gpu, dict) else processor
    lines.append(f"on {where}, {machine.get('python')}, {session.wall_s:.1f} s")
    return [*lines, *(f"note: {visible(note)}" for note in session.notes)]


def _outputs(session: SessionResult, name: str) -> str:
    match session.outputs.get(name):
        case Same(how=how):
            return f"outputs same ({how})"
        case Changed(where=where, message=message):
            return visible(f"OUTPUTS CHANGED at {where or 'the result'}: {message}")
        case None:
            return "outputs not compared"
        case unknown:
            return visible(f"outputs not compared: {unknown.reason}")


def short_name(name: str) -> str:
    """Return a name as a label, by its end where it is long: the end tells paths apart."""
    text = visible(name)
    return text if len(text) <= 24 else f"...{text[-21:]}"


def _time(milliseconds: float) -> str:
    for unit, scale in (("s", 1e3), ("ms", 1.0), ("us", 1e-3)):
        if milliseconds >= scale:
            return f"{milliseconds / scale:.3g} {unit}"
    return f"{milliseconds * 1e6:.3g} ns"
