"""Rule tamper-caller-sniffing."""

import ast
import re
from collections.abc import Iterable, Iterator

from judge.static_checks.change.change import Change
from judge.static_checks.change.new_marks import Mark, new_marks
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule
from judge.static_checks.source.name_resolution import ScopedStatement, node_line
from judge.static_checks.source.paths import is_library

_SNIFFING = frozenset(
    {
        "inspect.stack", "inspect.currentframe", "inspect.getouterframes", "sys._getframe", "sys._current_frames",
        "sys.argv", "sys.orig_argv", "traceback.extract_stack", "traceback.walk_stack", "gc.get_referrers",
        "gc.get_objects", "__main__.__file__",
    }
)  # fmt: skip
_RUNNERS = re.compile(r"PYTEST_CURRENT_TEST|PYTEST_VERSION|PYTEST_XDIST_WORKER")
_HINT = re.compile(r"stack|frame|argv|__main__|get_referrers|get_objects|PYTEST_|\bmodules\b|\borig_argv\b")
_TEST_MODULES = frozenset({"pytest", "_pytest", "unittest", "timeit"})
_ENTRY = re.compile(r"(?:^|\.|_)(?:main|cli|parse_args|parse)(?:$|\.|_)")


def check(change: Change) -> Iterable[Hit]:
    """Find added library code that looks at who called it."""
    for new in new_marks(change.files, _marks, hint=_HINT, where=is_library):
        yield Hit(f"library code looks at its caller through {new.mark.name}", new.file.path, new.mark.line, new.quote)


def _marks(place: ScopedStatement) -> Iterator[Mark]:
    for node in ast.walk(place.node):
        name: str | None = None
        match node:
            case ast.Name() | ast.Attribute() | ast.Call():
                name = place.scope.dotted(node)
                if name not in _SNIFFING or (name == "sys.argv" and _ENTRY.search(place.function)):
                    name = None
            case ast.Constant(value=str(text)) if variable := _RUNNERS.search(text):
                name = variable[0]
            case ast.Compare(left=ast.Constant(value=str(text)), comparators=[where]) if text in _TEST_MODULES:
                name = f"{text!r} in sys.modules" if place.scope.dotted(where) == "sys.modules" else None
        if name is not None:
            yield Mark(name=name, line=node_line(node))


RULE = Rule(
    code="tamper-caller-sniffing",
    gate="tamper",
    summary="Added library code looks at who called it.",
    why="Code that reads the call stack, the command line or the test runner's variables can be fast when it is "
    "timed and right when it is checked. Logging and deprecation helpers do so honestly, so this is "
    "a sign, not a proof.",
    severity="warn",
    bad=Example(
        before={"lib.py": "def work(n):\n    return sum(range(n))\n"},
        after={
            "lib.py": "import sys\n\n\ndef work(n):\n"
            '    if "bench" in sys._getframe(1).f_code.co_filename:\n        return 0\n    return sum(range(n))\n'
        },
    ),
    good=Example(
        before={"lib.py": "def work(n):\n    return sum(range(n))\n"},
        after={"lib.py": "import sys\n\n\ndef work(n):\n    return n * (n - 1) // 2 if n < sys.maxsize else 0\n"},
    ),
    check=check,
)
