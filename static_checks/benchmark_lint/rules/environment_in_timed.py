"""Lint rule environment-in-timed."""

from collections.abc import Iterable

import libcst as cst

from judge.static_checks.benchmark_lint.lint_rule import LintHit, LintRule
from judge.static_checks.benchmark_lint.script import Script


def check(script: Script) -> Iterable[LintHit]:
    """Find reads of the environment."""
    for node in script.inside_timed():
        name = script.name(node) if isinstance(node, cst.Call) else ""
        subscript = script.name(node.value) if isinstance(node, cst.Subscript) else ""
        if name == "os.getenv" or name.startswith("os.environ.") or subscript == "os.environ":
            yield LintHit(node, "reads the environment inside the timed function; read it in setup()")


RULE = LintRule(
    code="environment-in-timed",
    summary="The timed function reads environment variables.",
    why="Each read decodes and copies a string: about a microsecond that is no work of the code under test. A "
    "function that asks which side it is on (IMPL_TAG) also times two different things under one name.",
    bad="""\
import os
from package import work

def setup():
    return list(range(1000))

def experiment(data):
    return work(data, mode=os.getenv("MODE", "fast"))
""",
    good="""\
import os
from package import work

def setup():
    return list(range(1000)), os.getenv("MODE", "fast")

def experiment(data):
    return work(data[0], mode=data[1])
""",
    check=check,
)
