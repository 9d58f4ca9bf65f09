"""Lint rule object-in-timed."""

import re
from collections.abc import Iterable

import libcst as cst

from judge.static_checks.benchmark_lint.lint_rule import LintHit, LintRule
from judge.static_checks.benchmark_lint.script import Script, walk

_CLASS = re.compile(r"_*[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")
_ERRORS = re.compile(r".*(Error|Exception|Warning|Exit|Interrupt)")


def check(script: Script) -> Iterable[LintHit]:
    """Find calls of classes, by their name's spelling, and classes defined on each call; errors are left out."""
    for function in script.timed:
        for node in walk(function.body):
            if isinstance(node, cst.ClassDef):
                yield LintHit(node, f"defines class {node.name.value} on each call; define it at the top")
            elif isinstance(node, cst.Call):
                name = script.name(node).rpartition(".")[2]
                if _CLASS.fullmatch(name) and not _ERRORS.fullmatch(name):
                    yield LintHit(node, f"builds a {name} inside the timed function; build it in setup()")


RULE = LintRule(
    code="object-in-timed",
    summary="The timed function builds objects that set-up could build.",
    why="A backend or configuration object costs microseconds to build, on both sides. Next to work of 50 "
    "microseconds that hides 10 % of any speed-up. Leave it where building is what is measured.",
    bad="""\
from package import Backend

def setup():
    return list(range(1000))

def experiment(data):
    return Backend(size=64).run(data)
""",
    good="""\
from package import Backend

def setup():
    return Backend(size=64), list(range(1000))

def experiment(data):
    return data[0].run(data[1])
""",
    check=check,
)
