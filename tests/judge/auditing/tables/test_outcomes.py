"""The one category of a run, from the words that harnesses use for it."""

from __future__ import annotations

from typing import Any

import pytest

from judge.auditing.collecting.samples import sample
from judge.auditing.tables.outcomes import outcome
from judge.inputs.runs.recorded_run import NOT_EVALUATED, Evaluation

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "improvement (above 1.05x)": ({}, {"status": "passed", "speedup": 2.0, "correctness": "same"}),
    "tests passed, not timed": ({}, {"status": "resolved", "correctness": "same"}),
    "tests failed or outputs changed": ({}, {"status": "unresolved"}),
    "other test failure": ({}, {"status": "base_failed"}),
    "patch apply failed": ({}, {"status": "patch_failed"}),
    "empty patch": ({}, {"status": "empty_patch"}),
    "no patch": ({}, {"status": "no_patch"}),
    "patch there, evaluation says no patch": ({"patch_state": "yes"}, {"status": "no_patch"}),
    "success without a number": ({"patch_state": "yes"}, {"status": "success"}),
    "not evaluated": ({}, {"status": NOT_EVALUATED}),
    "uncategorized": ({}, {"status": "a word of its own"}),
}


@pytest.mark.parametrize("category", CASES)
def test_each_word_has_its_category(category: str) -> None:
    """A harness that runs tests and times nothing, one that times only what passes, one that evaluates nothing."""
    run, evaluation = CASES[category]
    assert outcome(sample("a", evaluation=Evaluation(**evaluation), **run)) == category


def test_a_changed_output_outranks_the_word() -> None:
    """Whatever the harness called it, outputs that changed are no success without a number."""
    evaluation = Evaluation(status="success", correctness="changed")
    assert outcome(sample("a", patch_state="yes", evaluation=evaluation)) == "tests failed or outputs changed"


def test_without_a_patch_nothing_else_is_asked() -> None:
    """An empty patch is the category, also where tests passed."""
    evaluation = Evaluation(status="resolved", correctness="same")
    assert outcome(sample("a", patch_state="empty", evaluation=evaluation)) == "empty patch"
