"""Why an evaluation has no number, read from what it recorded: one cause for each, so that no run is counted twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from judge.inputs.runs.recorded_run import Evaluation, RecordedRun
from judge.inputs.runs.recorded_values import claim_from_status

TimingFailureKind = Literal[
    "no-test-script",
    "worktree",
    "path-not-triggered",
    "missing-module",
    "target-unresolved",
    "benchmark-crashed",
    "no-output",
]


@dataclass(frozen=True, kw_only=True)
class TimingFailure:
    """What kept a run from being timed.

    Attributes:
        label: what to group by: the module, the message, the commit.
        message: the recorded words it was read from.
    """

    kind: TimingFailureKind
    label: str
    message: str


NO_PATCH = frozenset({"no_patch", "no-patch", "nopatch", "empty_patch", "missing_patch"})
_NO_TEST = frozenset({"no_test", "no_test_script", "missing_test"})

_NO_SCRIPT = re.compile(r"no test script", re.IGNORECASE)
_WORKTREE = re.compile(
    r"git\W+worktree|worktree add|(?:create|add|check out)\w* (?:a |the |git )*worktree|invalid reference:|bad object"
    r"|unknown revision|reference is not a tree|unable to read tree|not our ref",
    re.IGNORECASE,
)
_NOT_TRIGGERED = re.compile(r"opt_path_not_triggered|opt(?:imi[sz]ation)? path (?:was )?not", re.IGNORECASE)
_NO_MODULE = re.compile(r"No module named '?([\w.]+)'?")
_BROKEN_LAZY = re.compile(
    r"Could not import module '(\w+)'\. Are this object's requirements"
)  # transformers' own words
_NO_NAME = re.compile(r"cannot import name '[\w.]+' from (?:partially initialized module )?'([\w.]+)'")
_NO_OPERATOR = re.compile(r"operator (\w+)::\w+ does not exist")
_UNRESOLVED = re.compile(r"cannot import|has no attribute|failed to import|import error", re.IGNORECASE)
_RAISED = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Za-z_]*(?:Error|Exception|Interrupt|Exit|Iteration|Warning)(?::|$)")
_VARYING = re.compile(r"/tmp/\S+|0x[0-9a-f]+|(?<=\()/\S+(?=\))")  # of a path or an address, only the kind is the same


def timing_failure(run: RecordedRun) -> TimingFailure | None:
    """Return why a run has no number, None if it has one, was not evaluated, or nothing tells."""
    evaluation = run.evaluation
    if evaluation is None or evaluation.known_speedup is not None:
        return None
    status = (evaluation.status or "").lower()
    error = evaluation.error or ""
    if status in _NO_TEST or _NO_SCRIPT.search(error):
        return TimingFailure(kind="no-test-script", label=(run.human or "unknown commit")[:8], message=error or status)
    if _WORKTREE.search(error):
        return TimingFailure(kind="worktree", label=general(error), message=error)
    message = _recorded_message(evaluation)
    if denies_path(evaluation) or _NOT_TRIGGERED.search(error):
        return TimingFailure(
            kind="path-not-triggered", label=general(message or error or "opt_path_hit: false"), message=message
        )
    if (
        claim_from_status(evaluation.status) == "success" or evaluation.baseline_ms
    ):  # the base was timed, so nothing kept the harness from timing
        return None
    if not message:
        return TimingFailure(kind="no-output", label=general(error) or "no output", message=error) if error else None
    if module := absent_module(message, own=run.repo):
        return TimingFailure(kind="missing-module", label=module, message=message)
    if _reported(evaluation).get("target_resolved") is False or _UNRESOLVED.search(message):
        return TimingFailure(kind="target-unresolved", label=general(message), message=message)
    return TimingFailure(kind="benchmark-crashed", label=general(message), message=message)


def absent_module(text: str, own: str | None = None) -> str | None:
    """Return the module that a message says is missing, or installed but not importable; None if it says neither.

    A name that the package under test itself lacks is no fault of the environment: the benchmark was
    written for another commit.
    """
    if _BROKEN_LAZY.search(text):
        return "transformers"
    if match := _NO_MODULE.search(text):
        return match[1]
    if (match := _NO_NAME.search(text)) and (top := match[1].split(".")[0]) != own:
        return top
    if match := _NO_OPERATOR.search(text):
        return match[1]
    return None


def errors_printed(evaluation: Evaluation) -> Iterator[tuple[str, bool]]:
    """Yield each error that an evaluation's output tells of, and whether a stand-in was timed in place of the target.

    Warnings are no errors; a line counts if it is a report with an `error`, a traceback's last line, or
    begins with `Error:`.
    """
    for side in ("baseline_output", "patched_output"):
        report = evaluation.outputs.get(side)
        if isinstance(report, Mapping) and report.get("error"):
            yield str(report["error"]), bool(report.get("using_mock"))
    for line in (*evaluation.stdout.splitlines(), *evaluation.stderr.splitlines()):
        text = line.strip()
        report = _report(text)
        if report.get("error"):
            yield str(report["error"]), bool(report.get("using_mock"))
        elif text.startswith("Error:") or (_RAISED.match(text) and "Warning" not in text.partition(":")[0]):
            yield text, False


def general(message: str) -> str:
    """Return a message without what differs from run to run, on one line."""
    return " ".join(_VARYING.sub("...", message).split())[:300]


def denies_path(evaluation: Evaluation) -> bool:
    """Whether the benchmark itself reports that the code in question did not run."""
    sides = (evaluation.outputs.get(side) for side in ("baseline_output", "patched_output"))
    return any(isinstance(report, Mapping) and report.get("opt_path_hit") is False for report in sides)


def _recorded_message(evaluation: Evaluation) -> str:
    """Return the most telling words: the benchmark's own error, the exception that ended it, the harness's message."""
    report = _reported(evaluation)
    named = str(report.get("error") or report.get("error_message") or "")
    if named:
        return named
    raised = [line.strip() for line in evaluation.stderr.splitlines() if _RAISED.match(line.strip())]
    crashed = [line for line in raised if "Warning" not in line.partition(":")[0]]
    if crashed:
        return crashed[-1]
    printed = [error for error, _ in errors_printed(evaluation)]
    if printed:
        return printed[-1]
    return (
        "" if re.search(r"failed to produce output", evaluation.error or "", re.IGNORECASE) else evaluation.error or ""
    )


def _reported(evaluation: Evaluation) -> Mapping[str, object]:
    report = evaluation.outputs.get("baseline_output")
    return report if isinstance(report, Mapping) else {}


def _report(line: str) -> Mapping[str, object]:
    if not (line.startswith("{") and line.endswith("}")):
        return {}
    try:
        report = json.loads(line)
    except ValueError:
        return {}
    return report if isinstance(report, dict) else {}
