"""Rule apply-submodule."""

from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.repo.apply import OutOfReach
from judge.static_checks.rule import CannotCheck, Example, Rule


def check(change: Change) -> Iterable[Hit]:
    """Refuse to decide on a submodule, whose content this repository does not hold."""
    if isinstance(change.application, OutOfReach):
        path = change.application.misfits[0].path
        raise CannotCheck(
            f"{path!r} belongs to a submodule, whose content is not in this repository; "
            "grade the change in the submodule's own repository"
        )
    return ()


_POINTER = "diff --git a/lib b/lib\nindex 1111111..2222222 160000\n--- a/lib\n+++ b/lib\n@@ -1 +1 @@\n"

RULE = Rule(
    code="apply-submodule",
    gate="apply",
    summary="The patch changes a submodule, which cannot be checked here.",
    why="Another commit id of a submodule says nothing about the code behind it, and that code is elsewhere.",
    severity="info",  # it never finds: it can only say that it could not check
    bad=Example(
        patch=_POINTER + f"-Subproject commit {'1' * 40}\n+Subproject commit {'2' * 40}\n",
    ),
    good=Example(before={"lib/a.py": "x = 1\n"}, after={"lib/a.py": "x = 2\n"}),
    check=check,
)
