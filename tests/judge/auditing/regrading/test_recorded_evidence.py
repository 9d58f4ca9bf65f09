"""Recorded timings as evidence: they refute and never confirm, and no number is no verdict."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from judge.auditing.regrading.recorded_evidence import recorded_judgement, recorded_timing
from judge.core.judgement import Abstained, Errored, Judged, Judgement, NotAsked
from judge.core.timing import Broken, NotTimed, Timed
from judge.core.verdict import decide
from judge.inputs.runs.judgement_file import LegacyEvaluation, RecordedJudgement
from judge.inputs.runs.recorded_run import Evaluation, RecordedRun
from judge.static_checks.model.finding import GATES, Gate, GateResult

PASSING: dict[Gate, GateResult] = {gate: GateResult(status="pass") for gate in GATES}
MATCH = Judged(judge="j", scope="s", logic_match="full", completeness=1.0, bottleneck="same")


def run(**fields: object) -> RecordedRun:
    evaluation = Evaluation(**fields)  # type: ignore[arg-type]  # fields of Evaluation
    return RecordedRun(key="k", id="k", layout="test", patch=Path("p.diff"), patch_state="yes", evaluation=evaluation)


def of(ratio: float, **more: object) -> Timed:
    timing = recorded_timing(run(status="success", baseline_ms=ratio, patched_ms=1.0, speedup=ratio, **more))
    assert isinstance(timing, Timed)
    return timing


@pytest.mark.parametrize("ratio", [9.0, 1.06, 1.0, 0.8, 0.1])
def test_one_number_shows_nothing(ratio: float) -> None:
    """Without an interval neither a gain nor a loss nor its absence is shown."""
    timing = of(ratio)
    assert timing.status == "inconclusive"
    assert timing.ci is None
    assert timing.source == "recorded"


@pytest.mark.parametrize(
    ("interval", "status"),
    [((1.1, 1.3), "improved"), ((0.7, 0.9), "regressed"), ((0.98, 1.02), "neutral"), ((0.9, 1.2), "inconclusive")],
)
def test_an_interval_says_what_it_says(interval: tuple[float, float], status: str) -> None:
    """With a recorded interval the status follows from it."""
    assert of(sum(interval) / 2, interval=interval).status == status


@pytest.mark.parametrize("interval", [None, (1.8, 2.2)])
def test_a_recorded_gain_never_makes_a_true_success(interval: tuple[float, float] | None) -> None:
    """Gates, logic and outputs hold and the number is 2x: still nothing but `undetermined`."""
    timing = of(2.0, interval=interval, correctness="same")
    verdict = decide(PASSING, MATCH, timing, "success")
    assert verdict.true_success is None
    assert verdict.verdict == "undetermined"
    assert verdict.level < 7


def test_a_recorded_interval_can_show_a_lucky_win() -> None:
    """Other logic, faster by the whole recorded interval, same outputs: that is what a lucky win is."""
    other = Judged(judge="j", scope="s", logic_match="none", completeness=0.0, bottleneck="none")
    assert decide(PASSING, other, of(2.0, interval=(1.8, 2.2), correctness="same")).verdict == "lucky_win"


def test_a_recorded_loss_refutes_the_claim_only_with_its_interval() -> None:
    """Eight times slower: with an interval no true success, whatever else is missing; as one number nothing."""
    assert decide(PASSING, MATCH, of(0.125, interval=(0.1, 0.15)), "success").true_success is False
    verdict = decide(PASSING, MATCH, of(0.125), "success")
    assert verdict.true_success is None
    assert any(
        reason.message.startswith("recorded: one number, no proof: 0.12x (no interval)") for reason in verdict.reasons
    )


def test_changed_outputs_are_shown_wrong_even_without_a_time() -> None:
    """Failed tests without any time: the candidate is wrong, by record."""
    timing = recorded_timing(run(status="failed", correctness="changed"))
    assert isinstance(timing, Broken)
    assert decide(PASSING, MATCH, timing, "success").verdict == "false_positive"


def test_a_base_that_ran_and_a_patch_that_did_not_is_a_crash() -> None:
    """A time of the base, none of the patch, and an error: the patched code did not run to its end."""
    timing = recorded_timing(run(status="error", baseline_ms=3.0, error="NameError: x"))
    assert isinstance(timing, Broken)
    assert timing.source == "recorded"


@pytest.mark.parametrize(
    "evaluation",
    [
        {"status": "success"},
        {"status": "success", "baseline_ms": 0.0, "patched_ms": 0.0, "speedup": 0.0},
        {"status": "baseline_failed", "error": "No module named 'x'"},
        {"status": "error", "patched_ms": 3.0, "error": "the base crashed"},
    ],
)
def test_no_number_is_the_harness_fault(evaluation: dict[str, object]) -> None:
    """Success without a number and a failed base say nothing about the patch, and 0.0 is no time."""
    timing = recorded_timing(run(**evaluation))
    assert isinstance(timing, NotTimed)
    assert timing.status == "error"
    assert decide(PASSING, MATCH, timing, "success").true_success is None


def test_a_run_without_evaluation_was_not_timed() -> None:
    """Nothing recorded is skipped, not failed."""
    timing = recorded_timing(RecordedRun(key="k", id="k", layout="test"))
    assert isinstance(timing, NotTimed)
    assert timing.status == "skipped"


def test_the_ratio_of_the_times_stands_in_for_a_missing_speedup() -> None:
    """Both times without their ratio are a number all the same."""
    assert Evaluation(baseline_ms=3.0, patched_ms=2.0).known_speedup == 1.5
    assert Evaluation(baseline_ms=3.0).known_speedup is None
    assert Evaluation(speedup=-1.0, baseline_ms=3.0, patched_ms=2.0).known_speedup is None


@pytest.mark.parametrize(
    "changes", [{"source": "measured", "status": "inconclusive"}, {"status": "improved"}, {"status": "regressed"}]
)
def test_a_timing_without_interval_is_recorded_and_inconclusive(changes: dict[str, str]) -> None:
    """The type refuses a measured timing without interval, and a recorded one that claims to show something."""
    with pytest.raises(ValidationError, match="without an interval"):
        Timed.model_validate(
            {
                "status": "inconclusive", "speedup": 2.0, "ci": None, "baseline_ms": 2.0, "candidate_ms": 1.0,
                "outputs": "same", "device": "cpu", "source": "recorded", **changes,
            }
        )  # fmt: skip


def recorded(judgement: Errored | Abstained) -> RecordedJudgement:
    flat = dict.fromkeys(
        (
            "syntax_correct",
            "files_match",
            "optimization_logic_match",
            "is_complete",
            "is_template_code",
            "true_success",
        ),
        False,
    )
    stored = LegacyEvaluation(**flat, quality_score=0.0, issues=(), reasoning="")
    return RecordedJudgement(
        run_id="r", item_id="i", commit="c" * 8, status="success", patch_size=1, judgement=judgement, stored=stored
    )


EMPTY = Errored(judge="j", scope="s", reason="empty", message="the reply was empty")
ANSWER = Abstained(judge="j", scope="s", reason="no-ground-truth", message="m")
OWN = Abstained(judge="structural", scope="s", reason="needs-llm", message="m")


@pytest.mark.parametrize(
    ("stored", "own", "expected"),
    [
        ((EMPTY, ANSWER), OWN, ANSWER),
        ((EMPTY,), OWN, EMPTY),
        ((), OWN, OWN),
        ((EMPTY, ANSWER), MATCH, MATCH),
    ],
)
def test_proof_outranks_answers_and_answers_outrank_failures(
    stored: tuple[Errored | Abstained, ...], own: Judgement, expected: Judgement
) -> None:
    """What was proved here counts first, then a recorded answer, then a recorded failure, then no proof."""
    judged_run = RecordedRun(key="k", id="k", layout="test", judgements=tuple(map(recorded, stored)))
    assert recorded_judgement(judged_run, own) == expected


def test_without_any_judgement_none_was_asked() -> None:
    """An audit asks no judge, and says so."""
    assert isinstance(recorded_judgement(RecordedRun(key="k", id="k", layout="test"), None), NotAsked)
