"""Finds the rules by scanning `rules/GATE/*.py`: adding a rule is adding a file, nothing else."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path

from judge.static_checks.model.finding import GATES
from judge.static_checks.rule import Rule

_FOLDER = Path(__file__).with_name("rules")


class BrokenRule(RuntimeError):
    """A rule file cannot be used; the message names it."""


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of the gates and then by code.

    Raises:
        BrokenRule: a file does not import, has no `RULE`, or its code is not GATE-NAME.
    """
    files = sorted(_FOLDER.glob("*/[!_]*.py"))
    rules = [_load(file) for file in files]
    return tuple(sorted(rules, key=lambda rule: (GATES.index(rule.gate), rule.code)))


def _load(file: Path) -> Rule:
    folder = file.parent.name
    try:
        module = importlib.import_module(f"judge.static_checks.rules.{folder}.{file.stem}")
    except Exception as error:
        raise BrokenRule(f"{file}: does not import: {type(error).__name__}: {error}") from error
    rule = getattr(module, "RULE", None)
    if not isinstance(rule, Rule):
        raise BrokenRule(f"{file}: defines no RULE = Rule(...)")
    code = f"{folder}-{file.stem.replace('_', '-')}"
    if rule.code != code or rule.gate != folder or rule.gate not in GATES:
        raise BrokenRule(f"{file}: its code must be {code!r} and its gate {folder!r}, after its folder and name")
    return rule
