"""Finds the lint rules by a folder scan: adding one is adding a file."""

import importlib
from functools import cache
from pathlib import Path

from judge.static_checks.benchmark_lint._rule import LintRule


@cache
def all_rules() -> tuple[LintRule, ...]:
    """Return every rule, by code.

    Raises:
        RuntimeError: a file does not import, has no `RULE`, or its code is not its name; the message names it.
    """
    return tuple(_load(file) for file in sorted(Path(__file__).parent.glob("[!_]*.py")))


def _load(file: Path) -> LintRule:
    try:
        rule = getattr(importlib.import_module(f"judge.static_checks.benchmark_lint.{file.stem}"), "RULE", None)
    except Exception as error:
        raise RuntimeError(f"{file}: does not import: {type(error).__name__}: {error}") from error
    if not isinstance(rule, LintRule) or rule.code != file.stem.replace("_", "-"):
        raise RuntimeError(f"{file}: needs RULE = LintRule(code={file.stem.replace('_', '-')!r}, ...)")
    return rule
