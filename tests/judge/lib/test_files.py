"""A file is written as a whole or not at all, and nothing is left beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from judge.lib.files import replace_text, replacing


def test_the_new_content_takes_the_old_ones_place(tmp_path: Path) -> None:
    """A reader sees the old file until the new one is whole."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_after_an_error_nothing_has_changed(tmp_path: Path) -> None:
    """What fails half-way leaves the old file, and no half of the new one."""

    def parts() -> Iterator[str]:
        yield "half"
        raise RuntimeError("stopped")

    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="stopped"):
        replace_text(path, parts())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """The error names the place, as that of any file that cannot be written."""
    with pytest.raises(FileNotFoundError):
        replace_text(tmp_path / "absent" / "a.txt", ["text"])


def test_text_that_utf_8_cannot_hold_is_escaped(tmp_path: Path) -> None:
    """Half of a character pair, as names of files may hold, does not stop a report."""
    replace_text(tmp_path / "a.txt", ["a\udc80é", "\r\n"])
    assert (tmp_path / "a.txt").read_bytes() == b"a\\udc80" + "é\r\n".encode()
