"""Reads decoded JSON of any shape without trusting it: the wrong type is None, never an exception."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

MOST_TOKENS = 1 << 50
"""A count of tokens beyond this is no count."""


def decode(data: bytes | str) -> object:
    """Decode the JSON text of a reply.

    Raises:
        ValueError: it is not UTF-8 or no JSON; NaN and the infinities are none, and neither is one nested so
            deeply that it cannot be read.
    """
    try:
        whole = data.decode("utf-8") if isinstance(data, bytes) else data
        return json.loads(whole, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def mapping(value: object) -> Mapping[str, Any]:
    """Return an object of the JSON as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """Return a list of the JSON as it is, anything else as an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a string of the JSON, anything else as an empty one; half a surrogate pair becomes U+FFFD."""
    if not isinstance(value, str):
        return ""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def word(value: object) -> str | None:
    """Return a short name such as a model or an id on one line, None if there is none."""
    return brief(text(value), 200) or None


def brief(value: str, limit: int = 300) -> str:
    """Return text of foreign origin on one line of printable characters, shortened visibly."""
    head = "".join(c if c.isprintable() else " " for c in value[: 4 * limit])
    line = " ".join(head.split())
    return line if len(line) <= limit and len(value) <= 4 * limit else f"{line[: limit - 3].rstrip()}..."


def count(value: object) -> int | None:
    """Return a number of tokens, None if it is none; some servers write whole numbers with a point."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if 0 <= value <= MOST_TOKENS and value == int(value) else None
