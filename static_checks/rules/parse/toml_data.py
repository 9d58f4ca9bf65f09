"""Rule parse-toml-data."""

import tomllib
from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule
from judge.static_checks.rules.parse._data_files import new_faults


def parse(content: bytes) -> None:
    """Read TOML 1.0."""
    tomllib.loads(content.decode("utf-8"))


def check(change: Change) -> Iterable[Hit]:
    """Find TOML files that parsed before the patch, or are new, and do not parse now."""
    return new_faults(change, "toml", parse)


RULE = Rule(
    code="parse-toml-data",
    gate="parse",
    summary="A touched TOML file no longer parses.",
    why="A broken pyproject.toml makes the whole project uninstallable, whatever else the patch does.",
    severity="block",
    bad=Example(before={"p.toml": "[a]\nb = 1\n"}, after={"p.toml": "[a\nb = 1\n"}),
    good=Example(before={"p.toml": "[a]\nb = 1\n"}, after={"p.toml": "[a]\nb = 2\n"}),
    check=check,
)
