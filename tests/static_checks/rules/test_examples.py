"""Each rule's own bad and good example, run through the real engine on a real directory."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from judge.static_checks.checker import Checker
from judge.static_checks.discovery import all_rules
from judge.static_checks.model.case import Case
from judge.static_checks.rule import Example, Rule, make_diff


def commit_all(repo: Path) -> str:
    """Make a git repository of a folder and return its only commit."""
    for args in (["init", "-q"], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "base"]):
        subprocess.run(["git", *args], cwd=repo, check=True)
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repo, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def reported_codes(example: Example, folder: Path) -> set[str]:
    """Write the example's base, check its patch with every rule, and return the codes found."""
    repo = folder / "repo"
    repo.mkdir()
    for path, text in example.before.items():
        file = repo / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    case = Case(
        id="example",
        repo=repo,
        base=commit_all(repo) if example.committed else None,
        human=make_diff(example.before, example.human).encode() if example.human else None,
        benchmark=repo / example.benchmark if example.benchmark else None,
    )
    with Checker() as checker:
        results = checker.check(checker.change(case, example.patch_bytes, twins=example.twins))
    crashes = [error for result in results.values() for error in result.errors if error.code.endswith("-crashed")]
    assert not crashes, crashes
    return {finding.code for result in results.values() for finding in result.findings}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_bad_example_fires(rule: Rule, tmp_path: Path) -> None:
    """The bad example of a rule makes that rule speak."""
    assert rule.code in reported_codes(rule.bad, tmp_path)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_good_example_is_quiet(rule: Rule, tmp_path: Path) -> None:
    """The good example of a rule, its honest twin, leaves that rule silent."""
    assert rule.code not in reported_codes(rule.good, tmp_path)
