"""Rule template-stub-body."""

import ast
from collections.abc import Iterable, Iterator
from typing import TypeGuard

from judge.static_checks.change.change import Change, TouchedFile
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule
from judge.static_checks.source.paths import is_test
from judge.static_checks.source.python import Definition, PythonSource

_REFUSAL = "raise NotImplementedError(...)"
_OPEN_BASES = ("Protocol", "ABC", "ABCMeta", "Interface", "Mixin", "Base")


def check(change: Change) -> Iterable[Hit]:
    """Find functions that lost their body, and new ones that never had one."""
    files = [f for f in change.python_files if not (f.path.endswith(".pyi") or is_test(f.path))]
    for file in files:
        yield from _check(change, file)


def _check(change: Change, file: TouchedFile) -> Iterator[Hit]:
    source = file.source_after
    if source is None:
        return
    for definition in file.touched_after:
        if (
            isinstance(definition.node, ast.ClassDef)
            or not (stub := _stub(definition.node))
            or _is_open(source, definition)
        ):
            continue
        before = file.source_before.definition(definition.name) if file.source_before else None
        line = source.lines[definition.node.body[-1].lineno - 1]
        if before is None:
            if not (definition.node.decorator_list or _is_hook(definition) or _has_namesake(change, definition)):
                message = f"the new function {definition.name} only has {stub}"
                yield Hit(message, file.path, definition.start, line, "warn")
        elif not isinstance(before.node, ast.ClassDef) and not _stub(before.node):
            # One line that is gone, or a refusal that says why, may be what the author means.
            meant = _size(before.node) < 2 or stub == _REFUSAL or _has_namesake(change, definition)
            message = f"{definition.name} had a body and now only has {stub}"
            yield Hit(message, file.path, definition.start, line, "warn" if meant else None)


def _stub(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    """What a body consists of if it does nothing."""
    constants = [part.value.value for part in node.body if _is_constant(part) and isinstance(part.value, ast.Constant)]
    match [part for part in node.body if not _is_constant(part)]:
        case []:
            return "..." if ... in constants else "a docstring"
        case [ast.Pass()]:
            return "pass"
        case [
            ast.Raise(
                exc=ast.Name(id="NotImplementedError") | ast.Call(func=ast.Name(id="NotImplementedError"), args=[])
            )
        ]:
            return "raise NotImplementedError"
        case [ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError")))]:
            return _REFUSAL
    return None


def _is_constant(node: ast.AST) -> TypeGuard[ast.Expr]:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _size(function: ast.AST) -> int:
    """How many statements a function has, docstrings aside."""
    return sum(isinstance(node, ast.stmt) and not _is_constant(node) for node in ast.walk(function)) - 1


def _is_open(source: PythonSource, definition: Definition) -> bool:
    """Whether an empty body is what the code means: abstract, overload, protocol, registered elsewhere."""
    decorators = " ".join(ast.unparse(d) for d in definition.node.decorator_list)
    if any(word in decorators for word in ("abstract", "overload", "fake", "impl", "dispatch")):
        return True
    owner = source.definition(definition.name.rpartition(".")[0])
    if owner is None or not isinstance(owner.node, ast.ClassDef):
        return False
    bases = [ast.unparse(b) for b in (*owner.node.bases, *(k.value for k in owner.node.keywords))]
    return any(base.split("[")[0].endswith(_OPEN_BASES) for base in bases)


def _is_hook(definition: Definition) -> bool:
    """Whether the name is one that is called by others and may do nothing: `__exit__`, `on_start`."""
    name = definition.node.name
    return (name.startswith("__") and name.endswith("__")) or name.startswith(("on_", "noop", "_noop", "do_nothing"))


def _has_namesake(change: Change, definition: Definition) -> bool:
    """Whether a function of the same name, with a body, is touched elsewhere: moved there, or overridden there."""
    others = (
        other.node for file in change.python_files if file.source_after for other in file.source_after.definitions
    )
    return any(
        node is not definition.node
        and not isinstance(node, ast.ClassDef)
        and node.name == definition.node.name
        and not _stub(node)
        for node in others
    )


_WHOLE = "def total(values):\n    result = 0\n    for value in values:\n        result += value\n    return result\n"

RULE = Rule(
    code="template-stub-body",
    gate="template",
    summary="A function that did something now has an empty body.",
    why="`pass`, `...`, a lone docstring or `raise NotImplementedError` in place of a body is an outline. "
    "Abstract methods, protocols and overloads are left alone; if a function of the same name has the body now, "
    "or the function is a new one, it is a warning.",
    severity="block",
    bad=Example(before={"a.py": _WHOLE}, after={"a.py": 'def total(values):\n    """Fast."""\n    pass\n'}),
    good=Example(
        before={"a.py": _WHOLE},
        after={
            "a.py": "from typing import Protocol\n\n\nclass Adds(Protocol):\n    def add(self, values): ...\n\n\n"
            + _WHOLE.replace("result += value", "result = result + value")
        },
    ),
    check=check,
)
