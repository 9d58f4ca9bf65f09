"""Grades performance patches: static gates, a judge, interleaved timing, one true-success verdict.

The public names are loaded on first use, so that `import judge` costs nothing and runs no foreign code.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judge.auditor.audit import AuditOptions, AuditResult, audit
    from judge.errors import InputError, JudgeError, JudgeUnusable, OutputError, UsageError
    from judge.inputs import Batch
    from judge.judgement import Abstained, Errored, Judged, NotAsked
    from judge.llm.options import JudgingOptions, Price
    from judge.pipeline import GradeOptions, GradeResult, agrade, grade
    from judge.records import VerdictRecord
    from judge.static_checks.case import Candidate, Case
    from judge.timing import Broken, NotTimed, Timed
    from judge.verdict import Verdict, decide

_HOMES = {
    "Abstained": "judge.judgement",
    "AuditOptions": "judge.auditor.audit",
    "AuditResult": "judge.auditor.audit",
    "Batch": "judge.inputs",
    "Broken": "judge.timing",
    "Candidate": "judge.static_checks.case",
    "Case": "judge.static_checks.case",
    "Errored": "judge.judgement",
    "GradeOptions": "judge.pipeline",
    "GradeResult": "judge.pipeline",
    "InputError": "judge.errors",
    "Judged": "judge.judgement",
    "JudgeError": "judge.errors",
    "JudgeUnusable": "judge.errors",
    "JudgingOptions": "judge.llm.options",
    "NotAsked": "judge.judgement",
    "NotTimed": "judge.timing",
    "OutputError": "judge.errors",
    "Price": "judge.llm.options",
    "Timed": "judge.timing",
    "UsageError": "judge.errors",
    "Verdict": "judge.verdict",
    "VerdictRecord": "judge.records",
    "agrade": "judge.pipeline",
    "audit": "judge.auditor.audit",
    "decide": "judge.verdict",
    "grade": "judge.pipeline",
}

__all__ = [
    "Abstained",
    "AuditOptions",
    "AuditResult",
    "Batch",
    "Broken",
    "Candidate",
    "Case",
    "Errored",
    "GradeOptions",
    "GradeResult",
    "InputError",
    "JudgeError",
    "JudgeUnusable",
    "Judged",
    "JudgingOptions",
    "NotAsked",
    "NotTimed",
    "OutputError",
    "Price",
    "Timed",
    "UsageError",
    "Verdict",
    "VerdictRecord",
    "agrade",
    "audit",
    "decide",
    "grade",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'judge' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
