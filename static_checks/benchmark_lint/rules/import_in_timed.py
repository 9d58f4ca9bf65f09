"""Lint rule import-in-timed."""

from collections.abc import Iterable

import libcst as cst

from judge.static_checks.benchmark_lint.lint_rule import LintHit, LintRule
from judge.static_checks.benchmark_lint.script import Script

_CALLS = frozenset({"importlib.import_module", "importlib.reload", "builtins.__import__", "__import__"})


def check(script: Script) -> Iterable[LintHit]:
    """Find import statements and calls that import."""
    for node in script.inside_timed():
        if isinstance(node, cst.Import | cst.ImportFrom):
            yield LintHit(node, "imports inside the timed function; import at the top of the file")
        elif isinstance(node, cst.Call) and script.name(node) in _CALLS:
            yield LintHit(node, "resolves its target inside the timed function; resolve it once, in setup()")


RULE = LintRule(
    code="import-in-timed",
    summary="The timed function imports, or resolves its target by name.",
    why="Looking up a module takes microseconds on every call, the same on both sides: a micro-optimisation drowns "
    "in it, and the first call pays for the whole import.",
    bad="""\
import importlib

def resolve():
    return importlib.import_module("package.core").work

def setup():
    return list(range(1000))

def experiment(data):
    return resolve()(data)
""",
    good="""\
from package.core import work

def setup():
    return list(range(1000))

def experiment(data):
    return work(data)
""",
    check=check,
)
