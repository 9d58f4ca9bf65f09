"""How foreign text stands in a question: every character visible, every line with a margin, between marked lines."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

_MARK_DIGITS = 16
_UNUSUAL = re.compile(r"[^\n\t\x20-\x7e]")
# Printable by its category, yet nothing to see: fillers, variation selectors, joiners, the blank Braille pattern.
# From "Default_Ignorable_Code_Point" of the Unicode Character Database.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0455\u0458\u04bb\u0501\u051b\u0475\u03bf\u03b1\u03b9\u03bd\u03c1\u0251\u0261",
    "aeopcyxisjhdqvoaivpag",
)


def shown(text: str) -> str:
    r"""Return text in which every character can be seen, a line end and a tab aside: the others as `<U+202E>`.

    Bytes that are no UTF-8, which `decode` keeps as surrogates, become `<0x80>`.
    """
    return _UNUSUAL.sub(_visible, text)


def shown_line(text: str, most: int = 300) -> str:
    """Return text as one visible line of at most `most` characters, cut visibly."""
    return shorten(shown(" ".join(text.split())), most)


def shorten(text: str, most: int) -> str:
    """Cut a text that is longer than `most` characters, and say how much is gone."""
    return text if len(text) <= most else f"{text[:most]} ... ({len(text) - most} more characters)"


def is_unseen(char: str) -> bool:
    """Whether nobody would see this character, or it changes how others are read; spaces and line ends aside."""
    return char not in "\t\r\f" and (
        unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Zl", "Zp") or bool(_UNSEEN.match(char))
    )


def folded(text: str) -> str:
    """Return text as a hasty reader takes it: nothing unseen, one form for each letter, underscores as blanks."""
    if text.isascii() and "_" not in text:
        return text
    seen = "".join(char for char in text if not is_unseen(char))
    return unicodedata.normalize("NFKC", seen).translate(_LOOKALIKES).replace("_", " ")


def with_margin(text: str, margin: str = "| ") -> str:
    """Return visible text with a margin before each of its lines."""
    lines = text.removesuffix("\n").split("\n") if text else []
    return "\n".join(f"{margin}{shown(line)}" for line in lines)


def make_mark(texts: Iterable[str], *, avoid: Iterable[str] = ()) -> str:
    """Return a number that stands in none of the texts.

    It is a hash of them, so that it is the same for the same texts, and nobody can write a text that holds its own.

    Args:
        texts: what will stand between the marks.
        avoid: other texts of the same question.
    """
    parts = [*texts]
    everything = [*parts, *avoid]
    state = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass"))
    while True:
        mark = state.hexdigest()[:_MARK_DIGITS]
        if not any(mark in text for text in everything):
            return mark
        state.update(b"again")


def _visible(match: re.Match[str]) -> str:
    char = match[0]
    if "\udc80" <= char <= "\udcff":
        return f"<0x{ord(char) - 0xDC00:02X}>"
    return char if char.isprintable() and not _UNSEEN.match(char) else f"<U+{ord(char):04X}>"
