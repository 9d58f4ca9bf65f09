"""The patch model and its strict reader: what a diff says, before anything is applied.

Follows the grammar of `git apply`; unidiff (lenient: it drops surplus lines and accepts prose)
only reads the bodies of hunks whose counts were verified here first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from unidiff.patch import PatchSet

FileStatus = Literal["added", "deleted", "modified", "renamed", "copied"]

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")
_INDEX = re.compile(r"index ([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: ([0-7]{6}))?")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPED = re.compile(r'\\([0-7]{3}|[abfnrtv"\\])')


class MalformedPatch(ValueError):
    """The text is not a patch that `git apply` could read.

    Attributes:
        line: 1-based line of the patch text where reading stopped, 0 for the text as a whole.
        why: what was expected there.
    """

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}" if line else why)
        self.line = line
        self.why = why


@dataclass(frozen=True, kw_only=True, slots=True)
class DiffLine:
    """One line of a hunk; `old` and `new` are 1-based line numbers on either side."""

    kind: Literal[" ", "+", "-"]
    text: str
    old: int | None
    new: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Hunk:
    """One `@@` block, with the line of the patch text where it starts."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: str
    patch_line: int
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """What the patch says about one file; modes and blobs are None where it does not say."""

    old_path: str | None
    new_path: str | None
    status: FileStatus
    old_mode: str | None = None
    new_mode: str | None = None
    old_blob: str | None = None
    new_blob: str | None = None
    binary: bool = False
    hunks: tuple[Hunk, ...] = ()

    @property
    def path(self) -> str:
        """Where the file is after the patch, or was, if the patch deletes it."""
        path = self.new_path or self.old_path
        assert path is not None, "the reader refuses a change without a path"
        return path

    @cached_property
    def added(self) -> tuple[DiffLine, ...]:
        """The lines the patch adds, in order."""
        return tuple(line for hunk in self.hunks for line in hunk.lines if line.kind == "+")

    @cached_property
    def removed(self) -> tuple[DiffLine, ...]:
        """The lines the patch removes, in order."""
        return tuple(line for hunk in self.hunks for line in hunk.lines if line.kind == "-")


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A whole patch: the files it touches and the bytes that `git apply` is given."""

    files: tuple[FileChange, ...]
    data: bytes = field(repr=False)
    strip: int = 1
    repairs: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """Digest of the bytes, the identity of the patch text."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path the patch reads or writes, each once, in order."""
        seen = dict.fromkeys(p for f in self.files for p in (f.old_path, f.new_path) if p is not None)
        return tuple(seen)


def decode(data: bytes) -> str:
    """Decode patch or source bytes without loss; undecodable bytes become surrogates."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Undo `decode`."""
    return text.encode("utf-8", "surrogateescape")


def split_lines(text: str) -> list[str]:
    r"""Split on "\n" only, keeping it; `str.splitlines` also splits on form feeds and others."""
    lines = text.split("\n")
    tail = lines.pop()
    return [line + "\n" for line in lines] + ([tail] if tail else [])


def parse_patch(data: bytes, *, strip: int = 1) -> Patch:
    """Read a patch as `git apply -pN` would.

    Args:
        data: the patch text.
        strip: how many leading path components to remove (`git apply -p`).

    Raises:
        MalformedPatch: no file section, a corrupt hunk, or a header that names no file.
    """
    lines = split_lines(decode(data))
    files = tuple(_Reader(lines, strip).files())
    if not files:
        raise MalformedPatch(0, "no file section: expected a line 'diff --git a/... b/...' or '--- ...'")
    return Patch(files=files, data=data, strip=strip)


@dataclass
class _Header:
    """Extended header lines of one `diff --git` section while they are being read."""

    old: str | None
    new: str | None
    status: FileStatus = "modified"
    old_mode: str | None = None
    new_mode: str | None = None
    old_blob: str | None = None
    new_blob: str | None = None
    binary: bool = False


