"""Rule apply-unsafe-path."""

from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.repo.apply import Unsafe
from judge.static_checks.rule import Example, Rule


def check(change: Change) -> Iterable[Hit]:
    """Find paths that lead out of the tree; such a patch was not given to git at all."""
    if isinstance(change.application, Unsafe):
        for misfit in change.application.misfits:
            yield Hit(f"unsafe path, nothing was run: {misfit.why}", path=misfit.path)


RULE = Rule(
    code="apply-unsafe-path",
    gate="apply",
    summary="The patch names a path outside the source tree.",
    why="An absolute path, `..`, a path inside `.git` or one that goes through a symbolic link can overwrite "
    "files of the grader's machine. It is refused before anything runs.",
    severity="block",
    bad=Example(patch="--- a/../../etc/cron.d/x\n+++ b/../../etc/cron.d/x\n@@ -0,0 +1 @@\n+x\n"),
    good=Example(before={"a..b/x.py": "x = 1\n"}, after={"a..b/x.py": "x = 2\n"}),
    check=check,
)
