"""What a lint rule is: a rule that reads a benchmark file, with two whole benchmarks as its examples."""

from dataclasses import dataclass

import libcst as cst

from judge.static_checks.benchmark_lint.script import Script
from judge.static_checks.rule import DocumentedRule


@dataclass(frozen=True, slots=True)
class LintHit:
    """One thing a lint rule saw, and where."""

    node: cst.CSTNode
    message: str


@dataclass(frozen=True, kw_only=True)
class LintRule(DocumentedRule[Script, LintHit, str]):
    """One warning; its bad example is a benchmark of which it warns, its good one the same done right."""
