"""Writes a file as a whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside `path` that takes its place when the block ends; after an error `path` is as it was.

    Raises:
        OSError: the file cannot be written.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("wb") as file:
            yield file
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def replace_text(path: Path, parts: Iterable[str]) -> None:
    """Write a text in place of what `path` holds; what UTF-8 cannot hold is written as an escape.

    Raises:
        OSError: the file cannot be written.
    """
    with replacing(path) as file:
        file.writelines(part.encode("utf-8", "backslashreplace") for part in parts)
