"""Rule parse-yaml-data."""

from collections.abc import Iterable

import yaml

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule
from judge.static_checks.rules.parse._data_files import new_faults


def parse(content: bytes) -> None:
    """Read YAML events only: no object is built, so tags and alias bombs do nothing."""
    if b"{{" in content or b"{%" in content:
        return  # a Jinja or Helm template: YAML only once it is filled in
    for _ in yaml.parse(content.decode("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        pass


def check(change: Change) -> Iterable[Hit]:
    """Find YAML files that parsed before the patch, or are new, and do not parse now."""
    return new_faults(change, "yaml", parse)


RULE = Rule(
    code="parse-yaml-data",
    gate="parse",
    summary="A touched YAML file no longer parses.",
    why="A broken pipeline or configuration file fails when it is loaded. Templates are left alone.",
    severity="block",
    bad=Example(before={"c.yaml": "a: 1\n"}, after={"c.yaml": "a: [1\n"}),
    good=Example(before={"c.yaml": "a: 1\n"}, after={"c.yaml": "a: {{ value }}\n"}),
    check=check,
)
