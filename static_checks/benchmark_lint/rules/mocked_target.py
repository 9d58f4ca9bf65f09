"""Lint rule mocked-target."""

import re
from collections.abc import Iterable

import libcst as cst

from judge.static_checks.benchmark_lint.lint_rule import LintHit, LintRule
from judge.static_checks.benchmark_lint.script import Script

_CALLS = re.compile(r"(unittest\.)?mock\.\w+(\.\w+)*")
_CLASSES = re.compile(r"_*(Mock|Fake|Dummy|Stub)[A-Z]\w*")


def check(script: Script) -> Iterable[LintHit]:
    """Find mocks that are made, and classes that stand in for others."""
    for call, name in script.calls():
        if _CALLS.fullmatch(name):
            yield LintHit(call, f"{name.rpartition('.')[2]} stands in for something real; time the real thing")
    for node in script.nodes(cst.ClassDef):
        if isinstance(node, cst.ClassDef) and _CLASSES.fullmatch(node.name.value):
            yield LintHit(node, f"class {node.name.value} stands in for something real; time the real thing")


RULE = LintRule(
    code="mocked-target",
    summary="Mocks or stand-ins take part in the benchmark.",
    why="A mock answers in its own time. Where the change is about how real objects are used (a slow `__len__`, a "
    "copy, a lock), a stand-in shows neither the gain nor the loss.",
    bad="""\
from unittest.mock import MagicMock
from package import schedule

def setup():
    return MagicMock(tokens=[1, 2, 3])

def experiment(data):
    return schedule(data)
""",
    good="""\
from package import Batch, schedule

def setup():
    return Batch(tokens=[1, 2, 3])

def experiment(data):
    return schedule(data)
""",
    check=check,
)
