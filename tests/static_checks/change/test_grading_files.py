"""Which files a case's test command names."""

from __future__ import annotations

import pytest

from judge.static_checks.change.grading_files import named_files


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("pytest -q tests/test_a.py::test_b", {"tests/test_a.py"}),
        ("cd sub && python -m pytest ../tests/test_a.py", {"tests/test_a.py"}),
        ("python 'odd name.py'", {"odd name.py"}),
        ("python \"broken", {'"broken'}),
    ],
)  # fmt: skip
def test_files_of_a_command(command: str, files: set[str]) -> None:
    """The files that a test command names are found through folders, node ids and quotes."""
    assert files <= named_files(command)
