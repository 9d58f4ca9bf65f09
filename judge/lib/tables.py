"""Tables of text: CSV, Markdown and aligned columns. Cells come as they are to be shown; nothing here rounds or hides.

Text that a patch or a run may have written must be made harmless by the caller: `escape_markdown` is one part of it.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
import textwrap
from collections.abc import Iterable, Sequence

_GAP = "  "
_NARROWEST = 16
"""A text is not wrapped to less than this, as nobody could read it."""


def csv_text(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as CSV with Unix line ends."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(rows)
    return text.getvalue()


def markdown_lines(heading: Sequence[str], rows: Iterable[Sequence[str]], *, numeric: Sequence[bool]) -> list[str]:
    """Return a table as lines of GitHub-flavoured Markdown; columns of numbers stand on the right."""
    marks = ["---:" if right else "---" for right in numeric]
    return [f"| {' | '.join(cells)} |" for cells in (heading, marks, *rows)]


def escape_markdown(text: str) -> str:
    """Escape what Markdown or HTML would act on; a patch or a run must not be able to draw in a report."""
    return re.sub(r"([\\`*_{}\[\]<>#|!~])", r"\\\1", text)


def column_lines(
    heading: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numeric: Sequence[bool] | None = None,
    width: int | None = None,
) -> list[str]:
    """Return a table as lines of aligned columns, for a terminal.

    Args:
        numeric: which columns stand on the right and are never broken.
        width: where the table does not fit into it, headings and then texts are wrapped.
    """
    numeric = numeric if numeric is not None else [False] * len(heading)
    widths = _widths(heading, rows, numeric, None if width is None else width - len(_GAP) * len(heading))
    lines = []
    for row in (heading, *rows):
        cells = [_Wrapper(size).wrap(cell) or [""] for cell, size in zip(row, widths, strict=True)]
        for parts in itertools.zip_longest(*cells, fillvalue=""):
            padded = (
                part.rjust(size) if right else part.ljust(size)
                for part, size, right in zip(parts, widths, numeric, strict=True)
            )
            lines.append((_GAP + _GAP.join(padded)).rstrip())
    return lines


class _Wrapper(textwrap.TextWrapper):
    """Breaks at blanks and after slashes, as most long words here are paths."""

    wordsep_simple_re = re.compile(r"( +|(?<=/))")

    def __init__(self, width: int) -> None:
        super().__init__(width, break_on_hyphens=False)


def _widths(
    heading: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool], room: int | None
) -> Sequence[int]:
    """Return the widths of the columns: as wide as they are, or narrower where all do not fit."""
    body = [max((len(row[place]) for row in rows), default=0) for place in range(len(heading))]
    widths = [max(size, len(name)) for size, name in zip(body, heading, strict=True)]
    if room is None:
        return widths
    words = [max(map(len, name.split()), default=1) for name in heading]
    for least in (
        # First headings that are wider than what stands under them, then texts; numbers are never broken.
        [max(size, word) for size, word in zip(body, words, strict=True)],
        [
            max(size if right else min(size, _NARROWEST), word)
            for size, word, right in zip(body, words, numeric, strict=True)
        ],
    ):
        while sum(widths) > room:
            place = max(range(len(widths)), key=lambda number: (widths[number] > least[number], widths[number]))
            if widths[place] <= least[place]:
                break
            widths[place] -= 1
    return widths
