"""Owns a parsed benchmark file and what all rules ask of it: names, lines, and what runs inside the timed function."""

from collections.abc import Collection, Iterator
from typing import Any

import libcst as cst
from libcst.helpers import get_full_name_for_node
from libcst.metadata import MetadataWrapper, PositionProvider, QualifiedNameProvider

TIMED = ("experiment", "workload")


class Script:
    """A benchmark file, read only."""

    def __init__(self, text: str) -> None:
        """Parse the text, of which the built-in parser has said that it is Python."""
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        metadata = wrapper.resolve_many([PositionProvider, QualifiedNameProvider])
        self.module = wrapper.module
        # The providers' own types are opaque: a position, and a set of names that may be made on demand.
        self._positions: Any = metadata[PositionProvider]
        self._names: Any = metadata[QualifiedNameProvider]
        self.functions = {
            node.name.value: node
            for top in self.module.body
            for node in walk(top, into_functions=False)
            if isinstance(node, cst.FunctionDef)
        }
        self.timed = self._reached_from(TIMED)

    def line(self, node: cst.CSTNode) -> int:
        """Return the 1-based line on which a node begins."""
        return int(self._positions[node].start.line)

    def name(self, node: cst.CSTNode) -> str:
        """Return what a name, attribute or call stands for, imports resolved: `os.getenv` also for a bare `getenv`."""
        target = node.func if isinstance(node, cst.Call) else node
        names = self._names.get(target) or ()
        if callable(names):
            names = names()
        return next((name.name for name in names), None) or get_full_name_for_node(target) or ""

    def calls(self, *roots: cst.CSTNode) -> Iterator[tuple[cst.Call, str]]:
        """Yield the calls inside some nodes, or in the whole file, with what is called."""
        for root in roots or (self.module,):
            for node in walk(root):
                if isinstance(node, cst.Call):
                    yield node, self.name(node)

    def nodes(self, *kinds: type[cst.CSTNode]) -> Iterator[cst.CSTNode]:
        """Yield all nodes of some kinds."""
        return (node for node in walk(self.module) if isinstance(node, kinds))

    def inside_timed(self) -> Iterator[cst.CSTNode]:
        """Yield what runs when the timed function is called, functions of this file that it calls included."""
        for function in self.timed:
            yield from walk(function.body)

    def _reached_from(self, roots: Collection[str]) -> tuple[cst.FunctionDef, ...]:
        reached: list[str] = []
        todo = [name for name in roots if name in self.functions]
        while todo:
            name = todo.pop()
            if name not in reached:
                reached.append(name)
                callees = (self.name(call) for call, _ in self.calls(self.functions[name].body))
                todo += [callee for callee in callees if callee in self.functions]
        return tuple(self.functions[name] for name in reached)


def walk(node: cst.CSTNode, *, into_functions: bool = True) -> Iterator[cst.CSTNode]:
    """Yield a node and all below it, in the order of the file."""
    yield node
    for child in node.children:
        if into_functions or not isinstance(node, cst.FunctionDef | cst.ClassDef):
            yield from walk(child, into_functions=into_functions)


def constant(node: cst.CSTNode | None) -> str:
    """Return the source of a literal or name, else an empty text."""
    if isinstance(node, cst.Name | cst.Integer | cst.Float | cst.SimpleString):
        return node.value
    return ""


def leaves(node: cst.CSTNode) -> bool:
    """Say whether a block raises or exits with a status that is not 0."""
    return any(isinstance(part, cst.Raise) or _fails(part) for part in walk(node))


def exits_zero(node: cst.CSTNode) -> bool:
    """Say whether a node is `sys.exit(0)`, `exit()`, `os._exit(0)` or `quit()`."""
    if not _is_exit(node):
        return False
    assert isinstance(node, cst.Call)
    return not node.args or constant(node.args[0].value) in ("0", "None", "False")


def _fails(node: cst.CSTNode) -> bool:
    return _is_exit(node) and not exits_zero(node)


def _is_exit(node: cst.CSTNode) -> bool:
    if not isinstance(node, cst.Call):
        return False
    name = get_full_name_for_node(node.func) or ""
    return name.rpartition(".")[2] in ("exit", "_exit", "quit", "SystemExit")
