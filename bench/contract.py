"""Owns what a benchmark may be, and the static check of a benchmark file: it is parsed, never executed."""

import ast
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from judge.bench.benchmark_file import data_names, filled_names, required_modules, statements_to_load
from judge.bench.errors import ContractError

ProblemCode = Literal["missing_file", "unreadable", "syntax", "missing_setup", "missing_experiment", "signature"]
GPU_MODULES = frozenset({"torch", "triton", "cupy"})
_EXAMPLE = "a benchmark defines `setup()` returning data and `experiment(data)` returning a result"


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function without required arguments in a module of the tree; `name` may be dotted (a method)."""

    module: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command that is run in the tree and prints JSON with a metric, such as `latency_ms`.

    The metric is the program's own word: nothing here can time it.
    """

    argv: tuple[str, ...]
    metric: str
    better: Literal["lower", "higher"]


Benchmark = Path | Function | Command


def parse_benchmark(text: str, *, metric: str = "", better: Literal["lower", "higher"] = "lower") -> Benchmark:
    """Read a benchmark as people write it: FILE, `module:function`, or a command where a metric is named.

    Raises:
        ContractError: the command is empty or its quotes do not close.
    """
    if metric:
        try:
            argv = tuple(shlex.split(text))
        except ValueError as error:
            raise ContractError(f"the command {text!r} cannot be split ({error}): correct its quotes") from error
        if not argv:
            raise ContractError("the command is empty: name a program that prints JSON")
        return Command(argv=argv, metric=metric, better=better)
    match = re.fullmatch(r"([A-Za-z_][\w.]*):([A-Za-z_][\w.]*)", text)
    return Function(module=match[1], name=match[2]) if match and not Path(text).exists() else Path(text)


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a benchmark offers: the timed function and how it is called and loaded.

    Attributes:
        path: the file; of a function of the tree, its module's name, for messages.
        function: name of the timed function.
        module: the tree's module that holds it; empty for a benchmark file.
        has_setup: whether `setup()` makes the data.
        reference_first: whether `check_equivalence` takes the reference before the current result.
        keep: positions of the statements that are loaded; None means the whole file.
        left_out: first and last lines of those that are not, because they would run the benchmark.
        data_names: globals that hold the data of a function that takes none.
        filled_names: those of them to which what `setup()` returns is assigned.
        modules: what the file imports unconditionally, by top-level name.
        names_cuda: whether the file speaks of CUDA at all.
    """

    path: Path
    function: str
    takes_data: bool
    has_check_equivalence: bool
    module: str = ""
    has_setup: bool = True
    reference_first: bool = False
    keep: tuple[int, ...] | None = None
    left_out: tuple[tuple[int, int], ...] = ()
    data_names: tuple[str, ...] = ()
    filled_names: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    names_cuda: bool = False


def function_contract(function: Function, folders: Sequence[Path] = ()) -> Contract:
    """Return the contract of a function of the tree: called without arguments, no set-up.

    Its module is looked for in `folders`; what that imports tells on which device it may run.
    """
    stem = function.module.replace(".", "/")
    files = [folder / name for folder in folders for name in (f"{stem}.py", f"{stem}/__init__.py")]
    text = next((file.read_bytes() for file in files if file.is_file()), b"")
    try:
        imported = required_modules(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        imported = ()
    return Contract(
        path=Path(function.module),
        function=function.name,
        takes_data=False,
        has_check_equivalence=False,
        module=function.module,
        has_setup=False,
        modules=(function.module.partition(".")[0], *(name for name in imported if name in GPU_MODULES)),
        names_cuda=b"cuda" in text,
    )


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
        text = path.read_bytes()
        tree = ast.parse(text, filename=str(path))
        names = _bindings(tree)
        selection = statements_to_load(tree)
    except FileNotFoundError:
        return problem("missing_file", "there is no such benchmark file", "check the path")
    except OSError as error:
        return problem("unreadable", f"cannot be read ({error.strerror})", "make it readable")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return problem("syntax", f"is not valid Python ({error})", "correct the file")
    if "setup" not in names and ("workload" not in names or "experiment" in names):
        return problem("missing_setup", "does not define setup()", f"add it: {_EXAMPLE}")
    function: Literal["experiment", "workload"]
    if "experiment" in names:
        function = "experiment"
    elif "workload" in names:
        function = "workload"
    else:
        message = "defines neither experiment(data) nor workload()"
        return problem("missing_experiment", message, f"add one: {_EXAMPLE}")
    for name, most in (("setup", 0), (function, int("setup" in names))):
        fault = _call_fault(names.get(name), most)
        if fault:
            return problem("signature", f"{name}() {fault}", f"change it: {_EXAMPLE}")
    takes_data = _takes_data(names[function], default=function == "experiment")
    return Contract(
        path=path,
        function=function,
        takes_data=takes_data and "setup" in names,
        has_check_equivalence="check_equivalence" in names,
        has_setup="setup" in names,
        reference_first=_reference_first(names.get("check_equivalence")),
        keep=selection.keep,
        left_out=selection.left_out,
        data_names=data_names(tree, takes_data=takes_data),
        filled_names=filled_names(tree, takes_data=takes_data),
        modules=required_modules(tree),
        names_cuda=b"cuda" in text,
    )


def _bindings(tree: ast.Module) -> dict[str, _Function]:
    """Return the names bound at the top level, with their definition where there is one."""
    bindings: dict[str, _Function] = {}
    todo: list[ast.stmt] = list(tree.body)
    while todo:
        node = todo.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            bindings[node.name] = node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bindings.update({(alias.asname or alias.name).split(".")[0]: None for alias in node.names})
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            bindings.update({t.id: None for t in targets if isinstance(t, ast.Name)})
        elif isinstance(node, ast.If | ast.Try | ast.With):
            children = ast.iter_child_nodes(node)
            todo[:0] = [child for child in children if isinstance(child, ast.stmt)]
            for handler in getattr(node, "handlers", []):
                todo[:0] = handler.body
    return bindings


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
    nodes: list[ast.AST] = []
    todo: list[ast.AST] = list(node.body)
    while todo:
        part = todo.pop()
        nodes.append(part)
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            todo.extend(ast.iter_child_nodes(part))
    return nodes


def _takes_data(node: _Function, *, default: bool) -> bool:
    if not isinstance(node, ast.FunctionDef):
        return default
    arguments = node.args
    return bool(arguments.posonlyargs or arguments.args or arguments.vararg)


def _reference_first(node: _Function) -> bool:
    """Read the order of `check_equivalence`'s parameters from their names; both are in use."""
    if not isinstance(node, ast.FunctionDef) or len(node.args.args) < 2:
        return False
    first, second = (argument.arg.lower() for argument in node.args.args[:2])
    return first.startswith("ref") and not second.startswith("ref")
