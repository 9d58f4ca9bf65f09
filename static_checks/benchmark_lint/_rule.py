"""What a lint rule is: one file with its code, its reasons, a bad and a good example, and a check."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import libcst as cst

from judge.static_checks.benchmark_lint._script import Script


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One thing a rule saw, and where."""

    node: cst.CSTNode
    message: str


@dataclass(frozen=True, kw_only=True)
class LintRule:
    """One warning; its code is its file's name with dashes.

    Attributes:
        summary: one line: what the rule looks for.
        why: why it matters, and what to do instead.
        bad: a benchmark of which it warns.
        good: the same benchmark done right, of which nothing warns.
        check: yields what it sees.
    """

    code: str
    summary: str
    why: str
    bad: str
    good: str
    check: Callable[[Script], Iterable[Hit]]
