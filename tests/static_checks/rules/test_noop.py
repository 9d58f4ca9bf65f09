"""What counts as a patch that changes nothing, case by case."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_kit import gate_codes

from judge.static_checks.rule import Example

F = "def f(x):\n    y = x + 1\n    return y\n"
LOG = "import logging\n\nlogger = logging.getLogger(__name__)\n\n\n"
CHMOD = "diff --git a/a.py b/a.py\nold mode 100644\nnew mode 100755\n"
RENAME = "diff --git a/a.py b/b.py\nsimilarity index 100%\nrename from a.py\nrename to b.py\n"
BASE = {"a.py": F, "k.cu": "int f() { return 1; }\n", "c.json": '{"a": 1}\n', "README.md": "one\n"}
COMMENTS, LOGGING, ASIDE = {"noop-comments-only"}, {"noop-logging-only"}, {"noop-non-source-only"}
DEBRIS, EMPTY = {"noop-debris"}, {"noop-empty-files"}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({"a.py": F.replace("return y", "# fast\n    return y")}, COMMENTS),
        ({"a.py": '"""Doc."""\n' + F.replace("x + 1", "(x\n         + 1)"), "README.md": "two\n"}, COMMENTS),
        ({"k.cu": "int f() {  // fast\n  return 1;\n}\n"}, COMMENTS),
        ({"c.json": '{\n  "a": 1\n}\n'}, COMMENTS),
        ({"new.py": "# nothing here\n"}, COMMENTS),
        ({"a.py": F.replace("x + 1", "1 + x")}, set()),
        ({"a.py": F.replace("return y", "# fast\n    return y"), "k.cu": "int f() { return 2; }\n"}, set()),
        ({"a.py": LOG + F.replace("return y", 'logger.info("y %s", y)\n    return y')}, LOGGING),
        ({"a.py": F.replace("return y", "print(y)\n    return y"), "k.cu": "// x\n" + BASE["k.cu"]}, LOGGING),
        ({"a.py": F.replace("return y", "print(g(y))\n    return y")}, set()),
        ({"README.md": "two\n"}, ASIDE),
        ({"README.md": None, "notes.txt": "fast\n", "out.log": "x\n"}, ASIDE | DEBRIS),
        ({"test_opt.py": "import a\n", "model_patch.diff": "--- a\n"}, ASIDE | DEBRIS),
        ({"a.py": F.replace("x + 1", "x + 2"), "a.py.orig": F}, DEBRIS),
        ({"c.json": '{"a": 2}\n'}, set()),
        ({"data/words.txt": "a\n"}, set()),
        ({"patches/fix.patch": "--- a\n"}, set()),
        ({"Makefile": "all:\n"}, set()),
        ({"tests/test_a.py": "def test_a():\n    assert True\n"}, ASIDE),
        ({"tests/test_a.py": "def test_a():\n    assert True\n", "a.py": F.replace("x + 1", "x + 2")}, set()),
        ({"pkg/__init__.py": ""}, EMPTY),
        ({"pkg/__init__.py": "", "README.md": "two\n"}, ASIDE),
    ],
)
def test_noop_gate(after: dict[str, str | None], expected: set[str], tmp_path: Path) -> None:
    """Exactly one blocking rule names what a patch without effect consists of; any change of code silences all."""
    assert gate_codes("noop", Example(before=BASE, after=after), tmp_path) == expected


@pytest.mark.parametrize(("patch", "expected"), [(CHMOD, EMPTY), (RENAME, set())])
def test_patch_without_lines(patch: str, expected: set[str], tmp_path: Path) -> None:
    """A change of mode is no content; a moved module is a change, since importers see it."""
    assert gate_codes("noop", Example(before=BASE, patch=patch), tmp_path) == expected


def test_tests_only_is_a_warning(tmp_path: Path) -> None:
    """A patch of tests and benchmarks only is evidence, not proof: real commits do that."""
    after: dict[str, str | None] = {"tests/test_a.py": "x = 1\n", "benchmarks/speed.py": "y = 1\n"}
    assert gate_codes("noop", Example(before=BASE, after=after), tmp_path, severity="block") == set()
