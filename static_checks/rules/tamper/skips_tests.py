"""Rule tamper-skips-tests."""

import re
from collections.abc import Iterable

from judge.static_checks.change.change import Change, TouchedFile
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule
from judge.static_checks.source.paths import is_test

_SKIP = re.compile(
    r"\bmark\.(?:skip|skipif|xfail)\b|\bpytest\.(?:skip|xfail|importorskip)\(|\bunittest\.(?:skip\w*|expectedFailure)\b"
    r"|\.skipTest\(|\bSkipTest\b|^\s*collect_ignore(?:_glob)?\b|--deselect\b|--ignore[= ]|\b__test__\s*=\s*False\b"
)


def check(change: Change) -> Iterable[Hit]:
    """Find marks that take existing tests out of the run."""
    human = {line.text.strip() for file in change.human.files for line in file.change.added} if change.human else set()
    for file in change.files:
        if file.before is None or not is_test(file.path):
            continue
        moved = {line.text.strip() for line in file.change.removed} | human
        for line in file.change.added:
            if _SKIP.search(line.text) and line.text.strip() not in moved and not _in_new_test(file, line.new or 0):
                yield Hit("an existing test is skipped or expected to fail", file.path, line.new, line.text)


def _in_new_test(file: TouchedFile, number: int) -> bool:
    return any(definition.start <= number <= definition.end for definition in file.added_definitions)


RULE = Rule(
    code="tamper-skips-tests",
    gate="tamper",
    summary="The patch skips existing tests or expects them to fail.",
    why="A test that does not run cannot fail. A new test that needs a GPU may say so.",
    severity="warn",
    bad=Example(
        before={"tests/test_lib.py": "import pytest\n\n\ndef test_x():\n    assert 1\n"},
        after={"tests/test_lib.py": "import pytest\n\n\n@pytest.mark.skip\ndef test_x():\n    assert 1\n"},
    ),
    good=Example(
        before={"tests/test_lib.py": "import pytest\n\n\ndef test_x():\n    assert 1\n"},
        after={
            "tests/test_lib.py": "import pytest\n\n\ndef test_x():\n    assert 1\n\n\n"
            "@pytest.mark.skipif(True, reason='needs a GPU')\ndef test_y():\n    assert 1\n"
        },
    ),
    check=check,
)
