"""What tables count about one run; each is yes, no, or not known, and not known is never counted as yes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from judge.auditing.audited_run import AuditedRun
from judge.auditing.regrading.recorded_evidence import direction
from judge.static_checks.model.finding import Gate

Measure = Callable[[AuditedRun], bool | None]


def claimed(audited: AuditedRun) -> bool:
    """Whether the harness recorded the agent's run as a success."""
    return audited.run.claimed == "success"


def has_patch(audited: AuditedRun) -> bool | None:
    """Whether the run left a patch with content."""
    state = audited.run.patch_state
    return None if state in ("unknown", "unreadable") else state == "yes"


def _passed(audited: AuditedRun, *gates: Gate) -> bool | None:
    """Whether all of these gates passed; None if one could not say and none failed."""
    if audited.gates is None:
        return None
    statuses = [audited.gates[gate].status for gate in gates]
    if "fail" in statuses:
        return False
    return True if set(statuses) == {"pass"} else None


def applies(audited: AuditedRun) -> bool | None:
    """Whether the patch applies to the recorded base."""
    return has_patch(audited) and _passed(audited, "apply")


def parses(audited: AuditedRun) -> bool | None:
    """Whether everything the patch touches still parses; a patch that does not apply leaves nothing to parse."""
    return applies(audited) and _passed(audited, "parse")


def real_code(audited: AuditedRun) -> bool | None:
    """Whether the patch is real code: no template, no no-op, nothing that touches what measures it."""
    return parses(audited) and _passed(audited, "template", "noop", "tamper", "hazard")


def shares_files(audited: AuditedRun) -> bool | None:
    """Whether the patch touches a file of the human commit."""
    if not applies(audited):
        return applies(audited)
    files = audited.gates["overlap"].facts.get("files") if audited.gates else None
    return bool(files.get("common")) if isinstance(files, Mapping) else None


def other_commit(audited: AuditedRun) -> bool:
    """Whether the patch was made against another commit than the recorded base."""
    apply = audited.gates["apply"] if audited.gates else None
    return apply is not None and any(finding.code == "apply-other-commit" for finding in apply.findings)


def speedup(audited: AuditedRun) -> float | None:
    """Return the recorded speed-up, None if there is no number."""
    return audited.run.evaluation.known_speedup if audited.run.evaluation else None


def timed(audited: AuditedRun) -> bool:
    """Whether a speed-up was recorded."""
    return speedup(audited) is not None


def faster(audited: AuditedRun) -> bool:
    """Whether the recorded number is an improvement by the usual margin; a recorded number, no proof."""
    ratio = speedup(audited)
    return ratio is not None and direction(ratio) == "improvement"


def identical(audited: AuditedRun) -> bool | None:
    """Whether the edit is the human's own, proved by comparison of the code."""
    return None if audited.gates is None else audited.outcome.level >= 6


def true_success(audited: AuditedRun) -> bool:
    """Whether every condition was shown to hold."""
    return audited.outcome.true_success is True
