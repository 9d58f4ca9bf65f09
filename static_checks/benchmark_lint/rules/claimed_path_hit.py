"""Lint rule claimed-path-hit."""

import re
from collections.abc import Iterable

import libcst as cst

from judge.static_checks.benchmark_lint.lint_rule import LintHit, LintRule
from judge.static_checks.benchmark_lint.script import Script, constant

_KEY = re.compile(r"(opt(imi[sz]ed)?_path_(hit|taken|used)|path_hit|optimi[sz]ation_(hit|applied|used))", re.IGNORECASE)


def check(script: Script) -> Iterable[LintHit]:
    """Find a constant `True` under such a key or name."""
    for node in script.nodes(cst.DictElement, cst.Assign, cst.Arg):
        if isinstance(node, cst.DictElement):
            key = constant(node.key).strip("\"'")
        elif isinstance(node, cst.Assign):
            target = node.targets[0].target
            key = constant(_index(target) or target).strip("\"'")
        elif isinstance(node, cst.Arg) and node.keyword is not None:
            key = node.keyword.value
        else:
            continue
        if _KEY.fullmatch(key) and constant(node.value) == "True":
            yield LintHit(node, f"{key} is always true: it is claimed, not measured; leave it out")


def _index(node: cst.CSTNode) -> cst.BaseExpression | None:
    """Return what a subscript is indexed by, if that is one thing."""
    if isinstance(node, cst.Subscript) and isinstance(node.slice[0].slice, cst.Index):
        return node.slice[0].slice.value
    return None


RULE = LintRule(
    code="claimed-path-hit",
    summary="The script reports that the optimised path ran, whatever ran.",
    why="A constant is no evidence. Which of the patch's lines ran is measured from outside, line by line.",
    bad="""\
import json
from package import work

def setup():
    return list(range(1000))

def experiment(data):
    return work(data)

if __name__ == "__main__":
    print(json.dumps({"result": str(experiment(setup())), "opt_path_hit": True}))
""",
    good="""\
import json
from package import work

def setup():
    return list(range(1000))

def experiment(data):
    return work(data)

if __name__ == "__main__":
    print(json.dumps({"result": str(experiment(setup()))}))
""",
    check=check,
)
