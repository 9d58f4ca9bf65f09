"""Draws intervals of ratios as text on one common logarithmic axis, for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_MARK_WIDTH = 9


@dataclass(frozen=True, kw_only=True)
class Span:
    """One row: a label, and the interval around a ratio; above 1 is faster."""

    label: str
    low: float
    ratio: float
    high: float


def picture(spans: Sequence[Span], *, threshold: float, width: int = 100) -> list[str]:
    """Return the lines: an axis of ratios, and a row for each span.

    What lies between 1 / threshold and threshold, where no difference is claimed, is dotted; an end
    that is far outside of what can be shown is an arrow.
    """
    margin = max((len(span.label) for span in spans), default=0) + 2
    axis = _Axis(spans, threshold=threshold, cells=max(width - margin - 2, 20))
    rows = [span.label.ljust(margin) + axis.row(span) for span in spans]
    return [" " * margin + axis.marks(), *rows]


class _Axis:
    """Where a ratio is, in character cells."""

    def __init__(self, spans: Sequence[Span], *, threshold: float, cells: int) -> None:
        logs = [math.log(r) for span in spans for r in (span.ratio, *_near(span))]
        reach = [*logs, 2 * math.log(threshold), -2 * math.log(threshold)]
        room = 0.08 * (max(reach) - min(reach))
        self._low, self._high = min(reach) - room, max(reach) + room
        self._threshold = math.log(threshold)
        self._cells = cells

    def cell(self, log: float) -> int:
        share = (log - self._low) / (self._high - self._low)
        return min(max(round(share * (self._cells - 1)), 0), self._cells - 1)

    def row(self, span: Span) -> str:
        row = [" "] * self._cells
        for cell in range(self.cell(-self._threshold), self.cell(self._threshold) + 1):
            row[cell] = "·"
        row[self.cell(0.0)] = "│"
        ends = self.cell(math.log(span.low)), self.cell(math.log(span.high))
        for cell in range(ends[0], ends[1] + 1):
            row[cell] = "─"
        row[ends[0]] = "◄" if math.log(span.low) < self._low else "├"
        row[ends[1]] = "►" if math.log(span.high) > self._high else "┤"
        row[self.cell(math.log(span.ratio))] = "●"
        return "".join(row).rstrip()

    def marks(self) -> str:
        """Label round ratios, as many as fit, with 1.0 always among them."""
        wanted = max(self._cells // (2 * _MARK_WIDTH), 2)
        extent = math.exp(self._high) - math.exp(self._low)
        step = next((step for step in _STEPS if extent / step <= wanted), extent / wanted)
        line = [" "] * (self._cells + _MARK_WIDTH)
        for number in range(math.ceil((math.exp(self._low) - 1) / step), int((math.exp(self._high) - 1) / step) + 1):
            ratio = 1 + number * step
            if ratio > 0:
                text = f"{ratio:.3f}".rstrip("0").ljust(4, "0") + "x"
                start = max(self.cell(math.log(ratio)) - 1, 0)
                if all(char == " " for char in line[max(start - 1, 0) : start + len(text) + 1]):
                    line[start : start + len(text)] = text
        return "".join(line).rstrip()


def _near(span: Span) -> tuple[float, float]:
    """Return the ends, but no further from the ratio than a factor of three: few samples may say nothing."""
    return max(span.low, span.ratio / 3), min(span.high, span.ratio * 3)
