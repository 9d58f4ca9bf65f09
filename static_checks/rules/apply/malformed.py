"""Rule apply-malformed."""

from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.repo.apply import Unreadable
from judge.static_checks.rule import Example, Rule


def check(change: Change) -> Iterable[Hit]:
    """Find text that `git apply` could not read as a patch."""
    application = change.application
    if isinstance(application, Unreadable) and change.raw.strip():
        where = f"line {application.line} of the patch: " if application.line else ""
        yield Hit(f"not a readable patch: {where}{application.why}")


RULE = Rule(
    code="apply-malformed",
    gate="apply",
    summary="The text is not a patch that git can read.",
    why="Prose, a truncated diff, hunk headers whose counts do not fit their lines, or a foreign encoding. "
    "Known small damage (a missing final newline, CRLF, a Markdown fence, paths without a/ b/) is repaired "
    "and named instead; everything else is refused here, as `git apply` refuses it.",
    severity="block",
    bad=Example(
        before={"a.py": "x = 1\n"},
        patch="--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n-x = 1\n+x = 2\n",
    ),
    good=Example(
        before={"a.py": "x = 1\n"},
        patch="```diff\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n```\n",
    ),
    check=check,
)
