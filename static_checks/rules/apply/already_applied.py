"""Rule apply-already-applied."""

from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.repo.apply import Refused
from judge.static_checks.rule import Example, Rule


def check(change: Change) -> Iterable[Hit]:
    """Find a patch that does not apply, while its reverse does."""
    if isinstance(change.application, Refused) and change.application.reverse_applies:
        yield Hit("already applied: the base holds this change (its reverse applies); check the case's base")


RULE = Rule(
    code="apply-already-applied",
    gate="apply",
    summary="The base already holds this change.",
    why="A base taken after the change instead of before it makes every patch look useless. "
    "The case is wrong, or the patch repeats what is there.",
    severity="block",
    bad=Example(
        before={"a.py": "x = 2\n"},
        patch="--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n",
    ),
    good=Example(before={"a.py": "x = 1\n"}, after={"a.py": "x = 2\n"}),
    check=check,
)
