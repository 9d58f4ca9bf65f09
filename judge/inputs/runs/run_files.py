"""Reads what harnesses left behind, within limits: folders without loops, JSON and logs of bounded size.

Whatever cannot be read comes back as `Unread`, with a reason; nothing here raises for the state of a file.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from judge.inputs.runs.recorded_run import PatchState, Unread
from judge.static_checks.model.case import MAX_PATCH_BYTES

MAX_JSON_BYTES = 64 << 20
"""A larger JSON file is not read: parsing takes several times its size in memory."""
MAX_LINE_BYTES = 64 << 20
HEAD_BYTES = 1 << 16
"""How much of a file is looked at to see what it is."""
_BLANK_PATCH_BYTES = 64
_LOOK_FOLDERS = 2000
_LOOK_BRANCHES = 24
_FIRST_LINES = 3
_LONGEST_FIRST_LINE = 4 << 20


@dataclass(frozen=True, kw_only=True)
class Folder:
    """One folder of a tree that is walked, with its files by name."""

    path: str
    files: Mapping[str, os.DirEntry[str]]

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.path.rpartition("/")[2]


def walk(root: Path) -> Iterator[Folder | Unread]:
    """Yield every folder below `root`, itself included, each once, in order of name.

    A link to a folder that is walked anyway is left out, so that nothing counts twice; one that leads
    back to where it stands is named.
    """
    walker = _Walker(root)
    stack = [str(root)]
    while stack:
        path = stack.pop()
        try:
            with os.scandir(path) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield Unread(path=path, why=_unreadable(error))
            continue
        files: dict[str, os.DirEntry[str]] = {}
        inside: list[str] = []
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                inside.append(entry.path)
            elif not entry.is_symlink():
                files[entry.name] = entry
            else:
                match walker.link(path, entry):
                    case "file":
                        files[entry.name] = entry
                    case "folder":
                        inside.append(entry.path)
                    case Unread() as unread:
                        yield unread
        yield Folder(path=path, files=files)
        stack.extend(reversed(inside))


class _Walker:
    """Decides which links to follow."""

    def __init__(self, root: Path) -> None:
        self._homes = [root.resolve()]

    def link(self, folder: str, entry: os.DirEntry[str]) -> str | Unread:
        try:
            if not stat.S_ISDIR(entry.stat().st_mode):
                return "file"
            real = Path(entry.path).resolve(strict=True)
        except FileNotFoundError:
            return "file"  # a broken link matters only where its name does, and reading it will say so
        except (OSError, RuntimeError) as error:
            return Unread(path=entry.path, why=_unreadable(error))
        if Path(folder).resolve().is_relative_to(real):
            return Unread(path=entry.path, why=f"a directory loop: the link leads back to {real}; not followed")
        if any(real.is_relative_to(home) for home in self._homes):
            return "walked anyway"
        self._homes.append(real)
        return "folder"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What is looked at to see what a path holds.

    Attributes:
        path: the path.
        files: names of files, each with one place: the file itself, or a sample of those below a folder.
    """

    path: Path
    files: Mapping[str, Path]

    @property
    def is_file(self) -> bool:
        """Whether the path is a file."""
        return self.files.get(self.path.name) == self.path

    def holds(self, wanted: Callable[[Path], bool]) -> bool:
        """Whether one of the files is `wanted`."""
        return any(wanted(place) for place in self.files.values())


def take_sample(root: Path) -> Sample:
    """Take a sample of what lies below `root`.

    Level by level, so that trees side by side are all seen; of a folder with many others inside, the
    first and the last few. Costs the same for any size of tree.
    """
    if root.is_file():
        return Sample(path=root, files={root.name: root})
    sampled: dict[str, Path] = {}
    waiting = deque([str(root)])
    for _ in range(_LOOK_FOLDERS):
        if not waiting:
            break
        try:
            with os.scandir(waiting.popleft()) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        inside = []
        for entry in listed:
            if entry.is_dir(follow_symlinks=False):
                inside.append(entry.path)
            else:
                sampled.setdefault(entry.name, Path(entry.path))
        half = _LOOK_BRANCHES // 2
        waiting.extend(inside if len(inside) <= _LOOK_BRANCHES else inside[:half] + inside[-half:])
    return Sample(path=root, files=sampled)


def find_files(path: Path, wanted: Callable[[Path], bool]) -> Iterator[Path | Unread]:
    """Yield the files below a folder that are `wanted`; a file that is given itself is."""
    if path.is_file():
        yield path
        return
    for folder in walk(path):
        if isinstance(folder, Unread):
            yield folder
        else:
            yield from (place for entry in folder.files.values() if wanted(place := Path(entry.path)))


def load_json(path: Path | str) -> Any | Unread:
    """Read a JSON file of any shape. NaN and Infinity become None: they are no numbers of JSON."""
    content = read_contents(path, MAX_JSON_BYTES)
    return content if isinstance(content, Unread) else parse_json(content, str(path))


def load_json_object(path: Path | str) -> dict[str, Any] | Unread:
    """Read a JSON file that holds an object."""
    content = load_json(path)
    if isinstance(content, dict | Unread):
        return content
    return Unread(path=str(path), why=f"holds {_kind(content)} where a JSON object was looked for")


