"""Rule apply-empty."""

from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule


def check(change: Change) -> Iterable[Hit]:
    """Find a patch with no text at all."""
    if not change.raw.strip():
        empty = "the patch is empty" if not change.raw else "the patch holds white space only"
        yield Hit("the run left no patch" if change.missing else empty)


RULE = Rule(
    code="apply-empty",
    gate="apply",
    summary="The patch is empty.",
    why="A run that produced no patch changed nothing; harnesses have counted such runs as success. "
    "It is not a judge's or a benchmark's business: there is nothing to look at.",
    severity="block",
    bad=Example(patch="\n"),
    good=Example(before={"a.py": "x = 1\n"}, after={"a.py": "x = 2\n"}),
    check=check,
)
