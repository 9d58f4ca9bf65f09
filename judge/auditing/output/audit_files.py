"""Writes the results of an audit: same input, same bytes; only `run.json` says when and on which machine."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from judge.auditing.collecting.accumulator import AuditFinding, Table
from judge.auditing.output.table_text import escape, finding_lines, to_csv, to_json, to_markdown
from judge.auditing.result import AuditResult
from judge.core.verdict import CATEGORIES, LEVELS
from judge.errors import OutputError
from judge.lib.files import replace_text
from judge.lib.run_info import run_info
from judge.results.record import SCHEMA, VerdictRecord
from judge.results.score import score, score_entry

Names = Callable[[Iterable[int]], Iterator[str]]
"""Turns numbers of runs into their ids."""


class Decisions(AbstractContextManager["Decisions"]):
    """What `eval.json` says, gathered from the stream of records; the entries wait in a temporary file."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by `close`
        self.verdicts: Counter[str] = Counter()
        self.levels: Counter[int] = Counter()
        self.ungraded = 0
        self.true = 0
        self._lowest: float | None = None
        self._known = 0
        self._count = 0

    def close(self) -> None:
        """Delete the temporary file."""
        self._entries.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, record: VerdictRecord) -> None:
        """Take one record in."""
        self._count += 1
        self.verdicts[record.verdict] += 1
        self.true += record.true_success is True
        self.ungraded += any(gate.status == "error" for gate in record.gates.values())
        for level in range(record.level + 1):
            self.levels[level] += 1
        value = score(record)
        if value is not None:
            self._known += 1
            self._lowest = value if self._lowest is None else min(self._lowest, value)
        self._entries.write(json.dumps(score_entry(record), allow_nan=False) + "\n")

    def head(self, not_graded: int) -> dict[str, Any]:
        """Return everything but the entries; one score that is not known makes the aggregate unknown."""
        aggregate = self._lowest if self._known == self._count else None
        return {
            "schema": SCHEMA,
            "aggregate_score": aggregate,
            "is_acceptable": aggregate is not None and aggregate > 0,
            "verdicts": {category: self.verdicts[category] for category in CATEGORIES},
            "true_success": self.true,
            "funnel": {name: self.levels[number] for number, name in enumerate(LEVELS)},
            "judge": "audit",
            "not_graded": not_graded,
        }

    def entries(self) -> Iterator[str]:
        """Yield the entries as JSON."""
        self._entries.seek(0)
        return (line.rstrip("\n") for line in self._entries)


def write_outputs(folder: Path, result: AuditResult, decisions: Decisions, names: Names) -> None:
    """Write every file of an audit, each as a whole or not at all.

    Raises:
        OutputError: one cannot be written.
    """
    try:
        (folder / "tables").mkdir(exist_ok=True)
        for stale in (folder / "tables").glob("*.csv"):
            if stale.stem not in {table.name for table in result.tables}:
                stale.unlink()
        for table in result.tables:
            replace_text(folder / "tables" / f"{table.name}.csv", [to_csv(table)])
        replace_text(folder / "eval.json", _eval_json(decisions, len(result.unread)))
        replace_text(folder / "audit.json", _audit_json(result, names))
        replace_text(folder / "audit.md", [audit_markdown(result)])
        replace_text(folder / "run.json", [_run_info(result)])
    except OSError as error:
        raise OutputError(
            f"{error.filename}: cannot be written ({error.strerror}); make room, then give the same command again"
        ) from error


def write_changes(folder: Path, tables: Sequence[Table]) -> None:
    """Write what changed since an earlier audit: `against.json` and `against.md`."""
    changes = {table.name: to_json(table) for table in tables}
    replace_text(folder / "against.json", [json.dumps(changes, indent=1, allow_nan=False) + "\n"])
    replace_text(folder / "against.md", ["# Changes\n\n", *(to_markdown(table) + "\n" for table in tables)])


def audit_markdown(result: AuditResult) -> str:
    """Return the whole report for people."""
    lines = ["# Audit", "", f"{result.runs} runs; {len(result.findings)} findings.", ""]
    lines += [to_markdown(table) for table in result.tables if table.rows]
    lines += ["## Findings", ""] + [line for finding in result.findings for line in finding_lines(finding)]
    if result.unread:
        lines += [
            "## Not read",
            "",
            *(f"- {escape(unread.path)}: {escape(unread.why)}" for unread in result.unread),
            "",
        ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _eval_json(decisions: Decisions, not_graded: int) -> Iterator[str]:
    head = json.dumps(decisions.head(not_graded), indent=2, allow_nan=False)
    yield head.removesuffix("\n}") + ',\n  "benchmarks": ['
    yield from _joined(decisions.entries(), "    ")
    yield "\n  ]\n}\n"


def _audit_json(result: AuditResult, names: Names) -> Iterator[str]:
    head = {
        "schema": SCHEMA,
        "runs": result.runs,
        "verdicts": dict(result.verdicts),
        "ungraded": result.ungraded,
        "tables": {table.name: to_json(table) for table in result.tables},
        "unread": [{"path": unread.path, "why": unread.why} for unread in result.unread],
    }
    yield json.dumps(head, indent=1, allow_nan=False).removesuffix("\n}") + ',\n "findings": ['
    for number, finding in enumerate(result.findings):
        yield ("," if number else "") + "\n  "
        yield from _finding(finding, names)
    yield "\n ]\n}\n"


def _finding(finding: AuditFinding, names: Names) -> Iterator[str]:
    """The ids of the runs are written one by one: a finding may concern every run there is."""
    head = {
        "code": finding.code,
        "severity": finding.severity,
        "title": finding.title,
        "message": finding.message,
        "mend": finding.mend,
        "recovers": finding.recovers,
        "details": finding.details,
        "count": len(finding.runs),
    }
    yield json.dumps(head, allow_nan=False).removesuffix("}") + ', "runs": ['
    yield from _joined((json.dumps(name) for name in names(finding.runs)), "   ")
    yield "]}"


def _joined(parts: Iterable[str], indent: str) -> Iterator[str]:
    for number, part in enumerate(parts):
        yield ("," if number else "") + f"\n{indent}{part}"


def _run_info(result: AuditResult) -> str:
    return run_info(
        {"schema": SCHEMA, "runs": result.runs, "resumed": result.resumed, "unread": len(result.unread)},
        packages=("patch-verdict", "libcst", "unidiff", "pydantic"),
    )
