"""Owns the question which lines of one tree are new against another; reads both, knows nothing of patches."""

import difflib
import filecmp
import os
from dataclasses import replace
from pathlib import Path

from judge.bench.options import Variant

_SKIPPED = frozenset({".git", ".hg", "__pycache__", "node_modules", "tests", "test", "docs", "doc"})
_PROSE = frozenset({".md", ".rst", ".txt", ".pyi"})
_LARGEST_LINES = 20_000


def watch_new_lines(base: Path, variant: Variant) -> Variant:
    """Return the variant with its new Python lines watched.

    Not watched where a line that never runs would prove nothing: the trees also differ in other files than
    Python and prose, or a Python file is gone. Folders of tests and documents are not looked at.
    """
    left, right = _files(base), _files(variant.tree)
    if any(path.endswith(".py") for path in left - right):
        return variant
    changed = {path for path in left & right if not filecmp.cmp(base / path, variant.tree / path, shallow=False)}
    changed = {path for path in changed | (left ^ right) if Path(path).suffix not in _PROSE}
    if not all(path.endswith(".py") for path in changed):
        return variant
    new_lines = {path: _new_lines(base / path, variant.tree / path) for path in sorted(changed)}
    if any(lines is None for lines in new_lines.values()):
        return variant
    return replace(variant, watched={path: lines for path, lines in new_lines.items() if lines})


def _new_lines(before: Path, after: Path) -> frozenset[int] | None:
    """Return the numbers of lines that are new, and of those around lines that went; None for a file too long."""
    old = before.read_bytes().splitlines() if before.is_file() else []
    new = after.read_bytes().splitlines()
    if len(old) + len(new) > _LARGEST_LINES:
        return None
    numbers: set[int] = set()
    for kind, _, _, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind in ("insert", "replace"):
            numbers.update(range(start + 1, end + 1))
        elif kind == "delete":
            numbers.update(line for line in (start, start + 1) if 1 <= line <= len(new))
    return frozenset(numbers)


def _files(tree: Path) -> set[str]:
    paths = set()
    for folder, folders, files in os.walk(tree):
        folders[:] = [name for name in folders if name not in _SKIPPED]
        paths |= {Path(folder, name).relative_to(tree).as_posix() for name in files if Path(folder, name).is_file()}
    return paths
