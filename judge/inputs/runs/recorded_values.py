"""Turns recorded JSON values into what a run may keep: finite numbers, cut texts, and None for what is not there."""

from __future__ import annotations

import math
from typing import Any

from judge.static_checks.model.case import Claim

TEXT_LIMIT = 4000
"""A longer recorded text is cut; its head and its end, where a traceback ends, are kept."""
_OUTPUT_DEPTH = 4
_CUT_MARK = "\n[... cut ...]\n"
_SUCCESS = frozenset({"success", "succeeded"})
_ERROR = frozenset({"error", "failed", "failure", "timeout", "max_steps_exceeded"})


def text(value: object, limit: int = TEXT_LIMIT) -> str | None:
    """Return a text, long ones cut, or None if it is none."""
    if not isinstance(value, str):
        return None
    if len(value) > limit:
        value = value[: limit // 4] + _CUT_MARK + value[-(limit - limit // 4) :]
    return printable(value)


def encode_patch(written: str) -> bytes:
    """Return a recorded patch as bytes; JSON may hold half of a character pair, which no encoding has a place for."""
    return written.encode("utf-8", "surrogatepass")


def printable(name: str) -> str:
    """Return a name as it may be printed and stored: bytes of a file name that are no UTF-8 are escaped."""
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode()


def number(value: object) -> float | None:
    """Return a finite number, None for anything else; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        converted = float(value)
    except OverflowError:
        return None
    return converted if math.isfinite(converted) else None


def integer(value: object) -> int | None:
    """Return a whole number of at most 64 bits, None for anything else."""
    finite = number(value)
    return int(finite) if finite is not None and finite.is_integer() and abs(finite) < 2**63 else None


def boolean(value: object) -> bool | None:
    """Return true or false, None for anything else."""
    return value if isinstance(value, bool) else None


def section(value: object, key: str) -> dict[str, Any]:
    """Return the object that stands at `key`, an empty one if there is none."""
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def claim_from_status(status: str | None) -> Claim | None:
    """Say what a harness claims by its word for a run; an unknown word claims nothing."""
    word = (status or "").strip().lower()
    return "success" if word in _SUCCESS else "error" if word in _ERROR else None


def tidy(value: object, depth: int = _OUTPUT_DEPTH) -> object:
    """Return recorded JSON as it may be kept: texts and lists cut, numbers finite."""
    match value:
        case bool() | None:
            return value
        case str():
            return text(value)
        case int() | float():
            return value if isinstance(value, int) and abs(value) < 2**63 else number(value)
        case dict() if depth:
            return {str(text(key, 200)): tidy(item, depth - 1) for key, item in list(value.items())[:100]}
        case list() if depth:
            return [tidy(item, depth - 1) for item in value[:20]]
    return None
