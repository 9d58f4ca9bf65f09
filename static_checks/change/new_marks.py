"""Tells what a patch brings in from what it only moves: marks that are more frequent after it than before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from judge.static_checks.change.change import TouchedFile
from judge.static_checks.source.name_resolution import ScopedStatement, scoped_statements
from judge.static_checks.source.python import PythonSource


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """One place where code does what a rule looks for.

    Attributes:
        name: what it does, the same for every place that does the same.
        sure: False where the rule sees a sign only.
    """

    name: str
    line: int
    sure: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class NewMark:
    """A mark on a line that the patch adds, with that line's text."""

    file: TouchedFile
    mark: Mark
    quote: str | None


Find = Callable[[ScopedStatement], Iterable[Mark]]


def new_marks(
    files: Sequence[TouchedFile], find: Find, *, hint: re.Pattern[str], where: Callable[[str], bool]
) -> Iterator[NewMark]:
    """Yield the marks on added lines of Python files that the patch did not merely move or indent.

    Args:
        files: the touched files.
        find: yields the marks of one statement.
        hint: what an added line must match anywhere in a file before the file is looked at.
        where: which paths are looked at.
    """
    added = [
        (file, source, mark)
        for file in files
        if where(file.path) and (source := file.source_after) and any(hint.search(a.text) for a in file.change.added)
        for mark in _marks(source, file.added_lines, find)
    ]
    if not added:
        return
    before, after = Counter[str](), Counter[str]()
    for file in files:
        before.update(mark.name for mark in _marks(file.source_before, None, find))
        after.update(mark.name for mark in _marks(file.source_after, None, find))
    for file, source, mark in added:
        if after[mark.name] > before[mark.name]:
            yield NewMark(file=file, mark=mark, quote=source.line(mark.line))


def _marks(source: PythonSource | None, lines: Iterable[int] | None, find: Find) -> Iterator[Mark]:
    if source is not None and source.tree is not None:
        for place in scoped_statements(source.tree, lines):
            yield from find(place)
