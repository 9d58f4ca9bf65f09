"""Rule template-repeated-patch."""

from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule

_NAMED = 5


def check(change: Change) -> Iterable[Hit]:
    """Name the other cases that were given the same patch text."""
    if change.twins:
        more = f" and {len(change.twins) - _NAMED} more" if len(change.twins) > _NAMED else ""
        yield Hit(f"the same patch text was submitted for {', '.join(change.twins[:_NAMED])}{more}")


RULE = Rule(
    code="template-repeated-patch",
    gate="template",
    summary="The same patch text was submitted for other cases.",
    why="Different tasks do not have the same answer: such text comes from the prompt, not from the code. "
    "It can still be right for one of them, so it is a warning.",
    severity="warn",
    bad=Example(before={"a.py": "x = 1\n"}, after={"a.py": "x = 2\n"}, twins=("case-7", "case-9")),
    good=Example(before={"a.py": "x = 1\n"}, after={"a.py": "x = 2\n"}),
    check=check,
)
