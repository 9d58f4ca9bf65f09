"""One scan finds what has one shape, in files or in folders, and names the file that has not."""

from __future__ import annotations

from pathlib import Path

import pytest

import judge
from judge.lib import folder_scan
from judge.lib.folder_scan import scan


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose folders are scanned as packages of `judge`."""
    monkeypatch.setattr(folder_scan, "__file__", str(tmp_path / "lib/folder_scan.py"))
    monkeypatch.setattr(judge, "__path__", [*judge.__path__, str(tmp_path)])
    return tmp_path


def write(folder: Path, **files: str) -> None:
    """Write modules; in a name, `__` stands for a folder."""
    for name, text in files.items():
        file = folder / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def test_files_are_found_in_order(package: Path) -> None:
    """Each file whose name begins with no underscore, in order of name; folders are not looked into."""
    write(package / "zoo_a", b="NAME = 'b'", a="NAME = 'a'", _c="", d__e="")
    assert [module.NAME for module in scan("zoo_a", needs=("NAME",))] == ["a", "b"]


def test_one_module_of_each_folder_is_found(package: Path) -> None:
    """With an entry it is that module of each folder; a folder without any module, as a deleted one leaves, is none."""
    write(package / "zoo_b", shared="", b__cage="NAME = 'b'", a__cage="NAME = 'a'", a__other="")
    (package / "zoo_b/gone/__pycache__").mkdir(parents=True)
    assert [module.NAME for module in scan("zoo_b", needs=("NAME",), entry="cage")] == ["a", "b"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a__cage": "1 / 0"}, r"a/cage\.py: does not import: ZeroDivisionError"),
        ({"a__cage": ""}, r"a/cage\.py: does not define NAME"),
        ({"a__kage": "NAME = 'a'"}, r"a/cage\.py: does not import: ModuleNotFoundError"),
    ],
)
def test_what_has_another_shape_is_named(package: Path, files: dict[str, str], message: str) -> None:
    """A module that does not import, lacks a name or is called something else is an error, not a silence."""
    zoo = f"zoo_{package.name}"
    write(package / zoo, **files)
    with pytest.raises(RuntimeError, match=message):
        scan(zoo, needs=("NAME",), entry="cage")


def test_a_broken_file_is_named(package: Path) -> None:
    """The message begins with the file, and says what is wrong with it."""
    write(package / "zoo_c", good="NAME = 'good'", broken="NAME =")
    with pytest.raises(RuntimeError) as error:
        scan("zoo_c", needs=("NAME",))
    assert str(error.value).startswith(f"{package}/zoo_c/broken.py: does not import: SyntaxError")
