"""The end of an agent's log: only a bounded part of it is read, and its last word counts."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from judge.inputs.runs.agent_log import TAIL_BYTES, LogEnd, read_end

SUMMARY = "│ Success │ ❌ No │\n│ Steps │ 9 │\n│ Input Tokens │ 74,084 │\n│ Output Tokens │ 1067 │\n"


def test_summary_at_the_end(tmp_path: Path) -> None:
    """Steps, tokens and outcome are read from the closing table, colours and frames aside."""
    log = tmp_path / "out.txt"
    log.write_text("\x1b[31mmany\x1b[0m\n" * 10_000 + "│ Error │ ❌ Error code: 400 │\n" + SUMMARY)
    expected = LogEnd(steps=9, success=False, tokens_input=74084, tokens_output=1067, error="❌ Error code: 400")
    assert read_end((log,)) == expected


def test_running_counts(tmp_path: Path) -> None:
    """Counts that grow from step to step are not summed: the last one is that of the whole run."""
    log = tmp_path / "out.txt"
    log.write_text("Total: Input: 100 Output: 10\nTotal: Input: 250 Output: 30\n")
    assert (read_end((log,)).tokens_input, read_end((log,)).tokens_output) == (250, 30)


def test_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    """Of a log of 1 GB the end is read, in memory that does not depend on its size."""
    log = tmp_path / "out.txt"
    with log.open("wb") as file:
        file.seek(1 << 30)
        file.write(b"\n" + SUMMARY.encode())
    tracemalloc.start()
    try:
        assert read_end((log,)).tokens_input == 74084
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 * TAIL_BYTES


def test_damage_says_nothing(tmp_path: Path) -> None:
    """A missing log, a folder in its place, and bytes that are no text say nothing and raise nothing."""
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 100)
    assert read_end((tmp_path / "gone", tmp_path, tmp_path / "noise")) == LogEnd()


def test_input_alone_is_no_count(tmp_path: Path) -> None:
    """A run whose log names only one of the two counts has no known cost."""
    (tmp_path / "one").write_text("│ Input Tokens │ 5 │\n")
    assert not read_end((tmp_path / "one",)).has_tokens
