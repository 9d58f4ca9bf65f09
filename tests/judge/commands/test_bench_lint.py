"""`judge bench lint`: what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from judge.commands.bench import lint
from judge.static_checks.benchmark_lint.lint import all_lint_rules


def test_the_command_lists_explains_and_warns(tmp_path: Path) -> None:
    """Without a file the rules, with --explain one of them, with files the warnings; --strict makes them count."""
    run = CliRunner().invoke
    rule = all_lint_rules()[0]
    assert all(rule.code in run(lint, []).output for rule in all_lint_rules())
    assert "It warns about" in run(lint, ["--explain", rule.code]).output
    file = tmp_path / "b.py"
    file.write_text(rule.bad, encoding="utf-8")
    assert rule.code in run(lint, [str(file)]).output
    shown = json.loads(run(lint, [str(file), "--json"]).output)
    assert shown[0]["code"] == rule.code
    assert run(lint, [str(file), "--strict"], standalone_mode=False).return_value == 1
    file.write_text(rule.good, encoding="utf-8")
    assert run(lint, [str(file), "--strict"], standalone_mode=False).return_value == 0
    assert "no warnings" in run(lint, [str(file)]).output
