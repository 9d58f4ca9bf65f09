"""How the tests are shared out: a file's tests stay together, and nothing else runs beside those that time."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent
# Their answers depend on what else the machine does.
TIMED = (
    "bench/session/test_cheats.py",
    "bench/session/test_command_run.py",
    "bench/inside/test_cuda_stand_in.py",
    "bench/session/test_faults.py",
    "bench/session/test_gpu.py",
    "bench/session/test_session.py",
    "bench/analysis/test_plausibility.py",
    "bench/inside/test_torch.py",
    "judge/commands/test_bench.py",
    "judge/commands/test_grade.py",
    "judge/stages/test_timing.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what times code; keep each file, and the whole corpus, in one process: they share what they set up."""
    for item in items:
        path = item.path.relative_to(ROOT).as_posix()
        if path in TIMED:
            item.add_marker(pytest.mark.timing)
        item.add_marker(pytest.mark.xdist_group("corpus" if path.startswith("corpus/") else path))
