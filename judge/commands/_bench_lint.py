"""`judge bench lint`: warn about what makes a benchmark file measure the wrong thing."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from judge.errors import ExitCode, InputError, UsageError


@click.command("lint")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the warnings as one JSON list.")
@click.option("--strict", is_flag=True, help="Exit with 1 when there is a warning.")
@click.option("--explain", metavar="CODE", help="Explain one warning with a bad and a good example.")
def lint_command(files: tuple[Path, ...], as_json: bool, strict: bool, explain: str | None) -> int:
    """Warn about benchmark FILES; nothing in them is run. Without a file, list the warnings."""
    from judge.static_checks.benchmark_lint.lint import CannotLint, LintWarning, all_lint_rules, lint_file

    rules = {rule.code: rule for rule in all_lint_rules()}
    if explain is not None:
        if explain not in rules:
            raise UsageError(f"no warning is called {explain!r}; there are {', '.join(rules)}")
        rule = rules[explain]
        click.echo(f"{rule.code}\n{rule.summary}\n\n{click.wrap_text(rule.why, 88)}\n")
        for word, text in (("It warns about", rule.bad), ("and not about", rule.good)):
            click.echo(f"{word}:\n\n" + "".join(f"    {line}\n".replace("    \n", "\n") for line in text.splitlines()))
        return ExitCode.DONE
    if not files:
        width = max(map(len, rules))
        click.echo("\n".join(f"{code:<{width}}  {rule.summary}" for code, rule in rules.items()))
        return ExitCode.DONE
    found: list[LintWarning] = []
    for file in files:
        try:
            found += lint_file(file)
        except CannotLint as error:
            raise InputError(str(error)) from error
    if as_json:
        click.echo(json.dumps([asdict(warning) for warning in found], indent=1))
    else:
        click.echo("\n".join(map(str, found)) or "no warnings")
    return ExitCode.NOT_TRUE if strict and found else ExitCode.DONE
