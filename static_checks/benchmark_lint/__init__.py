"""Warns about what makes a benchmark file measure the wrong thing; it reads the file and runs nothing.

One file per warning, found by a folder scan: its code, why it matters, a bad and a good example, a check.
"""

from judge.static_checks.benchmark_lint._discovery import all_rules
from judge.static_checks.benchmark_lint._rule import LintRule
from judge.static_checks.benchmark_lint._run import CannotLint, LintWarning, lint_file, lint_text

__all__ = ["CannotLint", "LintRule", "LintWarning", "all_rules", "lint_file", "lint_text"]
