"""Writes copies of a harness's own result files with the status made true; the originals are never touched.

A status is changed only where the files themselves or the gates show it to be wrong: a run recorded as a success
without a patch that could be one, a timing recorded as a success without a number. What the harness had said stays
in the copy, under `audit`, with the verdict and its reasons.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from judge.auditing import measures
from judge.auditing.audited_run import AuditedRun
from judge.auditing.regrading.timing_failure import NO_PATCH
from judge.errors import OutputError, UsageError
from judge.inputs.runs.recorded_values import claim_from_status
from judge.lib.files import replace_text

_MAX_BYTES = 64 << 20

ERROR = "error"


class Corrector:
    """Writes corrected copies below a folder, at the places the originals have below their roots."""

    def __init__(self, roots: Sequence[Path], folder: Path) -> None:
        """Write into `folder`.

        Raises:
            UsageError: it lies in a tree that is audited, or holds one.
        """
        self._roots = [root.resolve() for root in roots]
        self._folder = folder.resolve()
        for root in self._roots:
            if self._folder.is_relative_to(root) or root.is_relative_to(self._folder):
                raise UsageError(
                    f"--write-corrected {str(folder)!r}: {str(root)!r} is audited and its files are never touched; "
                    "choose a folder outside of it"
                )
        self.written = 0
        self.changed = 0

    def write(self, audited: AuditedRun) -> None:
        """Write the copies of one run's result files.

        Raises:
            OutputError: the folder cannot be written.
        """
        for source in audited.run.sources:
            correct = CORRECTIONS.get(Path(source).name)
            place = self._place(Path(source).resolve()) if correct else None
            content = _read(Path(source)) if place else None
            if correct is None or place is None or content is None:
                continue
            before = json.dumps(content)
            correct(content, audited)
            self.changed += json.dumps(content) != before
            content["audit"] = _audit(audited, before=json.loads(before))
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                replace_text(place, [json.dumps(content, indent=2, allow_nan=False), "\n"])
            except OSError as error:
                raise OutputError(f"{place}: cannot be written ({error.strerror})") from error
            self.written += 1

    def _place(self, source: Path) -> Path | None:
        """Several roots of one name do not mix: each keeps its number in front."""
        for number, root in enumerate(self._roots):
            if source.is_relative_to(root):
                below = source.relative_to(root) if root.is_dir() else Path(source.name)
                return self._folder / (f"{number}-{root.name}" if len(self._roots) > 1 else "") / below
        return None


def _read(path: Path) -> dict[str, Any] | None:
    """What cannot be read has been named by the reader already."""
    try:
        content = json.loads(path.read_bytes()) if path.stat().st_size <= _MAX_BYTES else None
        json.dumps(content, allow_nan=False).encode()
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def agent_fault(audited: AuditedRun) -> tuple[str, str] | None:
    """Return code and words of what shows that an agent's run was no success; None if nothing does."""
    state = audited.run.patch_state
    if state in ("missing", "empty"):
        return "apply-empty", "the run left no patch" if state == "missing" else "the patch is empty"
    shown = (measures.applies, measures.parses, measures.real_code)
    if any(measure(audited) is False for measure in shown):
        reason = audited.outcome.reasons[0]
        return reason.code, reason.message
    return None


def _journal(content: dict[str, Any], audited: AuditedRun) -> None:
    wrong = agent_fault(audited)
    if wrong and _success(content.get("status")):
        content["status"] = ERROR
        content["error_type"], content["error"] = wrong


def _test_results(content: dict[str, Any], audited: AuditedRun) -> None:
    result = content.get("result")
    if isinstance(result, dict):
        _timing(result, audited, "error_message")
    metadata = content.get("metadata")
    if isinstance(metadata, dict) and agent_fault(audited) and _success(metadata.get("agent_status")):
        metadata["agent_status"] = ERROR


def _run_summary(content: dict[str, Any], audited: AuditedRun) -> None:
    agent, evaluation = content.get("agent"), content.get("evaluation")
    if isinstance(agent, dict):
        if agent_fault(audited) and _success(agent.get("status")):
            agent["status"] = ERROR
        has_patch = measures.has_patch(audited)
        if "patch_generated" in agent and has_patch is not None:
            agent["patch_generated"] = has_patch
    if isinstance(evaluation, dict):
        _timing(evaluation, audited, "error")


def _timing(result: dict[str, Any], audited: AuditedRun, message: str) -> None:
    speedup = measures.speedup(audited)
    if _success(result.get("status")) and speedup is None:
        result["status"] = ERROR
        result[message] = result.get(message) or "recorded as a success without a speed-up"
    if str(result.get("status")).lower() in NO_PATCH and measures.has_patch(audited):
        result["status"] = ERROR
        result[message] = result.get(message) or "recorded as without a patch, but there is one; it was not evaluated"
    if speedup is None and result.get("improvement"):
        result["improvement"] = False


def _success(word: object) -> bool:
    return isinstance(word, str) and claim_from_status(word) == "success"


def _audit(audited: AuditedRun, *, before: Mapping[str, Any]) -> dict[str, Any]:
    recorded = {
        "status": before.get("status"),
        "agent_status": _nested(before, "agent", "status") or _nested(before, "metadata", "agent_status"),
        "evaluation_status": _nested(before, "evaluation", "status") or _nested(before, "result", "status"),
    }
    return {
        "verdict": audited.outcome.verdict,
        "true_success": audited.outcome.true_success,
        "level": audited.outcome.level,
        "reasons": [{"code": reason.code, "message": reason.message} for reason in audited.outcome.reasons],
        "recorded": {name: word for name, word in recorded.items() if word is not None},
    }


def _nested(content: Mapping[str, Any], *names: str) -> Any:
    value: Any = content
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


CORRECTIONS: Mapping[str, Callable[[dict[str, Any], AuditedRun], None]] = {
    "journal.json": _journal,
    "test_results.json": _test_results,
    "run_summary.json": _run_summary,
}
"""What is corrected in the files of each name; other files of a harness hold no status."""
