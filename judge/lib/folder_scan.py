"""Finds the modules of a folder that all have one shape: judges, readers, report formats. One scan for all."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType


def scan(package: str, *, needs: tuple[str, ...]) -> list[ModuleType]:
    """Import every module of a package and return them in order of file name.

    Args:
        package: folder beside this file, `judge.PACKAGE`; dots stand for folders within.
        needs: the names that each module must define.

    Raises:
        RuntimeError: a module does not import or lacks a name; the message names its file.
    """
    modules = []
    for file in sorted((Path(__file__).parents[1] / package.replace(".", "/")).glob("[!_]*.py")):
        try:
            module = importlib.import_module(f"judge.{package}.{file.stem}")
        except Exception as error:
            raise RuntimeError(f"{file}: does not import: {type(error).__name__}: {error}") from error
        if missing := [name for name in needs if not hasattr(module, name)]:
            raise RuntimeError(
                f"{file}: does not define {', '.join(missing)}; each module here needs {', '.join(needs)}"
            )
        modules.append(module)
    return modules
