"""What `judge audit` prints: the headline first, then facts, claims against verdicts, findings in a line each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from judge.auditing.collecting.accumulator import AuditFinding, Table
from judge.auditing.output.table_text import to_columns
from judge.auditing.result import AuditResult

SHOWN = ("headline", "facts", "confusion", "confusion-evaluation", "speed", "judge", "judge-stored")
"""The tables that are printed; all of them are written."""

_MOST = 40


def screen(result: AuditResult, out: Path, *, width: int) -> str:
    """Return the summary of an audit."""
    tables = {table.name: table for table in result.tables}
    lines = _tables((tables[name] for name in SHOWN if name in tables and tables[name].rows), width)
    lines += _findings(result.findings, width)
    lines.append(f"{result.runs} runs audited; all tables and findings: {out}/audit.md, audit.json, tables/*.csv")
    if result.resumed:
        lines.append(f"{result.resumed} of the verdicts were there from an earlier audit")
    if result.corrected is not None:
        lines.append(f"{result.corrected} result files written, {result.changed} with another status")
    return "\n".join(lines) + "\n"


def changes_screen(tables: Sequence[Table], *, width: int) -> str:
    """Return what changed between two audits."""
    return "\n".join(_tables((table for table in tables if table.rows), width)).rstrip("\n") + "\n"


def _tables(tables: Iterable[Table], width: int) -> list[str]:
    lines = []
    for table in tables:
        lines += [table.title, *to_columns(table, width=width), ""]
    return lines


def _findings(findings: Sequence[AuditFinding], width: int) -> list[str]:
    if not findings:
        return ["No findings", ""]
    weighty = [finding for finding in findings if finding.severity != "info"]
    rows = [
        (finding.severity, finding.code, len(finding.runs), finding.recovers, finding.title)
        for finding in weighty[:_MOST]
    ]
    table = Table(
        name="findings",
        title="",
        columns=("weight", "finding", "runs", "recovers", "what is wrong"),
        rows=rows,
    )
    light = len(findings) - len(weighty)
    left = [f"{len(weighty) - _MOST} more"] if len(weighty) > _MOST else []
    left += [f"{light} more that {'is' if light == 1 else 'are'} only good to know"] if light else []
    return [
        "Findings: what is wrong with the runs, the harness and the judge",
        *(to_columns(table, _MOST, width) if rows else ["  none that weighs"]),
        *([f"  {' and '.join(left)}, in audit.md"] if left else []),
        "",
    ]
