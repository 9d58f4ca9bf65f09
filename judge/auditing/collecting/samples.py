"""Runs, timings and recorded judgements for the examples of the kinds of findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judge.auditing.audited_run import AuditedRun
from judge.auditing.regrading.timing_failure import timing_failure
from judge.core.judgement import Abstained, Errored, NotAsked
from judge.core.timing import NotTimed
from judge.core.verdict import Verdict
from judge.inputs.runs.judgement_file import LegacyEvaluation, RecordedJudgement
from judge.inputs.runs.recorded_run import Evaluation, RecordedRun
from judge.static_checks.model.finding import Gate, GateResult

EVALUATION: Mapping[str, object] = {
    "syntax_correct": True,
    "files_match": True,
    "optimization_logic_match": False,
    "is_complete": False,
    "is_template_code": False,
    "quality_score": 0.3,
    "issues": (),
    "reasoning": "It changes other code.",
    "true_success": False,
}


def sample(
    name: str,
    *,
    number: int = 0,
    gates: Mapping[Gate, GateResult] | None = None,
    twins: tuple[str, ...] = (),
    patch_sha256: str | None = None,
    patch_bytes: int | None = None,
    **run: Any,
) -> AuditedRun:
    """Return a run for an example: the fields of `RecordedRun`, and what regrading made of it."""
    recorded = RecordedRun(key=name, id=name, layout="example", **run)
    return AuditedRun(
        number=number,
        run=recorded,
        gates=gates,
        timing=NotTimed(status="skipped", reason="example", message="an example"),
        judgement=NotAsked(reason="example", message="an example"),
        outcome=Verdict(verdict="undetermined", true_success=None, level=0, reasons=()),
        twins=twins,
        patch_sha256=patch_sha256,
        patch_bytes=patch_bytes,
        timing_failure=timing_failure(recorded),
    )


def timed(baseline_ms: float | None, patched_ms: float | None, **evaluation: Any) -> Evaluation:
    """Return a recorded timing for an example; without both numbers there is no speed-up."""
    speedup = baseline_ms / patched_ms if baseline_ms and patched_ms else None
    given = {"status": "success", "baseline_ms": baseline_ms, "patched_ms": patched_ms, "speedup": speedup}
    return Evaluation(**{**given, **evaluation})


def recorded_answer(
    evaluation: Mapping[str, object], *, reason: str = "flat-schema", item: str = "core-0000", size: int = 100
) -> RecordedJudgement:
    """Return a judgement that was given."""
    stored = LegacyEvaluation.model_validate(evaluation)
    return RecordedJudgement(
        run_id="core-1",
        item_id=item,
        commit="c0ffee00",
        status="success",
        patch_size=size,
        judgement=Abstained(judge="a model", scope="recorded answer", reason=reason, message="an example"),
        claims={name: value for name, value in stored.model_dump().items() if isinstance(value, bool)},
        stored=stored,
    )


def recorded_failure() -> RecordedJudgement:
    """Return a failure to judge, stored as if it were a judgement."""
    stored = {**EVALUATION, "quality_score": 0.0, "reasoning": "Could not evaluate: No JSON found in response: "}
    return RecordedJudgement(
        run_id="core-1",
        item_id="core-0000",
        commit="c0ffee00",
        status="success",
        patch_size=100,
        judgement=Errored(judge="a model", scope="recorded answer", reason="empty", message="the reply was empty"),
        stored=LegacyEvaluation.model_validate(stored),
    )
