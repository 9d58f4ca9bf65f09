"""Recorded judgements for the examples of the kinds that look at judges."""

from __future__ import annotations

from collections.abc import Mapping

from judge.core.judgement import Abstained, Errored
from judge.inputs.runs.recorded_judgements import LegacyEvaluation, RecordedJudgement

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


def answer(
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


def failure() -> RecordedJudgement:
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
