"""Which parts of a base file a reader needs to understand an edit of it: the whole functions around it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from judge.static_checks.change.change import TouchedFile
from judge.static_checks.change.overlap import change_blocks
from judge.static_checks.patch.parse import decode, split_lines
from judge.static_checks.source.paths import is_source, is_test
from judge.static_checks.source.python import Definition

_AROUND = 12
"""Lines shown before and after an edit that stands in no function; one more than a diff shows tells little."""
_MAX_BLOCK = 300
"""Lines of C or CUDA on either side of an edit; no function is looked for further away."""


@dataclass(frozen=True, kw_only=True, order=True)
class Region:
    """Lines of a base file, 1-based, both ends included."""

    start: int
    end: int


def base_lines(file: TouchedFile) -> list[str]:
    """Return the lines of a file before the patch, without line feeds."""
    return [line.removesuffix("\n") for line in split_lines(decode(file.before or b""))]


def base_regions(file: TouchedFile) -> tuple[Region, ...]:
    """Return the parts of the base around the edits of one side, in order and without overlap.

    In Python the outermost function of each edited line; in C and CUDA the text between two lines that begin with a
    closing brace; a few lines around where there is neither. Nothing for tests and prose.
    """
    if file.before is None or not is_source(file.path) or is_test(file.path):
        return ()
    lines = base_lines(file)
    regions = [_around_line(file, lines, number) for number in sorted(_edited(file, len(lines)))]
    return _merged(regions)


def _edited(file: TouchedFile, total: int) -> set[int]:
    """Base lines that are removed, or between which lines are added."""
    numbers: set[int] = set()
    for block in change_blocks(file.change):
        numbers.update(block.old or (block.old_at - 1, block.old_at))
    return {number for number in numbers if 0 < number <= total}


def _around_line(file: TouchedFile, lines: Sequence[str], number: int) -> Region:
    if file.source_before is not None and (function := _function(file.source_before.definitions, number)):
        return Region(start=function.start, end=function.end)
    if file.language in ("c", "cuda"):
        return _block(lines, number)
    return Region(start=max(1, number - _AROUND), end=min(len(lines), number + _AROUND))


def _function(definitions: Iterable[Definition], number: int) -> Definition | None:
    """The outermost function that holds a line."""
    return next((d for d in definitions if d.kind == "function" and d.start <= number <= d.end), None)


def _block(lines: Sequence[str], number: int) -> Region:
    start, end = number, number
    while start > 1 and not lines[start - 2].startswith("}") and number - start < _MAX_BLOCK:
        start -= 1
    while end < len(lines) and not lines[end - 1].startswith("}") and end - number < _MAX_BLOCK:
        end += 1
    return Region(start=start, end=end)


def _merged(regions: Iterable[Region]) -> tuple[Region, ...]:
    merged: list[Region] = []
    for region in sorted(regions):
        if merged and region.start <= merged[-1].end + 1:
            merged[-1] = Region(start=merged[-1].start, end=max(merged[-1].end, region.end))
        else:
            merged.append(region)
    return tuple(merged)
