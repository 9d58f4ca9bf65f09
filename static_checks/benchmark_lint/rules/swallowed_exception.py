"""Lint rule swallowed-exception."""

from collections.abc import Iterable

import libcst as cst

from judge.static_checks.benchmark_lint.lint_rule import LintHit, LintRule
from judge.static_checks.benchmark_lint.script import Script, exits_zero, leaves, walk

_REPORTS = ("print", "builtins.print", "traceback.print_exc")


def check(script: Script) -> Iterable[LintHit]:
    """Find handlers that print, or do nothing, and go on; those that leave with 0 are another rule's."""
    for handler in script.nodes(cst.ExceptHandler, cst.ExceptStarHandler):
        assert isinstance(handler, cst.ExceptHandler | cst.ExceptStarHandler)
        if leaves(handler.body) or any(exits_zero(node) for node in walk(handler.body)) or _optional_import(handler):
            continue
        prints = any(name in _REPORTS or ".log" in f".{name}" for _, name in script.calls(handler.body))
        if prints or all(isinstance(node, cst.Pass) for node in _small(handler.body)):
            yield LintHit(handler, "catches an exception, prints or drops it, and goes on; let it be raised")


def _small(body: cst.BaseSuite) -> list[cst.CSTNode]:
    return [node for node in walk(body) if isinstance(node, cst.BaseSmallStatement)]


def _optional_import(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    kinds = {node.value for node in walk(handler.type) if isinstance(node, cst.Name)} if handler.type else set()
    return (
        bool(kinds)
        and kinds <= {"ImportError", "ModuleNotFoundError"}
        and not any(isinstance(node, cst.Call) for node in walk(handler.body))
    )


RULE = LintRule(
    code="swallowed-exception",
    summary="An exception is caught, printed and forgotten.",
    why="A benchmark that goes on after a failure times the failure, and its caller sees a success without a number.",
    bad="""\
from package import work

def setup():
    return list(range(1000))

def experiment(data):
    try:
        return work(data)
    except Exception as error:
        print("failed:", error)
""",
    good="""\
from package import work

def setup():
    return list(range(1000))

def experiment(data):
    return work(data)
""",
    check=check,
)
