"""The table for people at a terminal."""

from __future__ import annotations

from judge.reports.report import Report

FORMAT = "table"
FILE = None


def render(report: Report) -> str:
    """Return the table, the counts and the funnel."""
    from judge.reports.terminal_table import terminal_table  # what draws it is loaded only to draw

    return terminal_table(report)
