"""Finds the modules of a folder that all have one shape: judges, readers, providers. One scan for all."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType


def scan(package: str, *, needs: tuple[str, ...], entry: str | None = None) -> list[ModuleType]:
    """Import every module of a package, or one module of each of its folders, and return them in order of name.

    Args:
        package: folder beside this file, `judge.PACKAGE`; dots stand for folders within.
        needs: the names that each module must define.
        entry: the module of each folder that is imported; None imports the files of the package itself.

    Raises:
        RuntimeError: a module does not import or lacks a name; the message names its file.
    """
    modules = []
    home = Path(__file__).parents[1] / package.replace(".", "/")
    for file in _files(home, entry):
        try:
            module = importlib.import_module(
                ".".join(("judge", package, *file.relative_to(home).with_suffix("").parts))
            )
        except Exception as error:
            raise RuntimeError(f"{file}: does not import: {type(error).__name__}: {error}") from error
        if missing := [name for name in needs if not hasattr(module, name)]:
            raise RuntimeError(
                f"{file}: does not define {', '.join(missing)}; each module here needs {', '.join(needs)}"
            )
        modules.append(module)
    return modules


def _files(home: Path, entry: str | None) -> list[Path]:
    if entry is None:
        return sorted(home.glob("[!_]*.py"))
    folders = sorted(folder for folder in home.glob("[!_]*") if any(folder.glob("*.py")))
    return [folder / f"{entry}.py" for folder in folders]
