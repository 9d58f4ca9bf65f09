"""Rule apply-repaired."""

from collections.abc import Iterable, Mapping

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.repo.apply import Applied
from judge.static_checks.rule import Example, Rule


def check(change: Change) -> Iterable[Hit]:
    """Name every repair and every hunk that had to move."""
    if isinstance(change.application, Applied):
        for repair in change.application.patch.repairs:
            yield Hit(f"applied after a repair: {repair}")
        for offset in change.application.offsets:
            yield Hit(f"a hunk was found {abs(offset)} lines {'below' if offset > 0 else 'above'} its place")


def facts(change: Change) -> Mapping[str, object]:
    """Say how the patch applied."""
    application = change.application
    if not isinstance(application, Applied):
        return {}
    how = "repaired" if application.patch.repairs else "offset" if application.offsets else "exact"
    return {"how": how, "repairs": list(application.patch.repairs), "offsets": list(application.offsets)}


RULE = Rule(
    code="apply-repaired",
    gate="apply",
    summary="The patch applied only after a named repair, or at another line.",
    why="How a patch applied is part of the result: exactly, after a repair of its text, or with an offset.",
    severity="info",
    bad=Example(
        before={"a.py": "x = 1\n"},
        patch="--- a/a.py\r\n+++ b/a.py\r\n@@ -1 +1 @@\r\n-x = 1\r\n+x = 2\r\n",
    ),
    good=Example(before={"a.py": "x = 1\n"}, after={"a.py": "x = 2\n"}),
    check=check,
    facts=facts,
)
