"""Rule apply-does-not-apply."""

from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.repo.apply import Refused
from judge.static_checks.rule import Example, Rule


def check(change: Change) -> Iterable[Hit]:
    """Name the first hunk of each file that does not fit, and the line where it differs."""
    application = change.application
    if isinstance(application, Refused) and not application.reverse_applies:
        for misfit in application.misfits:
            hunk = f"hunk {misfit.hunk}: " if misfit.hunk else ""
            yield Hit(f"does not apply: {hunk}{misfit.why}", path=misfit.path or None, line=misfit.line)


RULE = Rule(
    code="apply-does-not-apply",
    gate="apply",
    summary="The patch does not apply to the base.",
    why="A patch is applied whole or not at all, with the strictness of `git apply`: no fuzz, no rejected "
    "hunks left out. A partly applied patch is another patch than the one that was submitted.",
    severity="block",
    bad=Example(
        before={"a.py": "x = 1\ny = 2\n"},
        patch="--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n x = 1\n-y = 3\n+y = 4\n",
    ),
    good=Example(
        before={"a.py": "# one line more at the top\na = 1\nb = 2\nc = 3\nd = 4\n"},
        patch="--- a/a.py\n+++ b/a.py\n@@ -2,3 +2,3 @@\n b = 2\n-c = 3\n+c = 5\n d = 4\n",
    ),
    check=check,
)
