"""Tables as text, without regard to what stands in them; `test_table_text` proves the wrapping."""

from __future__ import annotations

from judge.lib.tables import column_lines, csv_text, escape_markdown, markdown_lines

HEADING = ("name", "runs")
ROWS = [("a, b", "3"), ("c", "12")]


def test_csv() -> None:
    """A comma in a cell is quoted; lines end as on Unix."""
    assert csv_text(HEADING, ROWS) == 'name,runs\n"a, b",3\nc,12\n'


def test_markdown() -> None:
    """Columns of numbers stand on the right."""
    assert markdown_lines(HEADING, ROWS, numeric=(False, True)) == [
        "| name | runs |",
        "| --- | ---: |",
        "| a, b | 3 |",
        "| c | 12 |",
    ]
    assert escape_markdown("a|b <i>") == "a\\|b \\<i\\>"


def test_columns() -> None:
    """Columns are as wide as their widest cell, and no line ends in blanks."""
    assert column_lines(HEADING, ROWS) == ["  name  runs", "  a, b  3", "  c     12"]
    assert column_lines(HEADING, ROWS, numeric=(False, True)) == ["  name  runs", "  a, b     3", "  c       12"]
    assert column_lines(HEADING, []) == ["  name  runs"]
