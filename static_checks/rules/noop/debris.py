"""Rule noop-debris."""

from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.change.effects import is_left_behind, scratch_files
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule


def check(change: Change) -> Iterable[Hit]:
    """Name the files that do not belong to the change."""
    for file in change.files:
        if is_left_behind(change, file):
            yield Hit("a patch, log, backup, cache or build copy is added to the tree", file.path)
        elif file.path in change.once(scratch_files):
            yield Hit("a scratch script is added at the top of the tree, and nothing imports it", file.path)


RULE = Rule(
    code="noop-debris",
    gate="noop",
    summary="The patch adds files that a tool or an agent left behind.",
    why="They are no part of the change, swell it, and hide it from a reader. A file that something mentions, "
    "or a patch kept in a folder of its own, is left alone.",
    severity="warn",
    bad=Example(
        before={"a.py": "x = 1\n"},
        after={"a.py": "x = 2\n", "model_patch.diff": "--- a\n+++ b\n", "test_opt.py": "import a\n"},
    ),
    good=Example(
        before={"a.py": "x = 1\n", "build/make.py": "import os\n"},
        after={"a.py": "import run_fast\n\nx = 2\n", "run_fast.py": "y = 1\n", "build/more.py": "z = 1\n"},
    ),
    check=check,
)
