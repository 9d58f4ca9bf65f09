"""Tables as text: nothing from a run may act on the reader's terminal, spreadsheet or browser."""

from __future__ import annotations

import csv
import io

from judge.auditing.collecting.accumulator import AuditFinding, RunSet, Table
from judge.auditing.output.table_text import finding_lines, to_columns, to_csv, to_json, to_markdown

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


def test_what_does_not_fit_is_wrapped_and_nothing_is_lost() -> None:
    """Headings give way first, then texts; numbers and words stay whole, and every word is there."""
    wide = Table(
        name="w", title="",
        columns=("what", "found by size", "found by size in bytes", "why"),
        rows=[("the model's reply was empty or unreadable", 123_456, 7, "because " * 12), ("", 1, 2, "")],
    )  # fmt: skip
    lines = to_columns(wide, width=80)
    assert all(len(line) <= 80 for line in lines)
    shown = " ".join(lines).split()
    assert shown.count("because") == 12
    assert {"123456", "unreadable", "bytes"} <= set(shown)
    assert lines[-1].split() == ["1", "2"], "a row of empty texts is still a row"
    path = "state/runs/vllm/trae/claude-sonnet-45/2025-11-28_02-25-29/vllm_bedrock_sonnet45-0003"
    paths = to_columns(Table(name="p", title="", columns=("run", "n"), rows=[(path, 1)]), width=80)
    assert all(line.split()[0].endswith("/") for line in paths[1:-1]), "paths break after a slash"
    assert "".join(line.split()[0] for line in paths[1:]) == path


def test_names_are_code_and_cannot_leave_it() -> None:
    """A run's id is shown as it is, and holds no mark that would end the code."""
    finding = AuditFinding(code="c", severity="warn", title="t", message="m", runs=RunSet())
    finding.runs.take(0, "a__b/`<script>`")
    assert "Runs (1): `a__b/'<script>'`" in finding_lines(finding)


def test_json_keeps_the_values() -> None:
    """Neither rounded nor turned into text."""
    assert to_json(TABLE)["rows"] == [[HOSTILE, 3, 0.25, 1234.5], ["=1+1", 0, None, None]]
