"""Rule tamper-patches-clock."""

import ast
import re
from collections.abc import Iterable, Iterator

from judge.static_checks.change.change import Change
from judge.static_checks.change.new_marks import Mark, new_marks
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule
from judge.static_checks.source.name_resolution import Scope, ScopedStatement, node_line
from judge.static_checks.source.paths import is_test

# Replacing any attribute of these changes what a stopwatch reads.
_OWNERS = (
    "time", "timeit", "statistics", "torch.cuda.Event", "torch.Event", "torch.cuda.streams", "torch.cuda.Stream",
    "torch.utils.benchmark", "triton.testing",
)  # fmt: skip
_CLOCKS = re.compile(
    r"torch\.(?:cuda|xpu|mps|hpu|npu|musa|accelerator)\.(?:synchronize|Event)|datetime\.datetime(?:\.(?:now|utcnow))?"
    r"|cupy\.cuda\.(?:Event|Stream|Device)(?:\.\w+)?|jax\.block_until_ready"
)
_MODULES = frozenset({"time", "timeit", "statistics", "torch.cuda", "torch.utils.benchmark", "triton.testing"})
_SETTERS = frozenset({"setattr", "delattr", "__setattr__", "__delattr__"})
_HINT = re.compile(
    r"\b(?:time|timeit|statistics|datetime|clock\w*|perf_counter\w*|monotonic\w*|\w*time_ns|process_time|elapsed_time"
    r"|synchronize|Event|Stream|streams|default_timer|do_bench\w*|block_until_ready|setattr|delattr|__setattr__"
    r"|__dict__|patch)\b|sys\.modules"
)


def check(change: Change) -> Iterable[Hit]:
    """Find added code that replaces a clock or a synchronise function."""
    for new in new_marks(change.files, _marks, hint=_HINT, where=lambda path: not is_test(path)):
        sure = new.mark.sure
        message = (
            f"replaces {new.mark.name}, by which runs are timed" if sure else f"may replace part of {new.mark.name}"
        )
        yield Hit(message, new.file.path, new.mark.line, new.quote, severity=None if sure else "warn")


def _marks(place: ScopedStatement) -> Iterator[Mark]:
    for node in ast.walk(place.node):
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            if name := _clock(_target(node, place.scope)):
                yield Mark(name=name, line=node_line(node))
        elif isinstance(node, ast.Call):
            yield from _call(node, place.scope)


def _target(node: ast.Attribute | ast.Subscript, scope: Scope) -> str | None:
    if isinstance(node, ast.Subscript) and scope.dotted(node.value) == "sys.modules":
        name = scope.dotted(node)
        return f"{name}.*" if name in _MODULES else None
    return scope.dotted(node)


def _call(node: ast.Call, scope: Scope) -> Iterator[Mark]:
    line = node_line(node)
    match node.func:
        case ast.Attribute(value=ast.Attribute(value=owner, attr="__dict__"), attr="update" | "pop" | "clear"):
            if name := _clock(f"{scope.dotted(owner)}.*"):
                yield Mark(name=name, line=line)
            return
        case ast.Name(id=verb) | ast.Attribute(attr=verb) if node.args:
            patching = _is_patching(node.func, scope)
        case _:
            return
    if verb not in _SETTERS and not patching:
        return
    arguments = node.args
    if (
        isinstance(node.func, ast.Attribute)
        and verb.startswith("__")
        and scope.dotted(node.func.value) != "builtins.object"
    ):
        arguments = [node.func.value, *arguments]  # time.__setattr__("perf_counter", fake)
    name, sure = _named(arguments, scope)
    if name and (clock := _clock(name)):
        yield Mark(name=clock, line=line, sure=sure)


def _named(arguments: list[ast.expr], scope: Scope) -> tuple[str | None, bool]:
    """The attribute that `setattr(owner, name, ...)` or `patch("owner.name")` writes, and whether that is certain."""
    match arguments:
        case [ast.Constant(value=str(whole)), *_]:
            return whole, True
        case [owner, ast.Constant(value=str(name)), *_]:
            above = scope.dotted(owner)
            return (f"{above}.{name}" if above else None), True
        case [owner, *_]:
            above = scope.dotted(owner)
            return (f"{above}.*" if above else None), above in _OWNERS
    return None, False


def _is_patching(function: ast.expr, scope: Scope) -> bool:
    """Whether this is `mock.patch` or `mock.patch.object`."""
    known = scope.dotted(function) or ""
    return known in ("unittest.mock.patch", "unittest.mock.patch.object", "mock.patch", "mock.patch.object")


def _clock(name: str | None) -> str | None:
    """Return the name if it is a clock or a synchronise function."""
    if name is None:
        return None
    if any(name.startswith(f"{owner}.") for owner in _OWNERS) or _CLOCKS.fullmatch(name):
        return name
    return name if name == "torch.cuda.*" else None


RULE = Rule(
    code="tamper-patches-clock",
    gate="tamper",
    summary="Added code replaces a clock or a synchronise function.",
    why="A patch that assigns to `time.perf_counter`, `torch.cuda.Event.elapsed_time` or `torch.cuda.synchronize` "
    "changes what is measured instead of what runs. Reading a clock, or a method of that name on one's own "
    "object, is nobody's business.",
    severity="block",
    bad=Example(
        before={"lib.py": "import time as clock\n\n\ndef work():\n    return 1\n"},
        after={
            "lib.py": "import time as clock\n\n\ndef work():\n    return 1\n\n\n"
            'setattr(clock, "perf_counter", lambda: 0.0)\n'
        },
    ),
    good=Example(
        before={"lib.py": "import time\n\n\nclass Timer:\n    pass\n"},
        after={
            "lib.py": "import time\n\n\nclass Timer:\n    def __init__(self, stream):\n"
            "        self.start = time.perf_counter()\n        self.synchronize = stream.synchronize\n"
        },
    ),
    check=check,
)
