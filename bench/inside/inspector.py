"""Runs in the target's interpreter beside the timing, never timed: lines that a benchmark runs, `check_equivalence`.

Standard library only, Python 3.8 and newer, started by file path like the worker that it extends.
"""

from __future__ import annotations

import ast
import base64
import dis
import importlib.util
import io
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import types
from typing import IO, TYPE_CHECKING, Any, Dict, Iterator, List, Set, Tuple

if TYPE_CHECKING:
    from judge.bench.inside import cuda, encoding, worker
else:
    _SPEC = importlib.util.spec_from_file_location(
        "judge_inside_worker", os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker.py")
    )
    worker = importlib.util.module_from_spec(_SPEC)
    _SPEC.loader.exec_module(worker)
    cuda, encoding = worker.cuda, worker.encoding

_SPAWNS = ("os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "subprocess.Popen")
# A pickled result is data: what could start a program or rewrite the check has no place in it.
_NOT_DATA = frozenset(
    "os posix nt subprocess sys importlib runpy shutil socket ctypes code codeop pty threading "
    "multiprocessing gc inspect".split()
)
_BUILTIN_DATA = frozenset(
    "bool bytearray bytes complex dict float frozenset int list object range set slice str tuple Ellipsis "
    "NotImplemented reversed enumerate map filter zip".split()
)
TAIL_BYTES = 256 * 1024
_FUNCTION = 0x01  # CO_OPTIMIZED: a function's code, not a module's or a class's


class Inspector(worker.Worker):
    """A worker that also watches lines and compares results the benchmark's own way."""

    def __init__(self) -> None:
        super().__init__()
        self.watched: Dict[str, Set[int]] = {}
        self.known: Dict[str, str] = {}
        self.loading = True
        self.spawned = False
        self.at_import: Set[Tuple[str, int]] = set()
        self.in_setup: Set[Tuple[str, int]] = set()
        self.in_call: Set[Tuple[str, int]] = set()
        self.now: Set[Tuple[str, int]] = set()
        self.tracer = self._enter

    def watch(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Begin to note which of these lines run, by file of the tree; comes before `load`."""
        root = os.path.realpath(request["tree"])
        self.watched = {os.path.join(root, path): set(lines) for path, lines in request["files"].items()}
        sys.addaudithook(self._audit)
        threading.settrace(self.tracer)
        sys.settrace(self.tracer)
        return {}

    def inspect(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Make data and call once; say how many of the watched lines ran, and which did not."""
        try:
            self.now, self.loading, self.seed = self.in_setup, False, request["seed"]
            arguments = self._fresh(self.seed)
            self.now = self.in_call
            self.function(*arguments)
            kept = sys.gettrace() == self.tracer
        finally:
            sys.settrace(None)
            threading.settrace(None)
        inside, outside = self._executable()
        everywhere = self.at_import | self.in_setup | self.in_call
        ran = (inside & (self.in_setup | self.in_call)) | (outside & everywhere)
        timed = (inside & self.in_call) | (outside & everywhere)
        missed = sorted((inside | outside) - ran)
        return {
            "executable": len(inside | outside),
            "ran": len(ran),
            "timed": len(timed),
            "spawned": self.spawned,
            "kept": kept,
            "missed": ["%s:%d" % (os.path.relpath(path, self.tree), line) for path, line in missed[:20]],
        }

    def equivalent(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Ask the benchmark's `check_equivalence`; an exception or False says no."""
        try:
            current, reference = (_Results(request[name]).load() for name in ("current", "reference"))
        except Exception as error:  # a class that only the candidate has, or a result that wants to run something
            return {"equivalent": None, "message": encoding.text_of(error)}
        pair = (reference, current) if request["reference_first"] else (current, reference)
        try:
            answer = self.names["check_equivalence"](*pair)
        except Exception as error:  # an assertion, or a lookup that fails on another structure
            return {"equivalent": False, "message": encoding.text_of(error)}
        return {
            "equivalent": answer is None or bool(answer),
            "message": "" if answer is None else "it returned a false value",
        }

    def accelerator(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Say whether the target's torch can use a CUDA device."""
        return cuda.describe()

    def where(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Say in which folder a package is installed, without importing it."""
        spec = importlib.util.find_spec(request["package"])
        folders = list(spec.submodule_search_locations or ()) if spec else []
        return {"folder": os.path.realpath(folders[0]) if folders else None}

    def command(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Run a program; return its exit status, its time and the ends of what it wrote."""
        environment = dict(os.environ, PATH=os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", ""))
        environment.pop("PYTHONSAFEPATH", None)  # a script may import its neighbours
        if request["paths"]:
            environment["PYTHONPATH"] = os.pathsep.join(request["paths"])
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            start = self.clock()
            done = subprocess.run(
                request["argv"],
                cwd=request["cwd"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                check=False,
            )
            spent = self.clock() - start
            return {"code": done.returncode, "ns": spent, "out": _tail(out), "err": _tail(err)}

    def _audit(self, event: str, details: Any) -> None:
        if event in _SPAWNS:
            self.spawned = True

    def _enter(self, frame: types.FrameType, event: str, argument: Any) -> Any:
        """Trace only frames of watched files."""
        name = frame.f_code.co_filename
        path = self.known.get(name)
        if path is None:
            real = os.path.realpath(name)
            path = self.known[name] = real if real in self.watched else ""
        if not path:
            return None
        is_function = frame.f_code.co_flags & _FUNCTION
        seen = self.at_import if self.loading or not is_function else self.now
        seen.add((path, -frame.f_code.co_firstlineno if is_function else 0))

        def line(inner: types.FrameType, kind: str, unused: Any) -> Any:
            seen.add((path, inner.f_lineno))
            return line

        return line

    def _executable(self) -> Tuple[Set[Tuple[str, int]], Set[Tuple[str, int]]]:
        """Return the watched lines with code, those in functions and the others."""
        inside: Set[Tuple[str, int]] = set()
        outside: Set[Tuple[str, int]] = set()
        for path, wanted in self.watched.items():
            with open(path, "rb") as handle:
                source = handle.read()
            tree = ast.parse(source)
            in_functions, elsewhere = _lines(compile(source, path, "exec"))
            heads, silent = _heads(tree, wanted)
            for first, lines in heads.items():
                for seen in (self.in_setup, self.in_call):
                    if (path, -first) in seen:
                        seen.update((path, line) for line in lines)
                in_functions |= lines
            inside |= {(path, line) for line in wanted & in_functions}
            outside |= {(path, line) for line in wanted & elsewhere - in_functions - silent}
        return inside, outside


def _tail(stream: IO[bytes]) -> str:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - TAIL_BYTES))
    return stream.read().decode("utf-8", "replace")


def _lines(code: types.CodeType) -> Tuple[Set[int], Set[int]]:
    """Return the lines with code in functions, and those in modules and classes."""
    inside: Set[int] = set()
    outside: Set[int] = set()
    todo: List[types.CodeType] = [code]
    while todo:
        part = todo.pop()
        lines = {line for _, line in dis.findlinestarts(part) if line}
        (inside if part.co_flags & _FUNCTION else outside).update(lines)
        todo += [constant for constant in part.co_consts if isinstance(constant, types.CodeType)]
    return inside, outside


def _heads(tree: ast.Module, wanted: Set[int]) -> Tuple[Dict[int, Set[int]], Set[int]]:
    """Return the lines of each function's decorators and signature, and lines that run but do nothing by themselves.

    A signature runs on import; it matters when its function is entered. The latter kind are docstrings,
    headers of classes that are wholly new, and imports that only other added lines use.
    """
    uses = {(node.id, node.lineno) for node in ast.walk(tree) if isinstance(node, ast.Name)}
    elsewhere = {name for name, line in uses if line not in wanted}
    heads: Dict[int, Set[int]] = {}
    silent: Set[int] = set()
    for node in _statements(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno] + [decorator.lineno for decorator in node.decorator_list])
            heads[first] = set(range(first, max(node.body[0].lineno, node.lineno + 1)))
        elif isinstance(node, ast.ClassDef) and {part.lineno for part in node.body} <= wanted:
            silent |= set(range(node.lineno, node.body[0].lineno))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = {(alias.asname or alias.name).split(".")[0] for alias in node.names}
            if "*" in names or names & elsewhere:
                continue
            silent |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return heads, silent


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.stmt))


class _Results(pickle.Unpickler):
    """Reads a pickled result; a result that wants to run something is refused."""

    def __init__(self, text: str) -> None:
        super().__init__(io.BytesIO(base64.b64decode(text)))

    def find_class(self, module: str, name: str) -> Any:
        """Find a class by name, unless it is no data."""
        if module.split(".")[0] in _NOT_DATA or (module == "builtins" and name not in _BUILTIN_DATA):
            raise pickle.UnpicklingError("the result refers to %s.%s, which is no data" % (module, name))
        return super().find_class(module, name)


if __name__ == "__main__":
    worker.main(Inspector)
