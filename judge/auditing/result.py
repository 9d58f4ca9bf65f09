"""What came of an audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from judge.auditing.collecting.accumulator import AuditFinding, Table
from judge.core.verdict import Category
from judge.inputs.runs.recorded_run import Unread


@dataclass(frozen=True, kw_only=True)
class AuditResult:
    """What came of an audit.

    Attributes:
        runs: how many runs were described.
        verdicts: runs by verdict, every verdict named.
        tables: in the order in which they are to be read.
        findings: the most severe first, then those that concern most runs.
        unread: files that could not be read.
        ungraded: runs that a gate could not check, by its own fault.
        unchecked: kinds of findings that failed themselves; each is among the findings, with the reason.
        resumed: runs whose record an earlier audit had left.
        corrected: copies of result files written, None if none were asked for.
        changed: those of them in which something was not true.
        without_repository: how many patches no gate has seen, by the name of the repository that was not given.
    """

    runs: int
    verdicts: Mapping[Category, int]
    tables: tuple[Table, ...]
    findings: tuple[AuditFinding, ...]
    unread: tuple[Unread, ...]
    ungraded: int
    unchecked: tuple[str, ...]
    resumed: int
    corrected: int | None
    changed: int
    without_repository: Mapping[str, int]
