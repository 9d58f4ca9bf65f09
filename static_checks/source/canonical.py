"""A canonical form of Python code: two statements with the same form compute the same thing.

Comments, layout, docstrings and the names of local variables are gone. Equality of forms is a proof
of equality; difference proves nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

# In a function that looks at its own names, renaming a local can change the result.
_NAME_READERS = frozenset({"locals", "vars", "eval", "exec", "dir", "globals", "currentframe", "_getframe", "evaluate"})
_READING_ATTRIBUTES = frozenset(
    {"locals", "vars", "exec", "globals", "f_locals", "co_varnames", "_getframe", "currentframe"}
)
# pandas, numexpr and torch have methods of these names; the last takes no text to evaluate.
_READING_METHODS = frozenset({"query", "eval", "evaluate"})
_ARRAY_MODULES = frozenset({"torch", "np", "numpy", "jnp", "jax", "tf", "cp", "mx", "self"})

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Node = TypeVar("_Node", bound=ast.AST)


def canonical_statement(node: ast.stmt, *, docstrings: bool = False) -> str:
    """Return the canonical form of one statement outside of functions, its local variables numbered.

    The forms of a module's (or class's) statements that are not `is_pass_or_string`, in order, make up its own:
    comparing them one by one spares the work on those that are plainly the same.

    Args:
        node: the statement; it is not changed.
        docstrings: keep them, for code that reads them.

    Raises:
        RecursionError: the code is nested too deeply for the built-in tools.
        ValueError: an integer is too long to be written out.
    """
    tree = _stripped(ast.Module(body=[node], type_ignores=[]), keep_docstrings=docstrings)
    _rename_locals(tree)
    return ast.dump(tree)


def is_pass_or_string(node: ast.stmt) -> bool:
    """Whether a statement does nothing: `pass`, or a string that stands alone."""
    return isinstance(node, ast.Pass) or _is_string(node)


def _stripped(node: _Node, *, keep_docstrings: bool) -> _Node:
    """Return a copy without idle statements and, unless kept, docstrings; the places of the code are not copied."""
    copied = node.__class__.__new__(node.__class__)
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            parts: list[Any] = [
                _stripped(part, keep_docstrings=keep_docstrings) if isinstance(part, ast.AST) else part
                for part in value
            ]
            setattr(copied, name, _busy(node, parts, keep_docstrings) if name == "body" else parts)
        elif isinstance(value, ast.AST) and value._fields:
            setattr(copied, name, _stripped(value, keep_docstrings=keep_docstrings))
        else:
            setattr(copied, name, value)
    return copied


def _busy(node: ast.AST, body: list[ast.stmt], keep_docstrings: bool) -> list[ast.stmt]:
    documented = isinstance(node, ast.ClassDef | _Function) and body and _is_string(body[0])
    docstring = body[:1] if documented and keep_docstrings else []
    kept = docstring + [statement for statement in body[len(docstring) :] if not is_pass_or_string(statement)]
    # A body of nothing but `pass` or a docstring is one empty body, however it is written.
    return kept if kept or isinstance(node, ast.Module) else [ast.Pass()]


def _is_string(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _rename_locals(tree: ast.Module) -> None:
    for node in _outermost_functions(tree):
        for name, number in _local_uses(node):
            name.id = f"<{number}>"  # no identifier looks like this: a new name cannot meet an old one


def _outermost_functions(node: ast.AST) -> Iterator[_Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Function):
            yield child
        else:
            yield from _outermost_functions(child)


def _local_uses(function: _Function) -> list[tuple[ast.Name, int]]:
    """Each use of a local variable in a function, with the number of that variable in order of appearance.

    A variable that is a parameter, an import or a definition, or is declared global, keeps its name, which is also
    written where no variable stands. So does one that refers past the function: two functions that read different
    globals must not look alike. Decorators, defaults and annotations are outside of the function's scope.
    """
    scopes = _Scopes(function)
    if scopes.opaque:
        return []
    numbers: dict[tuple[int, str], int] = {}
    numbered_uses = []
    for node, scope in scopes.uses:
        binding = scopes.binding(node.id, scope)
        if binding is not None:
            numbered_uses.append((node, numbers.setdefault(binding, len(numbers))))
    return numbered_uses


class _Scopes(ast.NodeVisitor):
    """Records which scope of one outermost function binds which names, and where each name is used.

    Attributes:
        bound: for each scope, the names that plain assignment, loops and the like bind in it.
        kept: for each scope, the names bound by something that also writes the name itself.
        shared: names that somewhere bind in another scope than they stand in; they are never renamed.
        opaque: the function may look at its own names.
    """

    def __init__(self, function: _Function) -> None:
        self.parents = [-1]
        self.bound: list[set[str]] = [set()]
        self.kept: list[set[str]] = [{argument.arg for argument in _arguments(function.args)}]
        self.shared = _type_parameters(function)
        self.uses: list[tuple[ast.Name, int]] = []
        # numba and Cython take the types of locals by name: `@jit(locals={"x": float64})`
        decorator_nodes = (part for decorator in function.decorator_list for part in ast.walk(decorator))
        self.opaque = any(
            "locals" in (getattr(n, "attr", ""), getattr(n, "id", ""), getattr(n, "arg", "")) for n in decorator_nodes
        )
        self._here = 0
        for statement in function.body:
            self.visit(statement)

    def binding(self, name: str, scope: int) -> tuple[int, str] | None:
        """Return the variable a name stands for in a scope, None if it must keep its name."""
        while scope >= 0 and name not in self.shared and name not in self.kept[scope]:
            if name in self.bound[scope]:
                return scope, name
            scope = self.parents[scope]
        return None

    def visit_Name(self, node: ast.Name) -> None:
        self.uses.append((node, self._here))
        if node.id in _NAME_READERS:
            self.opaque = True
        if "__" in node.id:
            self.shared.add(node.id)  # inside a class, `__x` and `_Class__x` are one variable
        if not isinstance(node.ctx, ast.Load):
            self.bound[self._here].add(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        arrays = isinstance(node.value, ast.Name) and node.value.id in _ARRAY_MODULES
        if node.attr in _READING_ATTRIBUTES or (node.attr == "stack" and not arrays):
            self.opaque = True
        self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if (method in _READING_METHODS and (node.args or node.keywords)) or (method == "dir" and not node.args):
            self.opaque = True
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.shared.add(node.target.id)  # inside a comprehension it binds one scope further out
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.opaque = True  # names stored in a class body are attributes

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        self.shared.update(node.names)

    visit_Nonlocal = visit_Global

    def _keep(self, node: ast.AST) -> None:
        if isinstance(node, ast.alias):
            self.kept[self._here].add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            self.kept[self._here].add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            self.kept[self._here].add(node.rest)
        self.generic_visit(node)

    visit_alias = visit_ExceptHandler = visit_MatchAs = visit_MatchStar = visit_MatchMapping = _keep

    def _nested(self, inside: Sequence[ast.AST], arguments: ast.arguments | None = None) -> None:
        named = _arguments(arguments) if arguments else []
        self.parents.append(self._here)
        self.bound.append(set())
        self.kept.append({argument.arg for argument in named})
        self._here, outer = len(self.parents) - 1, self._here
        for node in inside:
            self.visit(node)
        self._here = outer

    def _function(self, node: _Function) -> None:
        self.kept[self._here].add(node.name)
        self.shared |= _type_parameters(node)
        for part in (*node.decorator_list, node.args, *([node.returns] if node.returns else [])):
            self.visit(part)
        self._nested(node.body, node.args)

    visit_FunctionDef = visit_AsyncFunctionDef = _function

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)  # defaults and annotations
        self._nested([node.body], node.args)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        first, *rest = node.generators
        values: list[ast.AST] = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.visit(first.iter)  # evaluated outside of the comprehension's scope
        self._nested([first.target, *first.ifs, *rest, *values])

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension


def _type_parameters(node: ast.AST) -> set[str]:
    return {parameter.name for parameter in getattr(node, "type_params", ())}  # Python 3.12


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [*named, *(extra for extra in (arguments.vararg, arguments.kwarg) if extra)]
