"""`decide`: one pure function from what the stages found to the verdict. It reads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from judge.bench.results import SuiteResult
from judge.core.judgement import Abstained, Errored, Judged, Judgement, LogicMatch, NotAsked
from judge.core.timing import Broken, NotTimed, Timed, Timing
from judge.static_checks.model.case import Claim
from judge.static_checks.model.finding import Gate, GateResult

Category = Literal[
    "true_success", "partial_success", "good_intent", "lucky_win", "false_positive", "failure", "undetermined"
]
CATEGORIES: tuple[Category, ...] = (
    "true_success",
    "partial_success",
    "good_intent",
    "lucky_win",
    "false_positive",
    "failure",
    "undetermined",
)

LEVELS: tuple[str, ...] = (
    "submitted",
    "non-empty",
    "applies",
    "parses",
    "real code",
    "right place",
    "right and complete logic",
    "faster with the same outputs",
)

NECESSARY: tuple[Gate, ...] = ("apply", "parse", "template", "noop", "tamper", "hazard")
"""Overlap is evidence, not rejection."""


SPEED_WORDS: Mapping[str, str] = {
    "improved": "faster",
    "regressed": "slower",
    "neutral": "not faster",
    "inconclusive": "too noisy to say",
    "not_triggered": "the benchmark does not run the changed lines",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One thing that decided the verdict, or that is missing for one."""

    code: str
    message: str


