"""What a task text shows its agent: the test script in it, and how much of the human change."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from judge.inputs.runs.recorded_run import RecordedRun
from judge.static_checks.patch.parse import MalformedPatch, parse_patch

MOST_BYTES = 1024 * 1024
_LEAST_LETTERS = 4
_KEPT = 1024
_SCRIPT = re.compile(r"<(test_script|workload|benchmark)>[ \t]*\r?\n(.*?)</\1>", re.DOTALL)
_CODE_FREE = re.compile(r"\s*(#.*|pass\s*|\.\.\.\s*|)\s*")


def read_task(run: RecordedRun) -> str | None:
    """Return the beginning of a run's task text; None if it has none or it cannot be read."""
    return _read(run.task_text) if run.task_text is not None else None


def _read(file: Path) -> str | None:
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return None


def test_script(text: str) -> str | None:
    """Return the script that a task is to make faster; None if the text has none."""
    match = _SCRIPT.search(text)
    return match[2].strip() if match else None


def does_nothing(script: str) -> bool:
    """Whether a script holds no statement: only comments, `pass` and blank lines."""
    return all(_CODE_FREE.fullmatch(line) for line in script.splitlines())


class HumanLines:
    """The changed lines of the human changes, as they would stand in a diff; the last ones are kept."""

    def __init__(self, human_diff: Callable[[RecordedRun], bytes | None]) -> None:
        """Read with `human_diff`."""
        self._human_diff = human_diff
        self._kept: OrderedDict[tuple[str | None, str | None, str | None], frozenset[str] | None] = OrderedDict()

    def of(self, run: RecordedRun) -> frozenset[str] | None:
        """Return the distinct changed lines that say something, signs included; None if the change is not known."""
        key = (run.repo, run.base, run.human)
        if key not in self._kept:
            self._kept[key] = _changed(self._human_diff(run))
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]


def _changed(diff: bytes | None) -> frozenset[str] | None:
    if not diff:
        return None
    try:
        files = parse_patch(diff).files
    except MalformedPatch:
        return None
    lines = (line for file in files for line in (*file.added, *file.removed))
    return frozenset(
        line.kind + line.text.rstrip() for line in lines if sum(char.isalnum() for char in line.text) >= _LEAST_LETTERS
    )
