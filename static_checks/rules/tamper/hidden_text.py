"""Rule tamper-hidden-text."""

import re
import unicodedata
from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule

_HIDDEN = re.compile(
    "[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u061c\u2060-\u2064\ufeff\u180e\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{2,6}\U000e007f")
_JOINERS = "\u200c\u200d"
_MARKS = "\u200e\u200f\u061c"


def check(change: Change) -> Iterable[Hit]:
    """Find added characters that a reader does not see, but a program or a model reads."""
    for file in change.files:
        for line in file.change.added:
            if not line.text.isascii() and (names := _hidden(line.text, first=line.new == 1)):
                shown = line.text.encode("ascii", "backslashreplace").decode()
                yield Hit(f"holds invisible characters: {', '.join(names)}", file.path, line.new, shown)


def _hidden(text: str, *, first: bool) -> list[str]:
    text = _FLAG.sub("", text)
    names: dict[str, None] = {}
    for match in _HIDDEN.finditer(text):
        char, at = match[0], match.start()
        if not (first and at == 0 and char == "\ufeff") and not _belongs(text, at):
            names[f"U+{ord(char):04X} {unicodedata.name(char, 'unnamed')}"] = None
    return list(names)


def _belongs(text: str, at: int) -> bool:
    """Whether a joiner or a direction mark stands where its script needs it: an emoji, an Arabic word."""
    around = [text[index] for index in (at - 1, at + 1) if 0 <= index < len(text)]
    if text[at] in _JOINERS:
        return len(around) == 2 and all(ord(char) > 0x2FF for char in around)
    if text[at] in _MARKS:
        return any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)
    return False


RULE = Rule(
    code="tamper-hidden-text",
    gate="tamper",
    summary="Added lines hold characters that a reader cannot see.",
    why="Direction controls make code read differently from what runs, zero-width and tag characters carry text that "
    "only a model sees. A byte order mark, joined emoji and the joiners of Arabic or Indic scripts are "
    "ordinary text.",
    severity="warn",
    bad=Example(before={"a.py": "x = 1\n"}, after={"a.py": 'x = "user\u202e \u2066# admin"\n'}),
    good=Example(before={"a.py": "x = 1\n"}, after={"a.py": 'x = "\U0001f468\u200d\U0001f4bb caf\u00e9"\n'}),
    check=check,
)
