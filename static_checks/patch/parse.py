"""The patch model and its strict reader: what a diff says, before anything is applied.

Follows the grammar of `git apply`; unidiff (lenient: it drops surplus lines and accepts prose)
only reads the bodies of hunks whose counts were verified here first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from unidiff.patch import PatchSet

from judge.static_checks.patch.header_names import header_name, is_null, plain_names, rename_name, section_name

FileStatus = Literal["added", "deleted", "modified", "renamed", "copied"]

# More digits than any file has lines would only be a way to make `int` raise.
_HUNK = re.compile(r"@@ -([0-9]{1,9})(?:,([0-9]{1,9}))? \+([0-9]{1,9})(?:,([0-9]{1,9}))? @@ ?(.*)")
_INDEX = re.compile(r"index ([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: ([0-7]{6}))?", re.IGNORECASE)
_MODE_LINE = re.compile(r"(old|new|deleted file|new file) mode (.*)")
_MOVE_LINE = re.compile(r"(rename|copy) (from|to|old|new) (.*)", re.DOTALL)
# "\ No newline at end of file", in whatever language: git asks for twelve characters.
_INCOMPLETE = re.compile(r"\\ .{9,}\n", re.DOTALL)
_KINDS: dict[str, Literal[" ", "+", "-"]] = {" ": " ", "+": "+", "-": "-"}


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
    """One `@@` block."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[DiffLine, ...]

    def moved(self, old_by: int, new_by: int) -> Hunk:
        """Return the hunk as it stands that many lines further down, on the old and on the new side."""
        if not old_by and not new_by:
            return self
        lines = tuple(replace(line, old=_plus(line.old, old_by), new=_plus(line.new, new_by)) for line in self.lines)
        return replace(self, old_start=self.old_start + old_by, new_start=self.new_start + new_by, lines=lines)


def _plus(number: int | None, by: int) -> int | None:
    return None if number is None else number + by


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

    both: str | None
    old: str | None = None
    new: str | None = None
    status: FileStatus = "modified"
    old_mode: str | None = None
    new_mode: str | None = None
    old_blob: str | None = None
    new_blob: str | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether neither the file's place nor its mode changes; then it takes hunks to be a change."""
        mode_changes = self.new_mode is not None and self.new_mode != self.old_mode
        return self.status == "modified" and not mode_changes


