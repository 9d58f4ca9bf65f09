"""The table for people at a terminal."""

from __future__ import annotations

import io
import itertools
import os
import shutil
import sys
import textwrap

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from judge.core.verdict import CATEGORIES, LEVELS, Category
from judge.reports.report import Report
from judge.reports.wording import cause, logic, outputs, speed, visible
from judge.results.judge_tally import tally_lines

FORMAT = "table"
FILE = None

WIDE = 140
MAX_WHY = 110
"""Longer causes are cut in the table; report.md has them whole."""

STYLES: dict[Category, str] = {
    "true_success": "bold green",
    "partial_success": "green",
    "good_intent": "cyan",
    "lucky_win": "yellow",
    "false_positive": "bold red",
    "failure": "red",
    "undetermined": "magenta",
}


def render(report: Report) -> str:
    """Return the table, the counts and the funnel; with colours if standard output is a terminal."""
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    width = shutil.get_terminal_size((132, 40)).columns
    console = Console(file=io.StringIO(), force_terminal=colour, width=max(width, 80), highlight=False)
    if report.records:
        console.print(_table(report, console.width))
    console.print(_counts(report))
    console.print(_funnel(report))
    console.print(Text("\n".join(_judge_lines(report)), style="dim"))
    file = console.file
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().split("\n"))


def _table(report: Report, width: int) -> Table:
    """One section for each case; what the last column says in words gives way on a narrow terminal."""
    wide = width >= WIDE
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in ("candidate", "verdict", "level", "speed-up", *(("outputs", "logic") if wide else ())):
        most = width // 3 if name == "candidate" else None
        table.add_column(name, no_wrap=True, max_width=most)
    table.add_column("why", overflow="fold", ratio=1)
    for case, records in itertools.groupby(report.records, key=lambda record: record.case.id):
        table.add_row(Text(visible(case), style="bold"))
        for record in records:
            cells = [
                Text("  " + visible(record.id.removeprefix(f"{case}/"))),
                Text(record.verdict, style=STYLES[record.verdict]),
                Text("■" * record.level, style="green") + Text("□" * (7 - record.level), style="dim"),
                Text(speed(record)),
                *((Text(outputs(record)), Text(logic(record))) if wide else ()),
                Text(textwrap.shorten(cause(record), MAX_WHY, placeholder=" ...").replace("; see ...", " ...")),
            ]
            table.add_row(*cells)
    return table


def _counts(report: Report) -> Text:
    line = Text(f"{len(report.records)} candidates: ")
    shown = [(category, report.counts[category]) for category in CATEGORIES if report.counts[category]]
    for number, (category, count) in enumerate(shown):
        line += Text(", " if number else "")
        line += Text(f"{count} {category}", style=STYLES[category])
    return line


def _funnel(report: Report) -> Text:
    steps = " > ".join(f"{name} {count}" for name, count in zip(LEVELS, report.funnel, strict=True))
    return Text(f"funnel: {steps}", style="dim")


def _judge_lines(report: Report) -> list[str]:
    lines = [f"judge: {report.judge} ({report.scope})", *tally_lines(report.answers)]
    if report.resumed:
        lines.append(f"{report.resumed} of these were graded by an earlier run")
    return [*lines, *(visible(note) for note in report.notes)]
