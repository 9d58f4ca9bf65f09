"""Owns which statements of a benchmark file are loaded: all, or no more than its definitions.

Published workloads often end in `runtimes = timeit.repeat(workload, ...)` without a main guard.
Importing such a file would time it, for minutes, and before we measure anything.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ENTRIES = frozenset({"setup", "experiment", "workload"})
_DEFINES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_ASSIGNS = ast.Assign | ast.AnnAssign | ast.AugAssign


@dataclass(frozen=True, kw_only=True)
class LoadedStatements:
    """What is loaded of a file: `keep` holds positions in the module's body; None means all of it."""

    keep: tuple[int, ...] | None
    left_out: tuple[tuple[int, int], ...] = ()


def statements_to_load(tree: ast.Module) -> LoadedStatements:
    """Choose imports, definitions and constants where the file runs its benchmark when it is imported.

    A constant is an assignment whose value does not depend on what runs the benchmark.
    """
    runners = _runners(tree.body)
    if not any(_runs(node, runners) for node in tree.body):
        return LoadedStatements(keep=None)
    keep, left_out, lost = [], [], set(runners)
    for position, node in enumerate(tree.body):
        if _is_kept(node, lost):
            keep.append(position)
        else:
            lost |= _assigned(node)
            left_out.append((node.lineno, node.end_lineno or node.lineno))
    return LoadedStatements(keep=tuple(keep), left_out=tuple(left_out))


def data_names(tree: ast.Module, *, takes_data: bool) -> tuple[str, ...]:
    """Return the globals that hold the data of a timed function without a parameter, set by `setup()` or for it."""
    if takes_data:
        return ()
    own = {name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "setup"
           for name in _globals(node)}  # fmt: skip
    return tuple(sorted(own | set(filled_names(tree, takes_data=False))))


def filled_names(tree: ast.Module, *, takes_data: bool) -> tuple[str, ...]:
    """Return the globals to which the script's own driver assigns what `setup()` returns (`DATA = setup()`)."""
    if takes_data:
        return ()
    names = _filled_by_setup([node for node in tree.body if not isinstance(node, _DEFINES)])
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            names |= _globals(node) & _filled_by_setup(node.body)
    return tuple(sorted(names))


def required_modules(tree: ast.Module) -> tuple[str, ...]:
    """Return the top-level modules that the file imports when it is loaded, outside `try` and `if`."""
    names = []
    for node in tree.body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    return tuple(sorted({name.partition(".")[0] for name in names} - {"__future__"}))


def is_main_guard(node: ast.stmt) -> bool:
    """Say whether a statement is `if __name__ == "__main__":`."""
    return isinstance(node, ast.If) and "__name__" in _loaded(node.test)


def _runners(body: Sequence[ast.stmt]) -> set[str]:
    """Return the names of the functions that run the benchmark, directly or through others."""
    mentions = {node.name: _loaded(node) for node in body if isinstance(node, ast.FunctionDef)}
    runners = set(ENTRIES)
    while more := {name for name, used in mentions.items() if used & runners} - runners:
        runners |= more
    return runners


def _runs(node: ast.stmt, runners: set[str]) -> bool:
    if isinstance(node, _DEFINES) or is_main_guard(node) or _assigned(node) & ENTRIES:
        return False
    return any(isinstance(part, ast.Call) and _loaded(part) & runners for part in _outside_functions(node))


def _is_kept(node: ast.stmt, lost: set[str]) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom | _DEFINES | ast.Pass) or is_main_guard(node):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, _ASSIGNS):
        return bool(_assigned(node) & ENTRIES) or not _loaded(node) & lost
    if isinstance(node, ast.If | ast.Try):
        return not _loaded(node) & lost and all(_is_kept(part, lost) for part in _statements(node))
    return False


def _statements(node: ast.If | ast.Try) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler):
            yield from child.body


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a statement that run with it, not those of definitions inside it."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _DEFINES):
            yield from _outside_functions(child)


def _loaded(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}


def _assigned(node: ast.stmt) -> set[str]:
    return {
        part.id
        for part in _outside_functions(node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store | ast.Del)
    }


def _globals(node: ast.FunctionDef) -> set[str]:
    return {name for part in ast.walk(node) if isinstance(part, ast.Global) for name in part.names}


def _filled_by_setup(body: Sequence[ast.stmt]) -> set[str]:
    names = set()
    for part in (part for node in body for part in _outside_functions(node)):
        if isinstance(part, ast.Assign) and isinstance(part.value, ast.Call):
            called = part.value.func
            if isinstance(called, ast.Name) and called.id == "setup":
                names |= {target.id for target in part.targets if isinstance(target, ast.Name)}
    return names
