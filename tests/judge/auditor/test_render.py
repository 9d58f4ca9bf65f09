"""Tables as text: nothing from a run may act on the reader's terminal, spreadsheet or browser."""

from __future__ import annotations

import csv
import io

from judge.auditor.accumulate import Table
from judge.auditor.render import to_columns, to_csv, to_json, to_markdown

HOSTILE = "a|b <script>*x* \x1b[31m\nnext `code`"
TABLE = Table(
    name="t",
    title="A <b>table</b>",
    columns=("word", "runs", "share", "hours"),
    rows=[(HOSTILE, 3, 0.25, 1234.5), ("=1+1", 0, None, None)],
)


def test_csv_reads_back_and_runs_nothing() -> None:
    """Numbers are exact, unknown values are empty, and a text that looks like a formula is marked as text."""
    rows = list(csv.reader(io.StringIO(to_csv(TABLE))))
    assert rows[0] == ["word", "runs", "share", "hours"]
    assert rows[1][1:] == ["3", "0.25", "1234.5"]
    assert "\x1b" not in rows[1][0]
    assert rows[2] == ["'=1+1", "0", "", ""]


def test_markdown_shows_and_does_not_act() -> None:
    """Markup from a run is escaped, a row stays one row, a share is a percentage, and an unknown value a dash."""
    lines = to_markdown(TABLE).splitlines()
    row = next(line for line in lines if "script" in line)
    assert "<script>" not in row.replace("\\<", "")
    assert row.count(" | ") == 3
    assert "25.0%" in row
    assert next(line for line in lines if "1+1" in line).endswith("| 0 | - | - |")


def test_long_tables_say_what_they_leave_out() -> None:
    """What is not shown is counted, with the file that has it."""
    table = Table(name="long", title="Long", columns=("n",), rows=[(number,) for number in range(50)])
    assert "10 more rows are in `tables/long.csv`." in to_markdown(table, most=40)
    assert to_columns(table, most=40)[-1] == "  ... 10 more in tables/long.csv"


def test_columns_are_aligned_and_fit() -> None:
    """Each line is within the width, without control characters, and columns of zeros are left out."""
    wide = Table(name="w", title="", columns=("a", "b", "c", "zero"), rows=[("x" * 200, 1, 2, 0), ("y", 10, 20, 0)])
    lines = to_columns(wide, width=80)
    assert all(len(line) <= 80 for line in lines)
    assert "zero" not in lines[0]
    assert not any("\x1b" in line for line in to_columns(TABLE))


def test_json_keeps_the_values() -> None:
    """Neither rounded nor turned into text."""
    assert to_json(TABLE)["rows"] == [[HOSTILE, 3, 0.25, 1234.5], ["=1+1", 0, None, None]]
