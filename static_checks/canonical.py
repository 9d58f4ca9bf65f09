"""A canonical form of Python code: two files with the same form compute the same thing.

Comments, layout and docstrings are gone; on request also logging calls and the names of local
variables. Equality of forms is a proof of equality; difference proves nothing.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

_LOG_LEVELS = frozenset(
    {"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "info_once", "warning_once"}
)
_LOGGERS = frozenset({"logger", "logging", "log", "_logger", "LOGGER", "LOG", "_log"})
# In a function that looks at its own names, renaming a local can change the result.
_NAME_READERS = frozenset({"locals", "vars", "eval", "exec", "dir", "globals"})

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def canonical(tree: ast.Module, *, logging: bool = True, local_names: bool = True) -> str:
    """Return the canonical form of a module as text.

    Args:
        tree: the syntax tree; it is not changed.
        logging: keep logging calls and prints; False drops those whose arguments call nothing.
        local_names: keep the names of local variables; False numbers them in order of appearance.

    Raises:
        RecursionError: the code is nested too deeply for the built-in tools.
    """
    tree = copy.deepcopy(tree)
    _Stripper(keep_logging=logging).visit(tree)
    if not local_names:
        _rename_locals(tree)
    return ast.dump(tree)


class _Stripper(ast.NodeTransformer):
    """Removes docstrings and, unless kept, calls that only log."""

    def __init__(self, *, keep_logging: bool) -> None:
        self.keep_logging = keep_logging

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            if isinstance(node, ast.Module | ast.ClassDef | _Function):
                body = body[1:] if body and _is_string(body[0]) else body
            kept = [s for s in body if not (isinstance(s, ast.Pass) or _is_string(s))]
            # A body of nothing but `pass` or a docstring is one empty body, however it is written.
            node.body = kept if kept or isinstance(node, ast.Module) else [ast.Pass()]  # type: ignore[attr-defined]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if not self.keep_logging and is_logging(node):
            return ast.Pass()
        return node


def _is_string(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def is_logging(node: ast.stmt) -> bool:
    """Whether a statement only logs or prints, with arguments that call nothing themselves."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    call = node.value
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    if any(
        isinstance(part, ast.Call | ast.Await | ast.NamedExpr | ast.Yield) for a in arguments for part in ast.walk(a)
    ):
        return False
    if isinstance(call.func, ast.Name):
        return call.func.id == "print"
    if not (isinstance(call.func, ast.Attribute) and call.func.attr in _LOG_LEVELS):
        return False
    owner = call.func.value
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return name in _LOGGERS


def _rename_locals(tree: ast.Module) -> None:
    for node in _outermost_functions(tree):
        names = _safe_locals(node)
        if names:
            _Renamer({name: f"local_{number}" for number, name in enumerate(names)}).visit(node)


def _outermost_functions(node: ast.AST) -> Iterator[_Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Function):
            yield child
        else:
            yield from _outermost_functions(child)


def _safe_locals(function: _Function) -> list[str]:
    """Names that are local wherever they occur in a function, in order of appearance.

    A name that is a parameter, an import, a definition or declared global keeps its name: it can be
    seen from outside. So does one that anywhere refers past the function: two functions that read
    different globals must not look alike.
    """
    scopes = _Scopes()
    for statement in function.body:
        scopes.visit(statement)
    if scopes.opaque:
        return []
    free = {name for name, scope in scopes.uses if not scopes.is_bound(name, scope)}
    return [name for name in scopes.order if name not in free and name not in scopes.kept]


class _Scopes(ast.NodeVisitor):
    """Records which scope of one outermost function binds and uses which names."""

    def __init__(self) -> None:
        self.parents: list[int] = [-1]
        self.bound: list[set[str]] = [set()]
        self.order: dict[str, None] = {}
        self.uses: list[tuple[str, int]] = []
        self.kept: set[str] = set()
        self.opaque = False
        self._here = 0

    def is_bound(self, name: str, scope: int) -> bool:
        while scope >= 0:
            if name in self.bound[scope]:
                return True
            scope = self.parents[scope]
        return False

    def visit_Name(self, node: ast.Name) -> None:
        self.uses.append((node.id, self._here))
        if node.id in _NAME_READERS or node.id.startswith("local_"):
            self.opaque = True
        if not isinstance(node.ctx, ast.Load):
            self.bound[self._here].add(node.id)
            self.order[node.id] = None

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.kept.add(node.target.id)  # inside a comprehension it binds one scope further out
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.opaque = True  # names stored in a class body are attributes

    def _keep(self, node: ast.AST) -> None:
        if isinstance(node, ast.arg):
            self.kept.add(node.arg)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            self.kept.update(node.names)
        elif isinstance(node, ast.alias):
            self.kept.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            self.kept.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            self.kept.add(node.rest)
        self.generic_visit(node)

    visit_arg = visit_Global = visit_Nonlocal = visit_alias = _keep
    visit_ExceptHandler = visit_MatchAs = visit_MatchStar = visit_MatchMapping = _keep

    def _nested(self, outside: list[ast.AST], inside: list[ast.AST]) -> None:
        for node in outside:
            self.visit(node)
        self.parents.append(self._here)
        self.bound.append(set())
        self._here, outer = len(self.parents) - 1, self._here
        for node in inside:
            self.visit(node)
        self._here = outer

    def _function(self, node: _Function) -> None:
        self.kept.add(node.name)
        arguments = node.args
        outside = [*node.decorator_list, *arguments.defaults, *(d for d in arguments.kw_defaults if d)]
        self._nested([*outside, *([node.returns] if node.returns else []), *_arguments(arguments)], [*node.body])

    visit_FunctionDef = visit_AsyncFunctionDef = _function

    def visit_Lambda(self, node: ast.Lambda) -> None:
        arguments = node.args
        self._nested(
            [*arguments.defaults, *(d for d in arguments.kw_defaults if d), *_arguments(arguments)], [node.body]
        )

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        first, *rest = node.generators
        values: list[ast.AST] = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        # The first iterable is evaluated outside of the comprehension's scope.
        self._nested([first.iter], [first.target, *first.ifs, *rest, *values])

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension


def _arguments(arguments: ast.arguments) -> list[ast.AST]:
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [*named, *(extra for extra in (arguments.vararg, arguments.kwarg) if extra)]


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node
