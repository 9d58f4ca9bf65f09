"""Finds the layouts that describe a path: one file in `layouts/` for each harness' way of leaving its runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from judge.errors import InputError
from judge.inputs.runs.recorded_run import RecordedRun, Unread
from judge.inputs.runs.run_files import Sample, take_sample
from judge.lib.folder_scan import scan

AUTO = "auto"


class Layout(Protocol):
    """One way to leave runs behind; each is a module in `layouts/` with these names.

    Attributes:
        NAME: what `--layout` calls it.
        LAYOUT: what it looks for, in a few words.
    """

    NAME: str
    LAYOUT: str

    def recognises(self, sample: Sample) -> bool:
        """Whether a path holds such runs, by a bounded sample of its files."""

    def read(self, path: Path) -> Iterator[RecordedRun | Unread]:
        """Yield every run described below `path`, and every file that could not be read."""


@cache
def all_layouts() -> dict[str, Layout]:
    """Return the layouts found in `layouts/`, by name, in order of file name.

    Raises:
        RuntimeError: a file there does not import or is no layout, or two have one name.
    """
    modules = scan("inputs.runs.layouts", needs=("NAME", "LAYOUT", "recognises", "read"))
    layouts = {module.NAME: cast(Layout, module) for module in modules}
    if len(layouts) < len(modules):
        raise RuntimeError(f"two layouts have one name: {', '.join(module.NAME for module in modules)}")
    return layouts


def recognising(path: Path) -> tuple[Layout, ...]:
    """Return the layouts that recognise `path`, none if it is not known."""
    sample = take_sample(path)
    return tuple(layout for layout in all_layouts().values() if layout.recognises(sample))


def discover(path: Path, layout: str = AUTO) -> tuple[Layout, ...]:
    """Return the layouts that read `path`: the one named, or all that recognise it.

    A folder may hold trees of several kinds, and each layout reads its own; a file is of one kind.

    Raises:
        InputError: there is no such path or layout, no layout recognises the path, or several a file.
    """
    layouts = all_layouts()
    if not path.exists():
        raise InputError(f"{path}: no such file or directory; check the path")
    if layout != AUTO:
        if layout not in layouts:
            raise InputError(f"--layout {layout!r}: there is none of that name; there are {', '.join(layouts)}")
        return (layouts[layout],)
    recognised = recognising(path)
    if not recognised:
        looked_for = _listed(layouts.values())
        where = "a sample of its folders" if path.is_dir() else "its first bytes"
        raise InputError(
            f"{path}: no runs found in {where}; name the layout with --layout NAME. Looked for{looked_for}"
        )
    if len(recognised) > 1 and not path.is_dir():
        raise InputError(f"{path}: more than one layout may be meant; choose with --layout NAME{_listed(recognised)}")
    return recognised


def _listed(layouts: Iterable[Layout]) -> str:
    """Name layouts and what they look for, one a line."""
    return "".join(f"\n  {layout.NAME}: {layout.LAYOUT}" for layout in layouts)
