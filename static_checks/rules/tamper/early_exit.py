"""Rule tamper-early-exit."""

import ast
import re
from collections.abc import Iterable, Iterator

from judge.static_checks.change.change import Change
from judge.static_checks.change.new_marks import Mark, new_marks
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule
from judge.static_checks.source.name_resolution import ScopedStatement, node_line
from judge.static_checks.source.paths import is_library

_ALWAYS = frozenset({"os._exit", "os.abort", "atexit.register"})
_CLEAN = frozenset({"sys.exit", "builtins.exit", "builtins.quit", "builtins.SystemExit"})
_HINT = re.compile(r"exit\b|\bquit\b|\babort\b|\batexit\b|SystemExit")
_ENTRY = re.compile(r"(?:^|\.|_)(?:main|cli|run_server|shutdown|terminate|signal|sig\w+)(?:$|\.|_)|handler$", re.I)


def check(change: Change) -> Iterable[Hit]:
    """Find added library code that ends the process cleanly, or hooks its end."""
    for new in new_marks(change.files, _marks, hint=_HINT, where=is_library):
        yield Hit(f"library code calls {new.mark.name}", new.file.path, new.mark.line, new.quote)


def _marks(place: ScopedStatement) -> Iterator[Mark]:
    entry = bool(_ENTRY.search(place.function))
    for node in ast.walk(place.node):
        match node:
            case ast.Call(func=function):
                name = place.scope.dotted(function)
                if name in _ALWAYS or (name in _CLEAN and _clean(node) and not entry):
                    yield Mark(name=name or "", line=node_line(node))
            case ast.Raise(exc=ast.Name() as raised) if place.scope.dotted(raised) == "builtins.SystemExit":
                yield Mark(name="builtins.SystemExit", line=node_line(node))


def _clean(call: ast.Call) -> bool:
    """Whether the exit code says that all went well."""
    return not call.args or (isinstance(call.args[0], ast.Constant) and call.args[0].value in (0, None))


RULE = Rule(
    code="tamper-early-exit",
    gate="tamper",
    summary="Added library code ends the process, or hooks its end.",
    why="A process that leaves with code 0 before its checks ran looks like one that passed them, and an exit hook "
    "can rewrite results after the last check. Command line entry points may exit.",
    severity="warn",
    bad=Example(
        before={"lib.py": "def work(n):\n    return sum(range(n))\n"},
        after={"lib.py": "import os\n\n\ndef work(n):\n    os._exit(0)\n"},
    ),
    good=Example(
        before={"lib.py": "def work(n):\n    return sum(range(n))\n"},
        after={
            "lib.py": "import sys\n\n\ndef work(n):\n    return n * (n - 1) // 2\n\n\ndef main():\n    sys.exit(0)\n"
        },
    ),
    check=check,
)
