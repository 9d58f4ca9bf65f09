"""Finds the kinds of findings by scanning `findings/*.py`: adding a kind is adding a file, nothing else."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from judge.auditing.collecting.finding_kind import Kind
from judge.lib.folder_scan import scan


@cache
def all_kinds() -> tuple[Kind, ...]:
    """Return every kind of finding, in order of code.

    Raises:
        RuntimeError: a file does not import, defines no `KIND`, or its code is not its file's name.
    """
    kinds = []
    for module in scan("auditing.findings", needs=("KIND",)):
        file = Path(str(module.__file__))
        code = file.stem.replace("_", "-")
        if not isinstance(module.KIND, Kind) or module.KIND.code != code:
            raise RuntimeError(f"{file}: its KIND must be a Kind with the code {code!r}, after its file")
        kinds.append(module.KIND)
    return tuple(kinds)
