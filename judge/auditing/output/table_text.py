"""Tables as text: JSON values, CSV, Markdown and columns for a terminal; the same table gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from judge.auditing.collecting.accumulator import AuditFinding, Table
from judge.lib.tables import column_lines, csv_text, escape_markdown, markdown_lines
from judge.reports.wording import figure, visible

Cell = str | int | float | None

_SHARES = re.compile(r"share|rate")
_RIGHT = (int, float)
_ALWAYS = 3
"""Columns from this one on are left out on a terminal if they hold nothing but zeros."""


def to_json(table: Table) -> dict[str, object]:
    """Return a table as JSON values; numbers are not rounded."""
    values: dict[str, object] = {"title": table.title, "columns": list(table.columns)}
    if table.note:
        values["note"] = table.note
    return {**values, "rows": [list(row) for row in table.rows]}


def to_csv(table: Table) -> str:
    """Return a table as CSV; an empty cell is a value that is not known."""
    return csv_text(table.columns, ([_plain_cell(cell) for cell in row] for row in table.rows))


def to_markdown(table: Table, most: int = 40) -> str:
    """Return a table as GitHub-flavoured Markdown; after `most` rows it says how many are left out."""
    lines = [f"## {escape(table.title)}", ""]
    if not table.rows:
        return "\n".join([*lines, "Nothing.", ""])
    rows = ([escape(cell) for cell in row] for row in _texts(table, most))
    lines += [*markdown_lines([escape(name) for name in table.columns], rows, numeric=_numeric(table)), ""]
    if len(table.rows) > most:
        lines += [f"{len(table.rows) - most} more rows are in `tables/{table.name}.csv`.", ""]
    if table.note:
        lines += [escape(table.note).replace("\\`", "`"), ""]
    return "\n".join(lines)


def to_columns(table: Table, most: int = 30, width: int = 120) -> list[str]:
    """Return a table as lines of aligned columns, for a terminal.

    Columns of zeros are left out; where the rest does not fit, headings and then texts are wrapped.
    """
    kept = [
        number
        for number in range(len(table.columns))
        if number < _ALWAYS or any(row[number] not in (0, None, "") for row in table.rows)
    ]
    heading = [table.columns[number] for number in kept]
    rows = [[row[number] for number in kept] for row in _texts(table, most)]
    numeric = [right for number, right in enumerate(_numeric(table)) if number in kept]
    lines = column_lines(heading, rows, numeric=numeric, width=width)
    if len(table.rows) > most:
        lines.append(f"  ... {len(table.rows) - most} more in tables/{table.name}.csv")
    return lines


def finding_lines(finding: AuditFinding) -> list[str]:
    """Return a finding as Markdown."""
    recovers = f" Mending it recovers {finding.recovers} runs." if finding.recovers else ""
    shown = ", ".join(_code(name) for name in finding.runs.examples)
    more = len(finding.runs) - len(finding.runs.examples)
    lines = [
        f"### `{finding.code}` ({finding.severity}): {escape(finding.title)}",
        "",
        f"{escape(finding.message)}{recovers}",
        "",
    ]
    if shown:
        lines += [f"Runs ({len(finding.runs)}): {shown}{f' and {more} more' if more > 0 else ''}", ""]
    return [*lines, f"What to do: {escape(finding.mend)}", ""]


def escape(text: str) -> str:
    """Escape what Markdown or HTML would act on; a run must not be able to draw in the report."""
    return escape_markdown(visible(text))


def _code(text: str) -> str:
    """Return text as code; Markdown acts on nothing inside, except on what would end it."""
    return "`" + visible(text).replace("`", "'") + "`"


def _texts(table: Table, most: int) -> list[list[str]]:
    shares = [bool(_SHARES.search(name)) for name in table.columns]
    return [[_text(cell, share) for cell, share in zip(row, shares, strict=True)] for row in table.rows[:most]]


def _text(cell: Cell, share: bool) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.1%}" if share else figure(cell)
    return visible(cell) if isinstance(cell, str) else str(cell)


def _plain_cell(cell: Cell) -> str:
    """A spreadsheet must not take a text from a run for a formula."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        shown = visible(cell)
        return f"'{shown}" if shown[:1] in ("=", "+", "-", "@") and len(shown) > 1 else shown
    return repr(cell)


def _numeric(table: Table) -> Sequence[bool]:
    return [
        any(isinstance(row[number], _RIGHT) for row in table.rows)
        and all(isinstance(row[number], (*_RIGHT, type(None))) for row in table.rows)
        for number in range(len(table.columns))
    ]
