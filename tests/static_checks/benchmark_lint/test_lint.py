"""Warnings about benchmark files: each rule's own examples are its test."""

from pathlib import Path

import pytest

from judge.static_checks.benchmark_lint.lint import CannotLint, all_lint_rules, lint_file, lint_text
from judge.static_checks.benchmark_lint.lint_rule import LintRule

HEAD = "from package import work\ndef setup():\n    return [1]\n"


def codes(text: str) -> list[str]:
    return [warning.code for warning in lint_text(text)]


@pytest.mark.parametrize("rule", all_lint_rules(), ids=lambda rule: rule.code)
def test_bad_example_warns_of_nothing_else(rule: LintRule) -> None:
    """The bad example of a rule makes that rule speak, and only that one."""
    assert set(codes(rule.bad)) == {rule.code}


@pytest.mark.parametrize("rule", all_lint_rules(), ids=lambda rule: rule.code)
def test_good_example_is_quiet(rule: LintRule) -> None:
    """The good example of a rule leaves all rules silent."""
    assert codes(rule.good) == []


def test_each_fault_of_published_scripts_has_a_rule() -> None:
    """One rule for each fault that was found in published scripts."""
    assert [rule.code for rule in all_lint_rules()] == [
        "claimed-path-hit", "environment-in-timed", "exit-zero-on-failure", "import-in-timed", "missing-synchronise",
        "mocked-target", "object-in-timed", "swallowed-exception", "unseeded-randomness",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("from os import getenv as g\ndef experiment(d):\n    return g('X')", ["environment-in-timed"]),
        ("import os as system\ndef experiment(d):\n    return system.environ['X']", ["environment-in-timed"]),
        ("import os\ndef helper():\n    return os.environ.get('X')\ndef experiment(d):\n    return helper()",
         ["environment-in-timed"]),
        ("import os\ndef unused():\n    return os.getenv('X')\ndef experiment(d):\n    return d", []),
        ("def experiment(d):\n    import json\n    return json", ["import-in-timed"]),
        ("def experiment(d):\n    if not d:\n        raise ValueError('x')\n    return d", []),
        ("def experiment(d):\n    class Local: ...\n    return Local", ["object-in-timed"]),
        ("def workload():\n    return Thing()", ["object-in-timed"]),
        ("class MockBatch: ...\ndef experiment(d):\n    return d", ["mocked-target"]),
        ("from unittest import mock\ndef experiment(d):\n    with mock.patch('a.b'):\n        return d",
         ["mocked-target"]),
        ("def experiment(d):\n    return d\ndef run(r):\n    r['opt_path_hit'] = True", ["claimed-path-hit"]),
        ("def experiment(d):\n    return d\ndef run(r):\n    r['opt_path_hit'] = r['hits'] > 0", []),
        ("import random\nrandom.seed(3)\nX = random.random()\ndef experiment(d):\n    return d", []),
        ("import torch\nX = torch.randn(3)\ndef experiment(d):\n    return d", ["unseeded-randomness"]),
        ("import sys\ndef experiment(d):\n    try:\n        return d\n    except Exception as e:\n        print(e)\n"
         "        sys.exit(1)", []),
        ("def experiment(d):\n    try:\n        return d\n    except Exception:\n        pass",
         ["swallowed-exception"]),
        ("try:\n    import fast\nexcept ImportError:\n    fast = None\ndef experiment(d):\n    return d", []),
        ("def experiment(d):\n    return d\ndef run(d):\n    if d.get('error'):\n        return 0.0\n    return 1.0",
         ["exit-zero-on-failure"]),
        ("import sys\ndef experiment(d):\n    return d\nif __name__ == '__main__':\n    sys.exit(0)", []),
    ],
)  # fmt: skip
def test_how_far_a_rule_looks(body: str, expected: list[str]) -> None:
    """Through import aliases and helpers of the same file, and no further than what is timed."""
    assert codes(HEAD + body + "\n") == expected


def test_a_warning_names_file_line_and_what_to_do(tmp_path: Path) -> None:
    """One line per warning, as compilers print them."""
    file = tmp_path / "b.py"
    file.write_text(HEAD + "def experiment(d):\n    import os\n    return d\n", encoding="utf-8")
    (warning,) = lint_file(file)
    assert str(warning).startswith(f"{file}:5: import-in-timed: ")
    assert "import at the top" in warning.message


@pytest.mark.parametrize(
    "text", ["def setup(:", "x = " + "-" * 20000 + "1", "x = " + "(" * 3000 + ")" * 3000, "a = 1\0"]
)
def test_what_cannot_be_read_is_an_error_and_no_crash(text: str) -> None:
    """Code that would crash the parser is refused before it gets there."""
    with pytest.raises(CannotLint):
        lint_text(text)


def test_deep_but_legal_nesting_is_refused_by_name() -> None:
    """The built-in parser takes it; ours is not asked."""
    with pytest.raises(CannotLint, match="nests"):
        lint_text("x = " + "not " * 400 + "y\n")
