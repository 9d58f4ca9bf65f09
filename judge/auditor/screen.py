"""What `judge audit` prints: the headline first, then facts, claims against verdicts, findings in a line each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from judge.auditor.accumulate import AuditFinding, Table
from judge.auditor.render import to_columns
from judge.wording import visible

if TYPE_CHECKING:
    from judge.auditor.audit import AuditResult

SHOWN = ("headline", "facts", "confusion", "confusion-evaluation", "judge", "judge-stored", "outcomes", "speed")
"""The tables that are printed; all of them are written."""

_FINDINGS = 40


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
    lines = ["Findings" + (f" (the first {_FINDINGS} of {len(findings)})" if len(findings) > _FINDINGS else "")]
    names = max(len(finding.code) for finding in findings[:_FINDINGS])
    for finding in findings[:_FINDINGS]:
        start = f"  {finding.severity:5}  {finding.code:{names}}  {len(finding.runs):>6}  "
        message = visible(finding.message)
        room = max(20, width - len(start))
        lines.append(start + (message if len(message) <= room else message[: room - 4] + " ..."))
    return [*lines, ""]
