"""File names in the header lines of a patch, read as `git apply` reads them: prefixes, quotes, timestamps."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ESCAPES = {
    b"n": b"\n", b"t": b"\t", b"r": b"\r", b'"': b'"', b"\\": b"\\",
    b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v",
}  # fmt: skip
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)
_TIMESTAMP = re.compile(
    r"(?:\t| +)(?:[0-9]{2}|[0-9]{4})-[0-9]{2}-[0-9]{2}"
    r"(?: [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?)?(?: [+-][0-9]{2}:?[0-9]{2})?$"
)
_EPOCH = re.compile(
    r".*\t(1969-12-31|1970-01-01) ([0-2][0-9]):([0-5][0-9]):00(?:\.0+)? ([-+])([0-2][0-9]):?([0-5][0-9])$"
)
# Longer than any two paths of a file system; keeps the search for the middle of a header line short.
_MAX_HEADER = 4 * 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class PlainNames:
    """What `---` and `+++` say without a `diff --git` line; None on the side where there is no file."""

    old: str | None
    new: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Quoted:
    name: str
    rest: str


def header_name(rest: str, strip: int) -> str | None:
    """Return the name in `diff --git a/NAME b/NAME`, None when the two sides do not agree."""
    if len(rest) > _MAX_HEADER:
        return None
    if rest.startswith('"'):
        first = _quoted(rest)
        name = first and _without_prefix(first.name, strip)
        if first is None or name is None:
            return None
        second = first.rest.lstrip(" \t\r")
        again = _quoted(second)
        other = again.name if again else second
        return name if _without_prefix(other, strip) == name else None
    inner = _without_prefix(rest, strip)
    if inner is None:
        return None
    for cut in (match.start() for match in re.finditer("[ \t]", inner)):
        second = inner[cut + 1 :]
        again = _quoted(second) if second.startswith('"') else None
        if _without_prefix(again.name if again else second, strip) == inner[:cut]:
            return inner[:cut]
    return None


def section_name(raw: str, strip: int) -> str | None:
    """Return the name in a `---` or `+++` line under a `diff --git` line, None when nothing is left of it."""
    return _stripped_quoted(raw, strip) or _normal(re.split("[\t\r]", raw, maxsplit=1)[0], strip)


def rename_name(raw: str, strip: int) -> str | None:
    """Return the name in a `rename` or `copy` line, which has no a/ or b/ prefix."""
    strip = max(strip - 1, 0)
    return _stripped_quoted(raw, strip) or _normal(raw.split("\r", 1)[0], strip)


def plain_names(old: str, new: str, strip: int) -> PlainNames | None:
    """Return the names of a section without a `diff --git` line, None when there are none.

    Such a section cannot say a rename: one name stands for both sides, the new one unless it is the
    old one with something tacked on, such as `~`.
    """
    if is_null(old):
        name = _plain_name(new, strip)
        return PlainNames(old=None, new=name) if name else None
    first = _plain_name(old, strip)
    if is_null(new):
        return PlainNames(old=first, new=None) if first else None
    second = _plain_name(new, strip)
    name = first if not second or (first and len(first) < len(second) and second.startswith(first)) else second
    if not name:
        return None
    return PlainNames(old=None if _is_epoch(old) else name, new=None if _is_epoch(new) and not _is_epoch(old) else name)


def is_null(raw: str) -> bool:
    """Whether the line says /dev/null: no file on this side."""
    return re.match(r"/dev/null(?:[ \t\r]|$)", raw) is not None


def _plain_name(raw: str, strip: int) -> str | None:
    if quoted := _stripped_quoted(raw, strip):
        return quoted
    dated = _TIMESTAMP.search(raw)
    return _normal(raw[: dated.start()] if dated and dated.start() else re.split("[\t\r]", raw, maxsplit=1)[0], strip)


def _stripped_quoted(raw: str, strip: int) -> str | None:
    quoted = _quoted(raw)
    return _normal(quoted.name, strip) if quoted else None


def _normal(name: str, strip: int) -> str | None:
    parts = name.split("/", strip)
    return re.sub("/+", "/", parts[strip]) or None if len(parts) > strip else None


def _without_prefix(name: str, strip: int) -> str | None:
    if name.startswith("/"):
        return None
    parts = name.split("/", strip)
    return parts[strip] if len(parts) > strip else None


def _quoted(text: str) -> _Quoted | None:
    """Undo git's C-style quoting at the start of `text`; octal escapes are bytes, not characters."""
    raw = text.encode("utf-8", "surrogateescape")
    match = _QUOTED.match(raw)
    if match is None or any(len(e[1]) == 1 and e[1] not in _ESCAPES for e in _ESCAPED.finditer(match[1])):
        return None
    name = _ESCAPED.sub(lambda e: _ESCAPES[e[1]] if len(e[1]) == 1 else bytes([int(e[1], 8)]), match[1])
    return _Quoted(
        name=name.decode("utf-8", "surrogateescape"), rest=raw[match.end() :].decode("utf-8", "surrogateescape")
    )


def _is_epoch(raw: str) -> bool:
    """Whether the timestamp is the start of 1970: how some tools say that the file is not there."""
    match = _EPOCH.match(raw)
    if match is None:
        return False
    minutes = int(match[2]) * 60 + int(match[3])
    zone = (int(match[5]) * 60 + int(match[6])) * (-1 if match[4] == "-" else 1)
    return minutes - zone == (24 * 60 if match[1] == "1969-12-31" else 0)
