"""Rule parse-json-data."""

import json
from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule
from judge.static_checks.rules.parse._data_files import new_faults


def parse(content: bytes) -> None:
    """Read JSON; NaN and Infinity pass, as Python's own writer makes them."""
    json.loads(content)


def check(change: Change) -> Iterable[Hit]:
    """Find JSON files (and notebooks) that parsed before the patch, or are new, and do not parse now."""
    return new_faults(change, "json", parse)


RULE = Rule(
    code="parse-json-data",
    gate="parse",
    summary="A touched JSON file no longer parses.",
    why="Tuning results and configurations are code in all but name: a broken one fails when it is loaded.",
    severity="block",
    bad=Example(before={"c.json": '{"a": 1}\n'}, after={"c.json": '{"a": 1,}\n'}),
    good=Example(before={"c.json": '{"a": 1}\n'}, after={"c.json": '{"a": 2}\n'}),
    check=check,
)
