"""Rule noop-logging-only."""

from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.change.effects import file_effect, patch_effect
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule


def check(change: Change) -> Iterable[Hit]:
    """Find a patch whose only code is more logging."""
    if change.once(patch_effect) == "logging":
        for file in change.files:
            if file_effect(change, file) == "logging":
                yield Hit("only log or print statements are added", file.path, min(file.new_lines, default=None))


_CODE = "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef f(x):\n    y = x + 1\n    return y\n"
_LOGGED = _CODE.replace("    return y", '    logger.info("fast path, y = %d", y)\n    return y')

RULE = Rule(
    code="noop-logging-only",
    gate="noop",
    summary="Only log or print statements are added.",
    why="A message makes nothing faster. Taking one out of a hot path can, so removed or changed log statements "
    "count as code, and so does one whose arguments call a function.",
    severity="block",
    bad=Example(before={"a.py": _CODE}, after={"a.py": _LOGGED}),
    good=Example(before={"a.py": _LOGGED}, after={"a.py": _CODE}),
    check=check,
)
