"""Draws the verdicts as a table for people, as wide as their terminal is."""

from __future__ import annotations

import io
import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from judge.core.verdict import CATEGORIES, LEVELS, Category
from judge.reports.report import Report
from judge.reports.screen import colours, columns
from judge.reports.wording import case_fault, cause, human_share, logic, outputs, ratio, speed, visible
from judge.results.judge_tally import tally_lines
from judge.results.record import VerdictRecord

WITH_WHY = 110
"""From here on `why` is a column; below, it stands on lines of its own under each candidate."""
WITH_SHARE = 130
"""From here on the share of the human's gain is a column; below, it is a part of `why`."""
WITH_ALL = 160

_INDENT = "    "
_GAP = 2

STYLES: dict[Category, str] = {
    "true_success": "bold green",
    "partial_success": "green",
    "good_intent": "cyan",
    "lucky_win": "yellow",
    "false_positive": "bold red",
    "failure": "red",
    "undetermined": "magenta",
}


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A row of the table: a case, which has only a name, its human's change, or a candidate."""

    name: Text
    cells: Sequence[Text]
    why: str = ""


def terminal_table(report: Report) -> str:
    """Return the table, the counts and the funnel; with colours where standard output shows them."""
    coloured = colours(sys.stdout)
    console = Console(
        file=io.StringIO(),
        force_terminal=coloured,
        no_color=not coloured,
        color_system="standard" if coloured else None,
        width=columns(132),
        highlight=False,
    )
    if report.records:
        _print_table(console, report)
    console.print(_counts(report))
    console.print(_funnel(report))
    console.print(Text("\n".join(_judge_lines(report)), style="dim"))
    file = console.file
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().split("\n"))


def _print_table(console: Console, report: Report) -> None:
    headings = ["verdict", "level", "speed-up"]
    if shares := console.width >= WITH_SHARE and any(human_share(record) for record in report.records):
        headings.append("of human's gain")
    if everything := console.width >= WITH_ALL:
        headings += ["outputs", "logic"]
    rows = list(_rows(report, shares=shares, everything=everything))
    if console.width >= WITH_WHY:
        _print_with_why(console, headings, rows)
    else:
        _print_narrow(console, headings, rows)
    levels = ", ".join(f"{number} {name}" for number, name in enumerate(LEVELS) if number)
    console.print(Text(f"level: {levels}", style="dim"))
    console.print()


def _rows(report: Report, *, shares: bool, everything: bool) -> Iterator[_Row]:
    """Yield each case, its human's change and its candidates; what is wrong with a case is said once, beside it."""
    for case, group in itertools.groupby(report.records, key=lambda record: record.case.id):
        records = list(group)
        faults = {case_fault(record) for record in records}
        fault = faults.pop() if len(faults) == 1 else ""
        yield _Row(
            name=Text(visible(case), style="bold"), cells=(), why=fault.removeprefix(f"not checked: case {case!r}: ")
        )
        if (human := report.humans.get(case)) is not None:
            gain = Text(ratio(human.speedup, human.ci) if human.speedup is not None else "-")
            yield _Row(name=Text("  human", style="italic"), cells=(Text(), Text(), gain), why=visible(human.message))
        for record in records:
            name = Text("  " + visible(record.id.removeprefix(f"{case}/")))
            share = human_share(record)
            why = [] if fault else [cause(record)]
            if share and not shares:
                why.append(f"{share} of the human's gain")
            cells = _cells(record, shares=shares, everything=everything)
            yield _Row(name=name, cells=cells, why="; ".join(why))


def _cells(record: VerdictRecord, *, shares: bool, everything: bool) -> list[Text]:
    cells = [
        Text(record.verdict, style=STYLES[record.verdict]),
        Text("■" * record.level, style="green") + Text("□" * (len(LEVELS) - 1 - record.level), style="dim"),
        Text(speed(record)),
    ]
    if shares:
        cells.append(Text(human_share(record) or "-"))
    if everything:
        cells += [Text(outputs(record)), Text(logic(record))]
    return cells


def _print_with_why(console: Console, headings: Sequence[str], rows: Sequence[_Row]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("candidate", overflow="fold", max_width=console.width // 3)
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    table.add_column("why", overflow="fold", ratio=1)
    for row in rows:
        blank = [Text()] * (len(headings) - len(row.cells))
        table.add_row(row.name, *row.cells, *blank, Text(row.why))
    console.print(table)


def _print_narrow(console: Console, headings: Sequence[str], rows: Sequence[_Row]) -> None:
    """Print each row in columns, or, where they do not fit either, its cells under its name; `why` under both."""
    heading = _Row(name=Text("candidate", style="bold"), cells=[Text(heading, style="bold") for heading in headings])
    table = [heading, *rows]
    widths = [max(row.name.cell_len for row in table if row.cells)]
    widths += [max(row.cells[place].cell_len for row in table if row.cells) for place in range(len(headings))]
    fits = sum(widths) + _GAP * len(headings) <= console.width
    for number, row in enumerate(table):
        if fits:
            _print_wrapped(console, _aligned([row.name, *row.cells], widths), indent="")
        elif number:
            _print_wrapped(console, row.name, indent="")
            for line in _packed([cell for cell in row.cells if cell.plain], console.width - len(_INDENT)):
                _print_wrapped(console, line, indent=_INDENT)
        if not number and fits:
            console.print(Text("─" * console.width))
        if row.why:
            _print_wrapped(console, Text(row.why), indent=_INDENT)
    console.print()


def _aligned(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    line = Text()
    for cell, width in zip(cells, widths, strict=False):
        line += cell + Text(" " * (width - cell.cell_len + _GAP))
    line.rstrip()
    return line


def _packed(cells: Sequence[Text], width: int) -> list[Text]:
    """Put cells behind one another, as many into each line as fit."""
    lines: list[Text] = []
    for cell in cells:
        if lines and lines[-1].cell_len + _GAP + cell.cell_len <= width:
            lines[-1] = lines[-1] + Text(" " * _GAP) + cell
        else:
            lines.append(cell)
    return lines


def _print_wrapped(console: Console, text: Text, *, indent: str) -> None:
    for line in text.wrap(console, max(console.width - len(indent), 1), overflow="fold"):
        console.print(Text(indent) + line, no_wrap=True, overflow="ignore", crop=False)


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
