"""Grades performance patches: static gates, a judge, interleaved timing, one true-success verdict.

The public names are loaded on first use, so that `import judge` costs nothing and runs no foreign code.
"""

TYPE_CHECKING = False  # what `typing` has, without importing it: `python -m judge` runs this with a foreign path
if TYPE_CHECKING:
    from judge.auditing.audit import AuditOptions, audit
    from judge.auditing.result import AuditResult
    from judge.core.judgement import Abstained, Errored, Judged, NotAsked
    from judge.core.timing import Broken, NotTimed, Timed
    from judge.core.verdict import Verdict, decide
    from judge.errors import InputError, JudgeError, JudgeUnusable, OutputError, UsageError
    from judge.inputs.batch import Batch
    from judge.llm.options import JudgingOptions, Price
    from judge.pipeline import GradeOptions, GradeResult, agrade, grade
    from judge.results.record import VerdictRecord
    from judge.static_checks.model.case import Candidate, Case

    __version__: str

_HOMES = {
    "Abstained": "judge.core.judgement",
    "AuditOptions": "judge.auditing.audit",
    "AuditResult": "judge.auditing.result",
    "Batch": "judge.inputs.batch",
    "Broken": "judge.core.timing",
    "Candidate": "judge.static_checks.model.case",
    "Case": "judge.static_checks.model.case",
    "Errored": "judge.core.judgement",
    "GradeOptions": "judge.pipeline",
    "GradeResult": "judge.pipeline",
    "InputError": "judge.errors",
    "Judged": "judge.core.judgement",
    "JudgeError": "judge.errors",
    "JudgeUnusable": "judge.errors",
    "JudgingOptions": "judge.llm.options",
    "NotAsked": "judge.core.judgement",
    "NotTimed": "judge.core.timing",
    "OutputError": "judge.errors",
    "Price": "judge.llm.options",
    "Timed": "judge.core.timing",
    "UsageError": "judge.errors",
    "Verdict": "judge.core.verdict",
    "VerdictRecord": "judge.results.record",
    "agrade": "judge.pipeline",
    "audit": "judge.auditing.audit",
    "decide": "judge.core.verdict",
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
    import importlib

    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("patch-verdict")
    if name not in _HOMES:
        raise AttributeError(f"module 'judge' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
