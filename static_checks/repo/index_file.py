"""Writes and reads git's index file (version 2), so that applying a patch takes one git process, not three."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping

from judge.static_checks.repo.git import GitError
from judge.static_checks.repo.tree import Entry

_HEAD = struct.Struct("!4sII")
_STAT_BYTES = 40  # times, device, owner and size, all zero here; the mode is the seventh of these ten numbers
_MODE = struct.Struct("!24xI12x")
_MAX_LENGTH = 0xFFF


def write_index(entries: Mapping[str, Entry], object_format: str) -> bytes:
    """Return the index file that holds these entries, as `git update-index --index-info` makes it."""
    rows = sorted((path.encode("utf-8", "surrogateescape"), entry) for path, entry in entries.items())
    parts = [_HEAD.pack(b"DIRC", 2, len(rows))]
    for path, entry in rows:
        name_length = struct.pack("!H", min(len(path), _MAX_LENGTH))
        row = _MODE.pack(int(entry.mode, 8)) + bytes.fromhex(entry.oid) + name_length + path
        parts.append(row + b"\0" * (8 - len(row) % 8))
    content = b"".join(parts)
    return content + hashlib.new(object_format, content).digest()


def read_index(content: bytes, object_format: str) -> dict[str, Entry]:
    """Return the entries of an index file by path.

    Raises:
        GitError: it is not an index of version 2 without conflicts, which is all that git makes of ours.
    """
    try:
        return dict(_entries(content, hashlib.new(object_format).digest_size))
    except (struct.error, ValueError) as error:
        raise GitError(f"the index that git apply wrote cannot be read: {error}") from error


def _entries(content: bytes, id_bytes: int) -> Iterator[tuple[str, Entry]]:
    magic, version, count = _HEAD.unpack_from(content)
    if (magic, version) != (b"DIRC", 2):
        raise ValueError(f"it starts with {magic!r} and has version {version}, not 2")
    at = _HEAD.size
    for _ in range(count):
        (mode,) = _MODE.unpack_from(content, at)
        oid = content[at + _STAT_BYTES : at + _STAT_BYTES + id_bytes].hex()
        name_at = at + _STAT_BYTES + id_bytes + 2
        (flags,) = struct.unpack_from("!H", content, name_at - 2)
        if flags & 0x7000:
            raise ValueError("an entry is in conflict or has extended flags")
        end = content.index(b"\0", name_at)
        yield content[name_at:end].decode("utf-8", "surrogateescape"), Entry(mode=f"{mode:06o}", oid=oid)
        at += (end - at) // 8 * 8 + 8
