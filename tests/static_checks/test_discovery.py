"""Rules are found by a folder scan; a file that cannot be used is named, never passed over."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from judge.static_checks.benchmark_lint.lint import all_lint_rules
from judge.static_checks.benchmark_lint.lint_rule import LintRule
from judge.static_checks.discovery import BrokenRule, all_rules, find_rules
from judge.static_checks.model.finding import GATES

LINT_RULE = """
from judge.static_checks.benchmark_lint.lint_rule import LintRule
RULE = LintRule(code={code!r}, summary="s", why="w", bad="", good="", check=lambda script: ())
"""
PACKAGE = "package_of_rules"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of one good rule in a folder and one file that is no rule."""
    folder = tmp_path / PACKAGE
    (folder / "one").mkdir(parents=True)
    for path in ("__init__.py", "one/__init__.py", "one/_shared.py"):
        (folder / path).write_text("")
    (folder / "one/good_rule.py").write_text(LINT_RULE.format(code="one-good-rule"))
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        monkeypatch.delitem(sys.modules, name)
    return folder


def test_every_gate_has_rules() -> None:
    """The rules come in the order of the gates, and each gate has some."""
    gates = [rule.gate for rule in all_rules()]
    assert tuple(dict.fromkeys(gates)) == GATES
    assert len(all_lint_rules()) > 5


def test_codes_follow_from_folder_and_file(package: Path) -> None:
    """A rule's code is FOLDER-NAME; files that begin with an underscore are no rules."""
    assert [rule.code for rule in find_rules(PACKAGE, LintRule)] == ["one-good-rule"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_of_this_name", "does not import: ModuleNotFoundError"),
        ("RULE = 1", r"defines no RULE = LintRule\(...\)"),
        (LINT_RULE.format(code="other"), "its code must be 'one-bad'"),
    ],
)
def test_file_that_cannot_be_used_is_named(text: str, message: str, package: Path) -> None:
    """A broken rule file stops the scan, and the message says which file and why."""
    (package / "one/bad.py").write_text(text)
    with pytest.raises(BrokenRule, match=f"bad.py: {message}"):
        find_rules(PACKAGE, LintRule)