class _Reader:
    def __init__(self, lines: Sequence[str], strip: int) -> None:
        self.lines = lines
        self.strip = strip
        self.at = 0

    def files(self) -> Iterator[FileChange]:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.startswith("diff --git "):
                yield self._git_section()
            elif line.startswith("--- ") and self._peek(1).startswith("+++ ") and _HUNK.match(self._peek(2)):
                yield self._plain_section()
            elif _HUNK.match(line):
                raise MalformedPatch(self.at + 1, "a hunk without a file header before it")
            else:
                self.at += 1  # git skips prose between sections, such as a commit message

    def _peek(self, ahead: int) -> str:
        return self.lines[self.at + ahead] if self.at + ahead < len(self.lines) else ""

    def _git_section(self) -> FileChange:
        start = self.at + 1
        both = _same_name(self.lines[self.at].rstrip("\n")[len("diff --git ") :], self.strip)
        header = _Header(old=both, new=both)
        self.at += 1
        while self.at < len(self.lines) and self._extended(header, self.lines[self.at].rstrip("\n")):
            self.at += 1
        hunks = tuple(self._hunks()) if not header.binary else ()
        if header.old is None and header.new is None:
            raise MalformedPatch(start, "the header names no file after the path prefix is removed")
        return FileChange(
            old_path=header.old,
            new_path=header.new,
            status=header.status,
            old_mode=header.old_mode,
            new_mode=header.new_mode,
            old_blob=header.old_blob,
            new_blob=header.new_blob,
            binary=header.binary,
            hunks=hunks,
        )

    def _extended(self, header: _Header, line: str) -> bool:
        if line.startswith("old mode "):
            header.old_mode = line[9:]
        elif line.startswith("new mode "):
            header.new_mode = line[9:]
        elif line.startswith("deleted file mode "):
            header.old_mode, header.new, header.status = line[18:], None, "deleted"
        elif line.startswith("new file mode "):
            header.new_mode, header.old, header.status = line[14:], None, "added"
        elif line.startswith(("rename from ", "copy from ")):
            header.status = "renamed" if line.startswith("rename") else "copied"
            header.old = _unquote(line.split(" from ", 1)[1])
        elif line.startswith(("rename to ", "copy to ")):
            header.new = _unquote(line.split(" to ", 1)[1])
        elif found := _INDEX.match(line):
            header.old_blob, header.new_blob = found[1], found[2]
            header.old_mode = header.old_mode or (found[3] if header.status != "added" else None)
        elif line.startswith(("GIT binary patch", "Binary files ")):
            header.binary = True
        elif line.startswith("--- "):
            name = _file_name(line[4:], self.strip)
            header.old = name if header.status != "added" else None
        elif line.startswith("+++ "):
            name = _file_name(line[4:], self.strip)
            header.new = name if header.status != "deleted" else None
        else:
            return line.startswith(("similarity index ", "dissimilarity index "))
        return True

    def _plain_section(self) -> FileChange:
        start = self.at + 1
        old = _file_name(self.lines[self.at].rstrip("\n")[4:], self.strip)
        new = _file_name(self.lines[self.at + 1].rstrip("\n")[4:], self.strip)
        self.at += 2
        hunks = tuple(self._hunks())
        if old is None and new is None:
            raise MalformedPatch(start, "the header names no file after the path prefix is removed")
        # Without git's extended header a rename cannot be said: git takes the name that is there.
        status: FileStatus = "added" if old is None else "deleted" if new is None else "modified"
        return FileChange(old_path=old, new_path=new, status=status, hunks=hunks)

    def _hunks(self) -> Iterator[Hunk]:
        while self.at < len(self.lines) and (found := _HUNK.match(self.lines[self.at])):
            start = self.at
            counts = int(found[2] or 1), int(found[4] or 1)
            self._skip_body(*counts)
            lines = tuple(_read_body(self.lines[start : self.at]))
            yield Hunk(
                old_start=int(found[1]),
                old_count=counts[0],
                new_start=int(found[3]),
                new_count=counts[1],
                section=found[5].strip(),
                patch_line=start + 1,
                lines=lines,
            )

    def _skip_body(self, old: int, new: int) -> None:
        """Advance past one hunk's body, holding it to the counts in its header."""
        self.at += 1
        while old > 0 or new > 0:
            line = self.lines[self.at] if self.at < len(self.lines) else ""
            kind = line[:1]
            if kind in (" ", "\n"):
                old, new = old - 1, new - 1
            elif kind == "-":
                old -= 1
            elif kind == "+":
                new -= 1
            elif kind != "\\":
                what = "the patch ends" if not line else f"found {line.rstrip()[:60]!r}"
                raise MalformedPatch(
                    self.at + 1, f"corrupt hunk: {what} where {max(old, 0)} old and {max(new, 0)} new lines are due"
                )
            if old < 0 or new < 0:
                raise MalformedPatch(self.at + 1, "corrupt hunk: more lines than its header counts")
            self.at += 1
        if self.at < len(self.lines) and self.lines[self.at].startswith("\\"):
            self.at += 1


def _read_body(lines: Sequence[str]) -> Iterator[DiffLine]:
    hunk = PatchSet(["--- a/x\n", "+++ b/x\n", *lines])[0][0]
    for line in hunk:
        if line.line_type in (" ", "+", "-"):
            text = str(line.value).removesuffix("\n")
            kind: Literal[" ", "+", "-"] = line.line_type
            yield DiffLine(kind=kind, text=text, old=line.source_line_no, new=line.target_line_no)


def _file_name(raw: str, strip: int) -> str | None:
    name = _unquote(raw) if raw.startswith('"') else raw.split("\t", 1)[0]
    if name == "/dev/null":
        return None
    return _strip_components(name, strip)


def _strip_components(name: str, strip: int) -> str | None:
    parts = name.split("/", strip)
    return parts[strip] if len(parts) > strip and parts[strip] else None


def _unquote(name: str) -> str:
    """Undo git's C-style quoting, whose octal escapes are bytes, not characters."""
    if not (name.startswith('"') and name.endswith('"') and len(name) > 1):
        return name

    def plain(found: re.Match[str]) -> str:
        word = found[1]
        return _ESCAPES.get(word) or chr(int(word, 8))

    raw = _ESCAPED.sub(plain, name[1:-1])
    if any(ord(char) > 255 for char in raw):
        return raw
    return raw.encode("latin-1").decode("utf-8", "surrogateescape")


def _same_name(rest: str, strip: int) -> str | None:
    """The name in `diff --git a/NAME b/NAME`, when both sides agree (git's own rule)."""
    if rest.startswith('"'):
        end = re.match(r'"(?:[^"\\]|\\.)*"', rest)
        return _strip_components(_unquote(end[0]), strip) if end else None
    for cut in (found.start() for found in re.finditer(" ", rest)):
        left, right = _strip_components(rest[:cut], strip), _strip_components(_unquote(rest[cut + 1 :]), strip)
        if left is not None and left == right:
            return left
    return None
