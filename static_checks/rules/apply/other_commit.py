"""Rule apply-other-commit."""

from collections.abc import Iterable, Mapping

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.repo.apply import Refused
from judge.static_checks.repo.origin import Origin, UnknownOrigin
from judge.static_checks.rule import Example, Rule


def check(change: Change) -> Iterable[Hit]:
    """Say where a patch that does not apply was really made."""
    match _origin(change):
        case Origin() as origin:
            yield Hit(f"made against {origin.describe()}; if the harness recorded the wrong base, grade it there")
        case UnknownOrigin(why=why):
            yield Hit(f"not made against the base: {why}")


def facts(change: Change) -> Mapping[str, object]:
    """Give the commit and its distance to programs."""
    origin = _origin(change)
    if not isinstance(origin, Origin):
        return {}
    return {"made_against": {"commit": origin.commit, "relation": origin.relation, "distance": origin.distance}}


def _origin(change: Change) -> Origin | UnknownOrigin | None:
    return change.origin if isinstance(change.application, Refused) else None


_BEFORE = "def f():\n    return 1\n"

RULE = Rule(
    code="apply-other-commit",
    gate="apply",
    summary="The patch was made against another commit than the recorded base.",
    why="The `index OLD..NEW` lines of a git diff name the file contents it was made from. Where these are not "
    "the base's, the harness gave the agent another checkout than it recorded: its fault, not the agent's.",
    severity="warn",
    bad=Example(
        committed=True,
        before={"a.py": _BEFORE},
        patch="diff --git a/a.py b/a.py\nindex 1234567..89abcde 100644\n--- a/a.py\n+++ b/a.py\n"
        "@@ -1,2 +1,2 @@\n def g():\n-    return 1\n+    return 2\n",
    ),
    good=Example(
        before={"a.py": _BEFORE},
        patch="diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n"
        "@@ -1,2 +1,2 @@\n def g():\n-    return 1\n+    return 2\n",
    ),
    check=check,
    facts=facts,
)
