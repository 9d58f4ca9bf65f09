"""Rule template-uncalled-function."""

import ast
import re
from collections.abc import Iterable

from judge.static_checks.change.change import Change, TouchedFile
from judge.static_checks.model.finding import Hit
from judge.static_checks.patch.parse import decode
from judge.static_checks.rule import Example, Rule
from judge.static_checks.source.paths import is_prose, is_test
from judge.static_checks.source.python import Definition

_ENTRY_FILES = ("pyproject.toml", "setup.cfg", "setup.py")


def check(change: Change) -> Iterable[Hit]:
    """Find added functions whose name stands nowhere else in the applied tree."""
    added = [(file, function) for file in change.python_files if not is_test(file.path) for function in _added(file)]
    added = [(file, function) for file, function in added if not _is_touched_name(change, file, function)]
    if not added:
        return
    names = {function.node.name for _, function in added}
    known = set(change.after.mentions(names, outside=frozenset(file.path for file in change.files)))
    entries = [decode(change.after.read(path) or b"") for path in _ENTRY_FILES] if names - known else []
    known |= {name for name in names if any(re.search(rf"\b{name}\b", text) for text in entries)}
    for file, function in added:
        if function.node.name not in known:
            line = file.source_after.lines[function.node.lineno - 1] if file.source_after else None
            message = f"nothing in the tree mentions the new function {function.name}"
            yield Hit(message, file.path, function.node.lineno, line)


def _added(file: TouchedFile) -> Iterable[Definition]:
    if any("def " in line.text for line in file.change.added):
        for function in file.added_definitions:
            if not (isinstance(function.node, ast.ClassDef) or _may_be_called_unseen(file, function)):
                yield function


def _may_be_called_unseen(file: TouchedFile, function: Definition) -> bool:
    """Whether others may call it without naming it here: registered, an override, an entry point."""
    name = function.node.name
    if function.node.decorator_list or (name.startswith("__") and name.endswith("__")) or name in ("main", "_"):
        return True
    owner = file.source_after.definition(function.name.rpartition(".")[0]) if file.source_after else None
    return owner is not None and isinstance(owner.node, ast.ClassDef) and bool(owner.node.bases) and name[0] != "_"


def _is_touched_name(change: Change, file: TouchedFile, function: Definition) -> bool:
    """Whether a touched file mentions the function outside of its own lines."""
    name = function.node.name
    word = re.compile(rf"\b{re.escape(name)}\b")
    for other in change.files:
        source = other.source_after
        if source is None:
            if other.after is not None and not is_prose(other.path) and word.search(decode(other.after)):
                return True
        elif name in source.names:
            inside = range(function.start - 1, function.end) if other is file else range(0)
            if any(word.search(line) for number, line in enumerate(source.lines) if number not in inside):
                return True
    return False


_CODE = "def total(values):\n    return sum(values)\n"
_FAST = "\n\ndef total_fast(values):\n    return sum(values)\n"

RULE = Rule(
    code="template-uncalled-function",
    gate="template",
    summary="An added function is mentioned nowhere else.",
    why="A fast path that nothing calls makes nothing faster. Decorated functions, special methods and public "
    "methods of classes with bases may be called without being named, so they are left alone; a new function "
    "of a public interface is honest, so it is a warning.",
    severity="warn",
    bad=Example(before={"a.py": _CODE}, after={"a.py": _CODE + _FAST}),
    good=Example(
        before={"a.py": _CODE, "b.py": "import a\n\nprint(a.total_fast([1]))\n"}, after={"a.py": _CODE + _FAST}
    ),
    check=check,
)
