"""Configuration files: three formats by name, and one named error for everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from judge.auditing.collecting.config_file import MOST_BYTES, CannotRead, read_config


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.yaml", "x: {y: [1]}"), ("a.yml", "x:\n  y: [1]"), ("a.json", '{"x": {"y": [1]}}'), ("a.toml", "x.y = [1]")],
)
def test_formats(tmp_path: Path, name: str, text: str) -> None:
    """YAML, JSON and TOML give the same plain values."""
    (tmp_path / name).write_text(text)
    assert read_config(tmp_path / name) == {"x": {"y": [1]}}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b"{"),
        ("a.json", b"[" * 100_000),
        ("a.yaml", b"x: [1"),
        ("a.yaml", b"!!python/object:os.system {}"),
        ("a.toml", b"x = "),
        ("a.toml", b"\xff"),
        ("a.ini", b"[x]"),
    ],
)
def test_damage(tmp_path: Path, name: str, content: bytes) -> None:
    """What cannot be read as its name says is a `CannotRead`, and no code in it is run."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CannotRead):
        read_config(tmp_path / name)


def test_missing_and_huge(tmp_path: Path) -> None:
    """A file that is not there, and one over the limit, are named as such without reading them."""
    with pytest.raises(CannotRead, match="No such file"):
        read_config(tmp_path / "gone.json")
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(CannotRead, match="over the limit"):
        read_config(tmp_path / "huge.json")
