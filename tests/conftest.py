"""How the tests are shared out among processes, and which are run on demand only."""

from __future__ import annotations

from typing import Any

import pytest

LONGEST_FIRST = (
    "corpus",
    "judge/stages/test_judging.py",
    "judge/llm/batches/test_batch_asker.py",
    "test_quality.py",
    "judge/stages/test_suites.py",
    "judge/llm/calls/test_asker.py",
    "judge/llm/calls/test_exactly_once.py",
    "judge/inputs/test_bad_input.py",
    "bench/session/test_inspection.py",
    "bench/session/test_command_run.py",
    "bench/session/test_faults.py",
    "judge/commands/test_grade.py",
)
"""What takes long is started first, so that no process is left alone with it at the end."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the proofs that nobody asked for, and start what takes long first."""
    if "proof" not in config.option.markexpr:
        for item in items:
            if item.get_closest_marker("proof"):
                item.add_marker(pytest.mark.skip(reason="a proof, not a regression check: run it with -m proof"))
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(shared_by(item.nodeid), len(place)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Keep each file, and the whole corpus, in one process: their tests share what they set up.

    The scheduler of `--dist=loadgroup` would do, but not with every version of pytest.
    """
    from xdist.scheduler import LoadScopeScheduling

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = shared_by
    return scheduler


def shared_by(nodeid: str) -> str:
    """Return the file or folder within which a test shares what was set up, relative to this one."""
    path = nodeid.partition("::")[0].removeprefix("tests/")
    return "corpus" if path.startswith("corpus/") else path
