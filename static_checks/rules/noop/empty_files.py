"""Rule noop-empty-files."""

from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.change.effects import patch_effect
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule


def check(change: Change) -> Iterable[Hit]:
    """Find a patch that changes no byte of content."""
    if change.once(patch_effect) == "empty":
        for file in change.files:
            yield Hit("an empty file, or a change of its mode only", file.path)


RULE = Rule(
    code="noop-empty-files",
    gate="noop",
    summary="The patch only adds or removes empty files, or changes modes.",
    why="Harnesses that take `git diff` as the result count a stray empty file or a `chmod` as a patch. "
    "It has no line of content.",
    severity="block",
    bad=Example(before={"a.py": "x = 1\n"}, after={"pkg/__init__.py": ""}),
    good=Example(before={"a.py": "x = 1\n"}, after={"pkg/__init__.py": "", "a.py": "x = 2\n"}),
    check=check,
)
