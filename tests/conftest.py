"""How the tests are shared out: a file's tests stay together, and nothing else runs beside those that time."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent
# Their sessions are long and their answers depend on what else the machine does.
TIMED = ("bench/", "judge/test_bench_command.py", "judge/test_grade_command.py", "judge/test_speed_stage.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what times code; keep each file, and the whole corpus, in one process: they share what they set up."""
    for item in items:
        path = item.path.relative_to(ROOT).as_posix()
        if path.startswith(TIMED):
            item.add_marker(pytest.mark.timing)
        item.add_marker(pytest.mark.xdist_group("corpus" if path.startswith("corpus/") else path))
