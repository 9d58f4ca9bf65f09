"""Named repairs of patch text: what agents and harnesses break on the way, and nothing else."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from judge.static_checks.patch import MalformedPatch

_FENCED = re.compile(rb"^[ \t]*(`{3,}|~{3,})[^\n`]*\n(.*?)^[ \t]*\1[ \t]*\r?$", re.MULTILINE | re.DOTALL)
_HEADER = re.compile(rb"^(?:diff --git |--- |\+\+\+ |@@ )", re.MULTILINE)
_CR_HEADER = re.compile(rb"^(?:diff --git |--- |\+\+\+ |@@ -)[^\n]*\r$", re.MULTILINE)
_GIT_NAMES = re.compile(rb"^(?:diff --git|---|\+\+\+) (?!/dev/null)(\S+)", re.MULTILINE)

_FOREIGN = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Repaired:
    """Patch text after repairs, the `-p` level to apply it with, and the names of the repairs."""

    data: bytes
    strip: int
    repairs: tuple[str, ...]


def repair(data: bytes) -> Repaired:
    """Undo the known kinds of damage that show in the text itself; most patches have none.

    Raises:
        MalformedPatch: the text is in an encoding that git does not read.
    """
    for mark, name in _FOREIGN:
        if data.startswith(mark) or (name == "UTF-16" and b"\0d\0i\0f\0f" in data[:64]):
            raise MalformedPatch(1, f"the text is {name}, which git cannot read; save it as UTF-8")
    repairs: list[str] = []
    if data.startswith(codecs.BOM_UTF8):
        data = data.removeprefix(codecs.BOM_UTF8)
        repairs.append("byte order mark removed")
    if (fenced := _fenced(data)) is not None:
        data = fenced
        repairs.append("Markdown fence removed")
    if _CR_HEADER.search(data):
        data = data.replace(b"\r\n", b"\n")
        repairs.append("CRLF line ends changed to LF")
    if data and not data.endswith(b"\n") and _HEADER.search(data):
        data += b"\n"
        repairs.append("final newline added")
    strip = 1
    if _lacks_prefix(data):
        strip = 0
        repairs.append("paths without a/ and b/ prefixes")
    return Repaired(data=data, strip=strip, repairs=tuple(repairs))


def _fenced(data: bytes) -> bytes | None:
    """The text inside the first Markdown fence that holds a diff, if the diff is not outside it."""
    found = next((block for block in _FENCED.finditer(data) if _HEADER.search(block[2])), None)
    first = _HEADER.search(data)
    if found is None or first is None or first.start() < found.start(2):
        return None
    return found[2]


def _lacks_prefix(data: bytes) -> bool:
    """Whether no header name has any one-letter prefix (git's a/ b/, or c/ i/ o/ w/)."""
    names = [found[1].strip(b'"') for found in _GIT_NAMES.finditer(_headers_only(data))]
    return bool(names) and not any(re.match(rb"[abciow]/", name) for name in names)


def _headers_only(data: bytes) -> bytes:
    """Drop hunk bodies, whose lines may look like headers."""
    kept = []
    body = False
    for line in data.split(b"\n"):
        if line.startswith((b"diff --git ", b"@@ ")):
            body = line.startswith(b"@@ ")
        if not body:
            kept.append(line)
        elif line and line[:1] not in b" +-\\@":
            body = False
            kept.append(line)
    return b"\n".join(kept)
