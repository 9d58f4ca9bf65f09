"""Which lines of a candidate are watched while the benchmark runs: what it adds, and where it only removes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from judge.static_checks.change.change import TouchedFile
from judge.static_checks.patch.parse import Hunk
from judge.static_checks.source.paths import is_debris, is_prose, is_test


def watched_lines(files: Sequence[TouchedFile]) -> dict[str, frozenset[int]]:
    """Return, by file, the lines of which it is asked whether the benchmark runs them.

    Empty where their silence would prove nothing: a patch that also changes data, configuration or native
    code, or takes a module away, may work without a line of Python that one could watch.
    """
    watched = {}
    for file in files:
        if is_prose(file.path) or is_test(file.path) or is_debris(file.path) or file.path.endswith(".pyi"):
            continue
        if file.language != "python" or file.after is None or file.change.status == "renamed":
            return {}
        if lines := frozenset(line for hunk in file.change.hunks for line in _of_hunk(hunk)):
            watched[file.path] = lines
    return watched


def _of_hunk(hunk: Hunk) -> Iterator[int]:
    """Yield the new numbers of added lines, and of the neighbours of lines that are removed without replacement."""
    block: list[int] = []
    kinds: set[str] = set()
    before: int | None = None
    for line in (*hunk.lines, None):
        if line is not None and line.kind != " ":
            kinds.add(line.kind)
            block += [line.new] if line.kind == "+" and line.new else []
            continue
        if kinds == {"-"}:
            block += [number for number in (before, line.new if line else None) if number]
        yield from block
        block, kinds, before = [], set(), line.new if line else None
