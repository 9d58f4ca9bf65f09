"""What names in Python code stand for: follows imports and plain aliases to dotted names such as `time.perf_counter`.

It reads one file and never imports anything; a name bound to anything else stands for nothing.
"""

from __future__ import annotations

import ast
import builtins
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

_BUILTINS = frozenset(dir(builtins))
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = _Function | ast.ClassDef


class Scope:
    """The names one function or module binds, inside those that enclose it."""

    def __init__(self, names: Mapping[str, str | None], parent: Scope | None = None) -> None:
        """Bind `names` to the dotted names they stand for, None where that is not known."""
        self.names = names
        self.parent = parent

    def dotted(self, node: ast.AST) -> str | None:
        """Return the dotted name an expression stands for, None if it is not one known to this file."""
        match node:
            case ast.Name(id=name):
                return self._lookup(name)
            case ast.Attribute(value=ast.Attribute(attr="__dict__")):
                return None  # a method of the dictionary, not an entry of it
            case ast.Attribute(value=owner, attr=name):
                return self._join(owner, name)
            case ast.Subscript(value=ast.Attribute(value=owner, attr="__dict__"), slice=ast.Constant(value=str(name))):
                return self._join(owner, name)
            case ast.Subscript(
                value=ast.Call(func=ast.Name(id="vars"), args=[owner]), slice=ast.Constant(value=str(name))
            ):
                return self._join(owner, name)
            case ast.Subscript(value=owner, slice=ast.Constant(value=str(name))):
                return name if self.dotted(owner) == "sys.modules" else None
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]):
                known = self.dotted(function)
                return name if known in ("builtins.__import__", "importlib.import_module") else None
            case ast.Call(func=ast.Name(id="getattr"), args=[owner, ast.Constant(value=str(name)), *_]):
                return self._join(owner, name)
        return None

    def _join(self, owner: ast.AST, name: str) -> str | None:
        above = self.dotted(owner)
        return f"{above}.{name}" if above is not None else None

    def _lookup(self, name: str) -> str | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return f"builtins.{name}" if name in _BUILTINS else None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScopedStatement:
    """One simple statement, or the head of a compound one, with the scope it stands in.

    Attributes:
        function: dotted name of the enclosing function or class, empty at module level.
    """

    node: ast.AST
    scope: Scope
    function: str
    line: int


def scoped_statements(tree: ast.Module, lines: Iterable[int] | None = None) -> Iterator[ScopedStatement]:
    """Yield the statements that touch any of `lines` (all statements if None), each with its scope.

    Only what encloses those lines is walked: the cost follows the change, not the file.
    """
    wanted = None if lines is None else sorted(lines)
    if wanted != []:
        yield from _walk(tree.body, _module_scope(tree), "", wanted)


def _walk(body: Sequence[ast.AST], scope: Scope, function: str, wanted: list[int] | None) -> Iterator[ScopedStatement]:
    for node in body:
        if not _touched(node, wanted):
            continue
        inner, name = scope, function
        if isinstance(node, _Definition):
            name = f"{function}.{node.name}" if function else node.name
            inner = scope if isinstance(node, ast.ClassDef) else _function_scope(node, scope)
        for _, value in ast.iter_fields(node):
            parts = value if isinstance(value, list) else [value]
            heads = [part for part in parts if isinstance(part, ast.AST) and not _holds_statements(part)]
            for part in heads if _is_compound(node) else ():
                if _touched(part, wanted):
                    yield ScopedStatement(
                        node=part, scope=scope, function=function, line=getattr(part, "lineno", node_line(node))
                    )
            yield from _walk([part for part in parts if _holds_statements(part)], inner, name, wanted)
        if not _is_compound(node):
            yield ScopedStatement(node=node, scope=scope, function=function, line=node_line(node))


def node_line(node: ast.AST) -> int:
    """Return the 1-based first line of a node, 0 if it has none."""
    line = getattr(node, "lineno", 0)
    return line if isinstance(line, int) else 0


def _holds_statements(node: object) -> bool:
    return isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case)


def _is_compound(node: ast.AST) -> bool:
    return hasattr(node, "body")


def _touched(node: ast.AST, wanted: list[int] | None) -> bool:
    if wanted is None or not hasattr(node, "lineno"):
        return True  # `arguments`, `withitem` and `match_case` have no lines of their own
    decorators = [part.lineno for part in getattr(node, "decorator_list", ())]
    at = bisect_left(wanted, min([node.lineno, *decorators]))
    end = getattr(node, "end_lineno", None) or node.lineno
    return at < len(wanted) and wanted[at] <= end


def _module_scope(tree: ast.Module) -> Scope:
    names: dict[str, str | None] = {}
    _Binder(names, Scope(names)).bind(tree.body)
    return Scope(names)


def _function_scope(function: _Function, outer: Scope) -> Scope:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    names: dict[str, str | None] = {argument.arg: None for argument in named if argument is not None}
    scope = Scope(names, outer)
    _Binder(names, scope).bind(function.body)
    shared: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.setdefault(node.id, None)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            shared.update(node.names)
    for name in shared:
        names.pop(name, None)
    return scope


class _Binder:
    """Fills in what the statements of one scope bind: imports and plain aliases (`clock = time`) by name."""

    def __init__(self, names: dict[str, str | None], scope: Scope) -> None:
        self.names = names
        self.scope = scope
        self.imported: set[str] = set()

    def bind(self, body: Sequence[ast.AST]) -> None:
        for node in _statements(body):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    self._target(target, node.value)
            elif isinstance(node, ast.For | ast.AsyncFor | ast.AugAssign | ast.AnnAssign):
                self._target(node.target, getattr(node, "value", None))
            elif isinstance(node, ast.With | ast.AsyncWith):
                for item in node.items:
                    if item.optional_vars is not None:
                        self._target(item.optional_vars, None)
            elif isinstance(node, _Definition):
                self._say(node.name, None)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "") if isinstance(node, ast.ImportFrom) else None
        for alias in node.names:
            name = alias.asname or (alias.name if module is not None else alias.name.split(".")[0])
            whole = alias.name if alias.asname else name
            self.names[name] = f"{module}.{alias.name}" if module is not None else whole
            self.imported.add(name)

    def _target(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self._say(target.id, self.scope.dotted(value) if value is not None else None)
        elif isinstance(target, ast.Tuple | ast.List | ast.Starred):
            for node in ast.walk(target):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    self._say(node.id, None)

    def _say(self, name: str, known: str | None) -> None:
        """An import wins over another binding (`except ImportError: x = None`); others must agree."""
        if name not in self.imported:
            self.names[name] = known if self.names.get(name, known) == known else None


def _statements(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """All statements of one scope; the bodies of functions and classes are scopes of their own."""
    for node in body:
        yield node
        if not isinstance(node, _Definition):
            for part in ("body", "handlers", "orelse", "finalbody", "cases"):
                inner = getattr(node, part, ())
                if isinstance(inner, list):
                    yield from _statements(inner)