def parse_json(content: bytes, place: str) -> Any | Unread:
    """Parse JSON; whatever is wrong with it is said in one line."""
    if not content.strip():
        return Unread(path=place, why="is empty")
    try:
        return _DECODER.decode(content.decode(json.detect_encoding(content)))
    except UnicodeDecodeError as error:
        return Unread(path=place, why=f"is not {error.encoding.upper()}: {error.reason} at byte {error.start}")
    except json.JSONDecodeError as error:
        cut = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated")
        what = "is cut short" if cut else "is not valid JSON"
        return Unread(path=place, why=f"{what}: {error.msg} (line {error.lineno}, column {error.colno})")
    except ValueError as error:
        return Unread(path=place, why=f"is not valid JSON: {error}")
    except RecursionError:
        return Unread(path=place, why="is not read: nested too deeply")


def read_contents(path: Path | str, limit: int) -> bytes | Unread:
    """Read a regular file whole, if it is not larger than `limit`."""
    try:
        number = _open_number(path)
        try:
            size = os.fstat(number).st_size
            if size > limit:
                return Unread(path=str(path), why=f"is not read: {size >> 20} MiB, over the limit of {limit >> 20} MiB")
            # Without the layers of a file object: an audit opens hundreds of thousands of small files.
            content = os.read(number, size + 1)
            while 0 < len(content) < size and (more := os.read(number, size - len(content))):
                content += more
            return content
        finally:
            os.close(number)
    except OSError as error:
        return Unread(path=str(path), why=_unreadable(error))


def read_head(path: Path) -> bytes:
    """Return the first bytes of a regular file, none of one that cannot be read."""
    try:
        with _open(path) as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""


def read_lines(path: Path) -> Iterator[tuple[str, bytes] | Unread]:
    """Yield (FILE:NUMBER, text) of each line that is not blank; one that is too long is named and passed over."""
    number = 0
    try:
        with _open(path) as file:
            while line := file.readline(MAX_LINE_BYTES):
                number += 1
                place = f"{path}:{number}"
                if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
                    while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                        pass
                    yield Unread(path=place, why=f"is not read: a line over the limit of {MAX_LINE_BYTES >> 20} MiB")
                elif line.strip():
                    yield place, line
    except OSError as error:
        yield Unread(path=str(path), why=_unreadable(error))


def read_first_object(path: Path) -> dict[str, Any]:
    """Return the first entry of a file of JSON lines, also where a line before it is damaged; else an empty object."""
    try:
        with _open(path) as file:
            for _ in range(_FIRST_LINES):
                entry = parse_json(line, str(path)) if (line := file.readline(_LONGEST_FIRST_LINE)) else None
                if isinstance(entry, dict):
                    return entry
    except OSError:
        pass
    return {}


def readable_size(file: Path | os.DirEntry[str]) -> int | Unread:
    """Return the size of a regular file that may be read; whoever opens it later waits for nothing."""
    place = str(file) if isinstance(file, Path) else file.path
    try:
        status = file.stat()
    except OSError as error:
        return Unread(path=place, why=_unreadable(error))
    if not stat.S_ISREG(status.st_mode):
        return Unread(path=place, why=_unreadable(_irregular()))
    if not os.access(file, os.R_OK, effective_ids=True):
        return Unread(path=place, why="cannot be read (Permission denied)")
    return status.st_size


def find_patch(file: Path | os.DirEntry[str]) -> tuple[Path | None, PatchState, Unread | None]:
    """Return a patch file and its state; one that cannot be read is named, and not returned."""
    size = readable_size(file)
    if isinstance(size, Unread):
        return None, "unreadable", size
    path = Path(file)
    if size > MAX_PATCH_BYTES:
        why = f"is not read: {size >> 20} MiB, over the limit of {MAX_PATCH_BYTES >> 20} MiB for a patch"
        return None, "unreadable", Unread(path=str(path), why=why)
    if size > _BLANK_PATCH_BYTES:
        return path, "yes", None
    content = read_contents(path, _BLANK_PATCH_BYTES)
    return (
        (path, "yes" if content.strip() else "empty", None)
        if isinstance(content, bytes)
        else (None, "unreadable", content)
    )


def _open(path: Path | str) -> BinaryIO:
    return os.fdopen(_open_number(path), "rb")


def _open_number(path: Path | str) -> int:
    """Open a regular file; a pipe would wait for a writer that never comes."""
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(number).st_mode):
        return number
    os.close(number)
    raise _irregular()


def _irregular() -> OSError:
    return OSError(errno.EINVAL, "not a regular file")


def _unknown(constant: str) -> None:
    """NaN and Infinity are not known."""


_DECODER = json.JSONDecoder(parse_constant=_unknown)


def _unreadable(error: Exception) -> str:
    return f"cannot be read ({error.strerror})" if isinstance(error, OSError) else f"cannot be read ({error})"


def _kind(value: object) -> str:
    return {list: "a list", str: "a text", bool: "true or false"}.get(type(value), "a number or null")