class Verdict(BaseModel):
    """The combined outcome for one candidate."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    verdict: Category
    true_success: bool | None = Field(
        description="false: a necessary condition is shown to fail; true: all are shown to hold; null: neither"
    )
    level: int = Field(ge=0, le=7, description="funnel level reached")
    reasons: tuple[Reason, ...] = Field(description="what decided, or what is missing, in the order of the stages")


def decide(
    gates: Mapping[Gate, GateResult], judgement: Judgement, timing: Timing, claimed: Claim | None = None
) -> Verdict:
    """Combine the stages.

    A condition that holds is True, one shown to fail is False, and anything else (an error, an
    abstention, a timing without a number) is None and never counts for or against the patch. The
    category is the one that holds whatever the missing answers turn out to be, else `undetermined`;
    only a `lucky_win` has to be shown.
    """
    clean = gates_hold(gates)
    logic = judgement.logic_match if isinstance(judgement, Judged) else None
    faster = _faster(timing)
    same = _both(_same_outputs(timing), _tests_hold(timing))
    crashed = isinstance(timing, Broken)
    conditions = (clean, None if logic is None else logic == "full", faster, same, not crashed)
    success = False if False in conditions else True if all(conditions) else None
    if success and isinstance(timing, Timed) and timing.source == "recorded":
        success = None  # a recorded timing can refute a claim; only one measured here can confirm it
    shown_wrong: Category = "false_positive" if claimed == "success" else "failure"
    if clean is False or same is False or crashed:
        category = shown_wrong
    elif clean is None:
        category = "undetermined"
    else:
        category = _refine(logic, faster, same, shown_wrong)
        if category == "true_success" and success is None:
            category = "undetermined"
    return Verdict(
        verdict=category,
        true_success=success,
        level=_level(gates, judgement, success),
        reasons=(
            *_gate_reasons(gates),
            *_logic_reasons(clean, judgement),
            *_timing_reasons(clean, timing),
            *_test_reasons(timing),
        ),
    )


def _refine(logic: LogicMatch | None, faster: bool | None, same: bool | None, shown_wrong: Category) -> Category:
    """Tell apart the patches that are clean and break nothing that was seen."""
    match logic, faster, same:
        case "full", True, True:
            return "true_success"
        case "full", False, True:
            return "good_intent"
        case "partial", True, True:
            return "partial_success"
        case "none", True, True:
            return "lucky_win"
        case ("none", _, _) | ("partial", False, _):
            return shown_wrong
        case _:
            return "undetermined"


def gates_hold(gates: Mapping[Gate, GateResult]) -> bool | None:
    """False if any necessary gate fails, True if all pass; a gate that did not run proves nothing."""
    statuses = [gates[gate].status if gate in gates else "skipped" for gate in NECESSARY]
    if "fail" in statuses:
        return False
    return True if all(status == "pass" for status in statuses) else None


def _faster(timing: Timing) -> bool | None:
    match timing:
        case Timed(status="improved"):
            return True
        case Timed(status="regressed" | "neutral" | "not_triggered"):
            return False
        case _:
            return None


def _same_outputs(timing: Timing) -> bool | None:
    outputs = timing.outputs if isinstance(timing, Timed | Broken) else "unknown"
    return None if outputs == "unknown" else outputs == "same"


def _tests_hold(timing: Timing) -> bool | None:
    """True if the case has no tests that were to be run: what nobody asked for is not missing."""
    if timing.tests is None:
        return True
    return {"pass": True, "fail": False}.get(timing.tests.status)


def _both(first: bool | None, second: bool | None) -> bool | None:
    return False if False in (first, second) else None if None in (first, second) else True


def _level(gates: Mapping[Gate, GateResult], judgement: Judgement, success: bool | None) -> int:
    """The funnel is cumulative: a level counts only if all before it were reached."""
    apply = gates.get("apply")
    empty = apply is None or any(finding.code == "apply-empty" for finding in apply.findings)
    unread = apply is not None and apply.status != "pass" and not apply.seen
    full = isinstance(judgement, Judged) and judgement.logic_match == "full"
    steps = (
        not empty and not unread,
        _passes(gates, "apply"),
        _passes(gates, "parse"),
        all(_passes(gates, gate) for gate in ("template", "noop", "tamper", "hazard")),
        _shares_file(gates) or full,
        full,
        success is True,
    )
    return next((level for level, reached in enumerate(steps) if not reached), len(steps))


def _passes(gates: Mapping[Gate, GateResult], gate: Gate) -> bool:
    return gate in gates and gates[gate].status == "pass"


def _shares_file(gates: Mapping[Gate, GateResult]) -> bool:
    files = gates["overlap"].facts.get("files") if "overlap" in gates else None
    return isinstance(files, Mapping) and bool(files.get("common"))


def _gate_reasons(gates: Mapping[Gate, GateResult]) -> list[Reason]:
    reasons = []
    for result in gates.values():
        blocking = [finding for finding in result.findings if finding.severity == "block"]
        telling = blocking + [finding for finding in result.findings if finding.code == "apply-other-commit"]
        for finding in telling:
            place = ":".join(str(part) for part in (finding.path, finding.line) if part)
            reasons.append(
                Reason(code=finding.code, message=f"{place}: {finding.message}" if place else finding.message)
            )
        reasons += [Reason(code=error.code, message=f"not checked: {error.message}") for error in result.errors]
    return reasons


def _logic_reasons(clean: bool | None, judgement: Judgement) -> list[Reason]:
    match judgement:
        case Judged(logic_match="full"):
            return [Reason(code="logic-match", message=f"the human's logic, complete; says {judgement.judge}")]
        case Judged(logic_match="partial"):
            missing = ", ".join(unit.unit for unit in judgement.units if unit.coverage == "missing")
            return [
                Reason(
                    code="logic-partial",
                    message=f"{judgement.judge}: part of the human's logic; missing: {missing or 'not said'}",
                )
            ]
        case Judged():
            return [Reason(code="logic-mismatch", message=f"{judgement.judge}: not the human's logic")]
        case Abstained():
            return [Reason(code=f"logic-{judgement.reason}", message=f"logic not judged: {judgement.message}")]
        case Errored():
            return [
                Reason(
                    code=f"judge-{judgement.reason}", message=f"the judge failed, not the patch: {judgement.message}"
                )
            ]
        case NotAsked():
            return (
                []
                if clean is False
                else [Reason(code=f"logic-{judgement.reason}", message=f"logic not judged: {judgement.message}")]
            )


def _timing_reasons(clean: bool | None, timing: Timing) -> list[Reason]:
    match timing:
        case Timed():
            interval = f"{timing.ci[0]:.2f} to {timing.ci[1]:.2f}" if timing.ci else "no interval"
            words = SPEED_WORDS[timing.status] if timing.ci else "one number, no proof"
            prefix = "recorded: " if timing.source == "recorded" else ""
            needed = f"; {timing.needed}" if timing.needed else ""
            message = f"{prefix}{words}: {timing.speedup:.2f}x ({interval}){needed}"
            reasons = [Reason(code=f"timing-{timing.status}", message=message)]
            if timing.outputs == "changed":
                reasons.append(Reason(code="outputs-changed", message=f"outputs changed: {timing.outputs_message}"))
            elif timing.outputs == "unknown":
                reasons.append(
                    Reason(code="outputs-unknown", message=f"outputs not compared: {timing.outputs_message}")
                )
            return reasons
        case Broken():
            return [Reason(code=f"timing-{timing.reason}", message=timing.message)]
        case NotTimed():
            if clean is False:
                return []
            prefix = "timing failed" if timing.status == "error" else "not timed"
            return [Reason(code=f"timing-{timing.reason}", message=f"{prefix}: {timing.message}")]


def _test_reasons(timing: Timing) -> list[Reason]:
    match timing.tests:
        case SuiteResult(status="fail", reason=reason, message=message):
            return [Reason(code=f"tests-{reason}", message=f"tests: {message}")]
        case SuiteResult(status="error", reason=reason, message=message):
            return [Reason(code=f"tests-{reason}", message=f"tests not checked: {message}")]
        case _:
            return []
