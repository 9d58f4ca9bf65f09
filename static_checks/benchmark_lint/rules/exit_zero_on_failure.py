"""Lint rule exit-zero-on-failure."""

import re
from collections.abc import Iterable

import libcst as cst

from judge.static_checks.benchmark_lint.lint_rule import LintHit, LintRule
from judge.static_checks.benchmark_lint.script import Script, constant, exits_zero, walk

_FAILURE = re.compile(r"error|fail|not available|unavailable|missing|skip", re.IGNORECASE)
_ZERO = ("0", "0.0")


def check(script: Script) -> Iterable[LintHit]:
    """Find exits with status 0, and results of 0, in handlers and in branches that speak of an error."""
    for block in script.nodes(cst.ExceptHandler, cst.ExceptStarHandler, cst.If):
        if isinstance(block, cst.If) and not _speaks_of_failure(block):
            continue
        assert isinstance(block, cst.ExceptHandler | cst.ExceptStarHandler | cst.If)
        for node in walk(block.body):
            if exits_zero(node):
                yield LintHit(node, "leaves with status 0 after a failure; leave with another, or raise")
            elif isinstance(node, cst.Return) and constant(node.value) in _ZERO:
                yield LintHit(node, "returns 0 after a failure, which reads as a time; raise instead")


def _speaks_of_failure(block: cst.If) -> bool:
    return any(_FAILURE.search(constant(node)) for node in walk(block.test) if isinstance(node, cst.SimpleString))


RULE = LintRule(
    code="exit-zero-on-failure",
    summary="The script ends as if all were well after something failed.",
    why="Harnesses take status 0 for success: runs whose target was not even installed have been counted as solved.",
    bad="""\
import sys

def setup():
    try:
        from package import work
    except ImportError as error:
        print("error:", error)
        sys.exit(0)
    return work

def experiment(work):
    return work(range(1000))
""",
    good="""\
from package import work

def setup():
    return work

def experiment(work):
    return work(range(1000))
""",
    check=check,
)
