"""Owns the static check of a benchmark file: it is parsed, never executed."""

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ProblemCode = Literal["missing_file", "unreadable", "syntax", "missing_setup", "missing_experiment", "signature"]
_EXAMPLE = "a benchmark defines `setup()` returning data and `experiment(data)` returning a result"


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a benchmark file offers: the timed function and how it is called."""

    path: Path
    function: Literal["experiment", "workload"]
    takes_data: bool
    has_check_equivalence: bool


@dataclass(frozen=True, kw_only=True)
class ContractProblem:
    """Why a file is not a benchmark, and what to do about it."""

    path: Path
    code: ProblemCode
    message: str
    next_step: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}; {self.next_step}"


_Function = ast.FunctionDef | ast.AsyncFunctionDef | None


def check_contract(path: Path) -> Contract | ContractProblem:
    """Say whether a file defines `setup()` and `experiment(data)` or `workload()`."""

    def problem(code: ProblemCode, message: str, next_step: str) -> ContractProblem:
        return ContractProblem(path=path, code=code, message=message, next_step=next_step)

    try:
        names = _bindings(ast.parse(path.read_bytes(), filename=str(path)))
    except FileNotFoundError:
        return problem("missing_file", "there is no such benchmark file", "check the path")
    except OSError as error:
        return problem("unreadable", f"cannot be read ({error.strerror})", "make it readable")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return problem("syntax", f"is not valid Python ({error})", "correct the file")
    if "setup" not in names:
        return problem("missing_setup", "does not define setup()", f"add it: {_EXAMPLE}")
    function: Literal["experiment", "workload"]
    if "experiment" in names:
        function = "experiment"
    elif "workload" in names:
        function = "workload"
    else:
        message = "defines neither experiment(data) nor workload()"
        return problem("missing_experiment", message, f"add one: {_EXAMPLE}")
    for name, most in (("setup", 0), (function, 1)):
        fault = _call_fault(names[name], most)
        if fault:
            return problem("signature", f"{name}() {fault}", f"change it: {_EXAMPLE}")
    return Contract(
        path=path,
        function=function,
        takes_data=_takes_data(names[function], default=function == "experiment"),
        has_check_equivalence="check_equivalence" in names,
    )


def _bindings(tree: ast.Module) -> dict[str, _Function]:
    """Return the names bound at the top level, with their definition where there is one."""
    found: dict[str, _Function] = {}
    todo: list[ast.stmt] = list(tree.body)
    while todo:
        node = todo.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update({(alias.asname or alias.name).split(".")[0]: None for alias in node.names})
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update({t.id: None for t in targets if isinstance(t, ast.Name)})
        elif isinstance(node, ast.If | ast.Try | ast.With):
            children = ast.iter_child_nodes(node)
            todo[:0] = [child for child in children if isinstance(child, ast.stmt)]
            for handler in getattr(node, "handlers", []):
                todo[:0] = handler.body
    return found


def _required(arguments: ast.arguments) -> int:
    positional = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return positional + sum(1 for default in arguments.kw_defaults if default is None)


def _call_fault(node: _Function, most: int) -> str:
    if node is None:
        return ""
    if isinstance(node, ast.AsyncFunctionDef):
        return "is async: only plain functions are timed"
    if any(isinstance(part, ast.Yield | ast.YieldFrom) for part in _own_nodes(node)):
        return "is a generator: calling it would run nothing"
    required = _required(node.args)
    if required > most:
        return f"requires {required} arguments, and is called with {most}"
    return ""


def _own_nodes(node: ast.FunctionDef) -> list[ast.AST]:
    """Return the nodes of a function without those of functions nested in it."""
    found: list[ast.AST] = []
    todo: list[ast.AST] = list(node.body)
    while todo:
        part = todo.pop()
        found.append(part)
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            todo.extend(ast.iter_child_nodes(part))
    return found


def _takes_data(node: _Function, *, default: bool) -> bool:
    if not isinstance(node, ast.FunctionDef):
        return default
    arguments = node.args
    return bool(arguments.posonlyargs or arguments.args or arguments.vararg)
