"""Rule template-example-usage."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from judge.static_checks.change.change import Change, TouchedFile
from judge.static_checks.change.comments import added_comments
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule
from judge.static_checks.source.paths import is_library

_USAGE = re.compile(
    r"(?:examples?(?: of)?(?: the)? us(?:age|e)|usage(?: example)?s?|sample usage)\s*(?:\(.*\))?\s*[:.]?", re.IGNORECASE
)
_HINT = re.compile(r"\busage\b|example", re.IGNORECASE)


def check(change: Change) -> Iterable[Hit]:
    """Find demonstrations added to modules that other code imports."""
    for comment in added_comments(change, _HINT):
        if comment.alone and _USAGE.fullmatch(comment.text) and _is_module(change, comment.file):
            yield Hit("a usage example is left in the code", comment.file.path, comment.line.new, comment.line.text)
    for file in change.python_files:
        if any("__name__" in line.text for line in file.change.added) and _is_module(change, file):
            yield from _demos(file)


def _demos(file: TouchedFile) -> Iterator[Hit]:
    source, old = file.source_after, file.source_before
    if (
        source is None
        or source.tree is None
        or any(_is_main(node) for node in (old.tree.body if old and old.tree else ()))
    ):
        return
    for node in source.tree.body:
        if _is_main(node) and node.lineno in file.added_lines:
            yield Hit(
                "a demonstration is added to a library module", file.path, node.lineno, source.lines[node.lineno - 1]
            )


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("__name__ == '__main__'", "'__main__' == __name__")


def _is_module(change: Change, file: TouchedFile) -> bool:
    """Whether the file is a module of a package, and not there to show or to test something."""
    return (
        is_library(file.path) and change.after.entry(str(PurePosixPath(file.path).parent / "__init__.py")) is not None
    )


_CODE = "def total(values):\n    return sum(values)\n"
_DEMO = _CODE + '\n\nif __name__ == "__main__":\n    print(total([1, 2]))\n'

RULE = Rule(
    code="template-example-usage",
    gate="template",
    summary="A usage example is left in a library module.",
    why="'# Example usage' and a demo under `__main__` end the code that a model shows to a person. "
    "In a module that others import they are dead weight, and often the only caller of what was added.",
    severity="warn",
    bad=Example(before={"lib/__init__.py": "", "lib/a.py": _CODE}, after={"lib/a.py": _DEMO}),
    good=Example(before={"lib/__init__.py": "", "lib/a.py": _CODE}, after={"examples/show.py": _DEMO}),
    check=check,
)
