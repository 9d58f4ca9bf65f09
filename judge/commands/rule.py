"""`judge rule`: list the rules, or explain one with its examples."""

from __future__ import annotations

import difflib

import click

from judge.errors import UsageError
from judge.reports.screen import columns
from judge.static_checks.discovery import all_rules
from judge.static_checks.patch.parse import decode
from judge.static_checks.rule import Example, Rule


@click.command()
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """List the rules, or explain the rule CODE with a bad and a good example."""
    rules = {rule.code: rule for rule in all_rules()}
    if code is None:
        width = max(len(name) for name in rules)
        for rule in rules.values():
            click.echo(f"{rule.code:<{width}}  {rule.severity:<5}  {rule.summary}")
        return
    if code not in rules:
        near = difflib.get_close_matches(code, rules, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "; `judge rule` lists them"
        raise UsageError(f"no rule is called {code!r}{hint}")
    click.echo(_explained(rules[code]))


def _explained(rule: Rule) -> str:
    why = click.wrap_text(rule.why, min(columns(), 88))
    return (
        f"{rule.code} ({rule.severity}, gate {rule.gate})\n{rule.summary}\n\n{why}\n\n"
        f"It speaks of this patch:\n\n{_shown(rule.bad)}\n\nand is silent on this one:\n\n{_shown(rule.good)}"
    )


def _shown(example: Example) -> str:
    text = decode(example.patch_bytes).encode("utf-8", "backslashreplace").decode()
    lines = [f"    {line!r}" if not line.isprintable() else f"    {line}" for line in text.split("\n")]
    return "\n".join(lines).rstrip() or "    (nothing)"