class _Reader:
    def __init__(self, lines: Sequence[str], strip: int) -> None:
        self.lines = lines
        self.strip = strip
        self.at = 0
        self.bare: int | None = None

    def files(self) -> Iterator[FileChange]:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.startswith("diff --git "):
                yield from self._git_section()
            elif line.startswith("--- ") and self._peek(1).startswith("+++ ") and self._peek(2).startswith("@@ -"):
                yield self._plain_section()
            elif _HUNK.match(line):
                raise MalformedPatch(self.at + 1, "a hunk without a file header before it")
            else:
                self.at += 1  # git skips prose between sections, such as a commit message

    def _peek(self, ahead: int) -> str:
        return self.lines[self.at + ahead] if self.at + ahead < len(self.lines) else ""

    def _git_section(self) -> Iterator[FileChange]:
        start = self.at + 1
        header = _Header(both=header_name(self.lines[self.at].rstrip("\n")[len("diff --git ") :], self.strip))
        self.at += 1
        while self.at < len(self.lines) and self._extended(header, self.lines[self.at].rstrip("\n")):
            self.at += 1
        if self.at == start:
            self.bare = start
            return  # git takes a `diff --git` line without a further header line for prose
        if header.old is None and header.new is None:
            header.old = header.new = header.both
        if (header.old is None and header.status != "added") or (header.new is None and header.status != "deleted"):
            raise MalformedPatch(start, "the header names no file after the path prefix is removed")
        if header.old is not None and header.status == "added":
            raise MalformedPatch(start, f"a new file that has an old name, {header.old!r}")
        self._no_bare_line_before(None if header.status == "added" else header.old)
        hunks = tuple(self._hunks())
        binary = not hunks and self._binary()
        if header.old != header.new and header.status == "modified":
            header.status = "renamed"  # said by `---` and `+++` alone; git does it
        if not hunks and not binary and header.says_nothing:
            raise MalformedPatch(self.at + 1, "a file section that changes nothing: hunks are due here")
        yield FileChange(
            old_path=header.old if header.status != "added" else None,
            new_path=header.new if header.status != "deleted" else None,
            status=header.status,
            old_mode=header.old_mode,
            new_mode=header.new_mode,
            old_blob=header.old_blob,
            new_blob=header.new_blob,
            binary=binary,
            hunks=hunks,
        )

    def _extended(self, header: _Header, line: str) -> bool:
        if match := _MODE_LINE.match(line):
            self._mode(header, match[1], match[2])
        elif match := _MOVE_LINE.match(line):
            header.status = "renamed" if match[1] == "rename" else "copied"
            name = rename_name(match[3], self.strip)
            if match[2] in ("from", "old"):
                header.old = name
            else:
                header.new = name
        elif line.startswith("index "):
            if match := _INDEX.match(line):
                header.old_blob, header.new_blob = match[1], match[2]
                header.old_mode = header.old_mode or (_canonical(match[3]) if match[3] else None)
        elif line.startswith("--- "):
            header.old = self._agreed(header.old, line[4:], absent=header.status == "added")
        elif line.startswith("+++ "):
            header.new = self._agreed(header.new, line[4:], absent=header.status == "deleted")
        else:
            return line.startswith(("similarity index ", "dissimilarity index "))
        return True

    def _mode(self, header: _Header, kind: str, text: str) -> None:
        if not re.match(r"\s*[0-7]+(?:\s|$)", text):
            raise MalformedPatch(self.at + 1, f"{text!r} is no file mode")
        mode = _canonical(text)
        if kind in ("old", "deleted file"):
            header.old_mode = mode
        else:
            header.new_mode = mode
        if kind == "new file":
            header.status, header.new = "added", header.both
        elif kind == "deleted file":
            header.status, header.old = "deleted", header.both

    def _agreed(self, known: str | None, raw: str, *, absent: bool) -> str | None:
        """The name in a `---` or `+++` line; it must be the one that is known, or /dev/null if absent."""
        if absent:
            if known is not None or not is_null(raw):
                raise MalformedPatch(self.at + 1, f"expected /dev/null, found {raw[:60]!r}")
            return None
        name = section_name(raw, self.strip)
        if known is not None and name != known:
            raise MalformedPatch(self.at + 1, f"names {name!r}, but a line before it says {known!r}")
        return name

    def _binary(self) -> bool:
        """Step over the line that says the change is binary; its data, if any, reads as prose."""
        line = self._peek(0)
        is_binary = line == "GIT binary patch\n" or (line.startswith(("Binary files ", "Files ")) and " differ" in line)
        self.at += is_binary  # a truth value is 0 or 1
        return is_binary

    def _no_bare_line_before(self, old: str | None) -> None:
        """git remembers the name of a bare `diff --git` line, and dies of an assertion when a new file follows."""
        if old is None and self.bare is not None:
            raise MalformedPatch(self.bare, "a 'diff --git' line without header lines, before a new file")
        self.bare = None

    def _plain_section(self) -> FileChange:
        start = self.at + 1
        old, new = (self._peek(ahead).rstrip("\n")[4:] for ahead in (0, 1))
        names = plain_names(old, new, self.strip)
        if names is None:
            raise MalformedPatch(start, "the header names no file after the path prefix is removed")
        self._no_bare_line_before(names.old)
        self.at += 2
        status: FileStatus = "added" if names.old is None else "deleted" if names.new is None else "modified"
        return FileChange(old_path=names.old, new_path=names.new, status=status, hunks=tuple(self._hunks()))

    def _hunks(self) -> Iterator[Hunk]:
        while self._peek(0).startswith("@@ -"):
            start = self.at
            match = _HUNK.match(self.lines[self.at])
            if match is None:
                raise MalformedPatch(start + 1, "corrupt hunk: expected '@@ -START,COUNT +START,COUNT @@'")
            counts = int(match[2] or 1), int(match[4] or 1)
            self._skip_body(*counts)
            lines = tuple(_read_body(self.lines[start : self.at]))
            if all(line.kind == " " for line in lines):
                raise MalformedPatch(start + 1, "corrupt hunk: it neither adds nor removes a line")
            yield Hunk(
                old_start=int(match[1]),
                old_count=counts[0],
                new_start=int(match[3]),
                new_count=counts[1],
                lines=lines,
            )

    def _skip_body(self, old: int, new: int) -> None:
        """Advance past one hunk's body, holding it to the counts in its header."""
        self.at += 1
        while old > 0 or new > 0:
            line = self._peek(0)
            kind = line[:1]
            if kind in (" ", "\n"):
                old, new = old - 1, new - 1
            elif kind == "-":
                old -= 1
            elif kind == "+":
                new -= 1
            elif not _INCOMPLETE.match(line):
                what = "the patch ends" if not line else f"found {line.rstrip()[:60]!r}"
                raise MalformedPatch(
                    self.at + 1, f"corrupt hunk: {what} where {max(old, 0)} old and {max(new, 0)} new lines are due"
                )
            if old < 0 or new < 0:
                raise MalformedPatch(self.at + 1, "corrupt hunk: more lines than its header counts")
            if not line.endswith("\n"):
                raise MalformedPatch(self.at + 1, "corrupt hunk: its last line has no line end")
            self.at += 1
        if _INCOMPLETE.match(self._peek(0)):
            self.at += 1


def _read_body(lines: Sequence[str]) -> Iterator[DiffLine]:
    hunk = PatchSet(["--- a/x\n", "+++ b/x\n", *lines])[0][0]
    for line in hunk:
        kind = _KINDS.get(line.line_type)
        if kind is not None:
            text = str(line.value).removesuffix("\n")
            yield DiffLine(kind=kind, text=text, old=line.source_line_no, new=line.target_line_no)


def _canonical(mode: str) -> str:
    """The mode as git will record it: of all the bits, the kind of entry and the executable bit count."""
    bits = int(mode.split(maxsplit=1)[0], 8)
    kind = bits & 0o170000
    if kind == 0o120000:
        return "120000"
    if kind in (0o160000, 0o040000):
        return "160000"
    return "100755" if bits & 0o100 else "100644"
