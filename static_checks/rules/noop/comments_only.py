"""Rule noop-comments-only."""

from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.change.effects import file_effect, patch_effect
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule


def check(change: Change) -> Iterable[Hit]:
    """Find a patch that leaves the code of every file as it was."""
    if change.once(patch_effect) == "comments":
        for file in change.files:
            if file_effect(change, file) == "comments":
                yield Hit("only comments, docstrings or layout change", file.path, min(file.new_lines, default=None))


_CODE = 'def total(values):\n    """Add up."""\n    return sum(values)\n'

RULE = Rule(
    code="noop-comments-only",
    gate="noop",
    summary="Only comments, docstrings or layout change.",
    why="The program does after the patch exactly what it did before, so a measured gain is noise. Python is "
    "compared by its syntax tree, C and CUDA by their tokens; what cannot be compared counts as a change.",
    severity="block",
    bad=Example(
        before={"a.py": _CODE, "k.cu": "int f() { return 1; }\n"},
        after={
            "a.py": _CODE.replace('"""Add up."""', "# Optimized: a built-in is fast."),
            "k.cu": "// fast\nint f() {\n  return 1;\n}\n",
        },
    ),
    good=Example(
        before={"a.py": _CODE},
        after={"a.py": _CODE.replace("sum(values)", "sum(values)  # fast").replace("sum", "len")},
    ),
    check=check,
)
