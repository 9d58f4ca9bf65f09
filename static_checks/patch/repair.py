"""Named repairs of patch text: what agents and harnesses break on the way, and nothing else."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from judge.static_checks.patch.parse import MalformedPatch

_FENCE = re.compile(rb"^([ \t]*)(`{3,}|~{3,})([^\n`]*)$", re.MULTILINE)
_HEADER = re.compile(rb"^(?:diff --git |--- |\+\+\+ |@@ )", re.MULTILINE)
_CR_HEADER = re.compile(rb"^(?:diff --git |--- |\+\+\+ |@@ -)[^\n]*\r$", re.MULTILINE)
_GIT_NAMES = re.compile(rb"^(?:diff --git|---|\+\+\+) (?!/dev/null)(\S+)", re.MULTILINE)
_HUNK = re.compile(rb"@@ -[0-9]+(?:,([0-9]{1,9}))? \+[0-9]+(?:,([0-9]{1,9}))? @@")

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
        if data.startswith(mark) or (name == "UTF-16" and b"d\0i\0f\0f" in data[:64]):
            raise MalformedPatch(1, f"the text is {name}, which git cannot read; save it as UTF-8")
    repairs: list[str] = []
    if data.startswith(codecs.BOM_UTF8):
        data = data.removeprefix(codecs.BOM_UTF8)
        repairs.append("byte order mark removed")
    if (fenced := _fenced(data)) is not None:
        data = fenced
        repairs.append("Markdown fence removed")
    if _CR_HEADER.search(_headers_only(data)):
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
    """The text inside the Markdown fence that holds the diff, if all of the diff is in it.

    Of several fences git itself finds every diff, as it skips what is between them.
    """
    first = _HEADER.search(data)
    if first is None:
        return None
    opened: re.Match[bytes] | None = None
    for fence in _FENCE.finditer(data, 0, first.start()):
        closes = opened is not None and fence[2].startswith(opened[2]) and not fence[3].strip()
        opened = None if closes else opened or fence
    if opened is None:
        return None
    # A line of the diff may look like a fence, but only behind its own first character.
    closing = re.compile(rb"^%b%b+[ \t]*\r?$" % (opened[1], re.escape(opened[2])), re.MULTILINE)
    closed = closing.search(data, first.start())
    if closed is None or _HEADER.search(data, closed.end()):
        return None
    return data[opened.end() + 1 : closed.start()]


def _lacks_prefix(data: bytes) -> bool:
    """Whether no header name has any one-letter prefix (git's a/ b/, or c/ i/ o/ w/)."""
    names = [match[1].strip(b'"') for match in _GIT_NAMES.finditer(_headers_only(data))]
    return bool(names) and not any(re.match(rb"[abciow]/", name) for name in names)


def _headers_only(data: bytes) -> bytes:
    """Drop hunk bodies, whose lines may look like headers."""
    kept = []
    old = new = 0
    for line in data.split(b"\n"):
        if (old > 0 or new > 0) and line[:1] in b" +-\\\r":
            old -= line[:1] in b" -\r"
            new -= line[:1] in b" +\r"
            continue
        kept.append(line)
        header = _HUNK.match(line)
        old, new = (int(header[1] or 1), int(header[2] or 1)) if header else (0, 0)
    return b"\n".join(kept)
