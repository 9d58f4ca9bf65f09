"""Finds rules by scanning a package: adding a rule is adding a file, nothing else."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from judge.static_checks.model.finding import GATES
from judge.static_checks.rule import DocumentedRule, Rule

_AnyRule = TypeVar("_AnyRule", bound=DocumentedRule[Any, Any, Any])


class BrokenRule(RuntimeError):
    """A rule file cannot be used; the message names it."""


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return the rules of all gates, in the order of the gates and then by code.

    Raises:
        BrokenRule: see `find_rules`; also where a folder is no gate, or not that of its rule.
    """
    rules = find_rules("judge.static_checks.rules", Rule)
    for rule in rules:
        if rule.gate not in GATES or not rule.code.startswith(f"{rule.gate}-"):
            raise BrokenRule(f"rule {rule.code}: its folder must be named for its gate, one of {', '.join(GATES)}")
    return tuple(sorted(rules, key=lambda rule: (GATES.index(rule.gate), rule.code)))


def find_rules(package: str, kind: type[_AnyRule]) -> tuple[_AnyRule, ...]:
    """Return the `RULE` of every file in a package and its folders, by code; files named `_*.py` hold none.

    Raises:
        BrokenRule: a file does not import, has no `RULE` of that kind, or its code is not FOLDER-NAME.
    """
    (folder,) = importlib.import_module(package).__path__
    files = sorted(Path(folder).rglob("[!_]*.py"))
    rules = [_load(file, package, file.relative_to(folder).with_suffix("").parts, kind) for file in files]
    return tuple(sorted(rules, key=lambda rule: rule.code))


def _load(file: Path, package: str, place: tuple[str, ...], kind: type[_AnyRule]) -> _AnyRule:
    try:
        module = importlib.import_module(".".join([package, *place]))
    except Exception as error:
        raise BrokenRule(f"{file}: does not import: {type(error).__name__}: {error}") from error
    rule = getattr(module, "RULE", None)
    if not isinstance(rule, kind):
        raise BrokenRule(f"{file}: defines no RULE = {kind.__name__}(...)")
    code = "-".join(place).replace("_", "-")
    if rule.code != code:
        raise BrokenRule(f"{file}: its code must be {code!r}, after its folder and name")
    return rule
