"""What a folder's modules must define is checked when they are found, and a broken one is named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import judge
from judge.lib import folder_scan

GOOD = "NAME = 'good'\n"


def write_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str]) -> str:
    """Write modules to a package that lies beside those of the program; return its name."""
    package = f"scanned_{tmp_path.name}"
    folder = tmp_path / "judge" / package
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    monkeypatch.setattr(judge, "__path__", [*judge.__path__, str(folder.parent)])
    monkeypatch.setattr(folder_scan, "__file__", str(folder.parent / "lib" / "folder_scan.py"))
    return package


def test_modules_come_in_order_of_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Private modules are none of the things that are looked for."""
    files = {"b.py": GOOD, "a.py": GOOD, "_shared.py": "", "__init__.py": "", "notes.txt": ""}
    package = write_package(tmp_path, monkeypatch, files)
    modules = folder_scan.scan(package, needs=("NAME",))
    assert [module.__name__.rpartition(".")[2] for module in modules] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("NAME =", "does not import: SyntaxError"),
        ("import absent_module", "does not import: ModuleNotFoundError: No module named 'absent_module'"),
        ("OTHER = 1", "does not define NAME; each module here needs NAME"),
    ],
)
def test_a_broken_module_is_named(text: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message begins with the file, and says what is wrong with it."""
    package = write_package(tmp_path, monkeypatch, {"a.py": GOOD, "broken.py": text})
    with pytest.raises(RuntimeError) as error:
        folder_scan.scan(package, needs=("NAME",))
    assert str(error.value).startswith(f"{tmp_path}/judge/{package}/broken.py: {why}")
