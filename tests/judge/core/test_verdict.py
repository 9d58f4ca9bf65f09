"""The truth table of `decide`: every combination of what the stages can say, against the written rules."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import get_args

import pytest

from judge.bench import SuiteResult
from judge.core.judgement import Abstained, Errored, Judged, Judgement, LogicMatch, NotAsked
from judge.core.timing import Broken, NotTimed, Outputs, Timed, Timing
from judge.core.verdict import CATEGORIES, LEVELS, NECESSARY, decide
from judge.static_checks.model.finding import Finding, Gate, GateResult, Status, cannot_check, conclude, skipped

FAILING = Finding(code="x-rule", severity="block", message="shown to be wrong")


def gate(status: Status) -> GateResult:
    """A gate with this status and what belongs to it."""
    match status:
        case "fail":
            return GateResult(status="fail", findings=(FAILING,))
        case "error":
            return conclude([cannot_check("x-crashed", "could not check")])
        case "skipped":
            return skipped("nothing to work on")
        case "pass":
            return GateResult(status="pass")


def gates(changed: Mapping[Gate, Status] | None = None) -> dict[Gate, GateResult]:
    """All gates pass, but for those named; overlap shares a file."""
    found: dict[Gate, GateResult] = {name: gate("pass") for name in NECESSARY}
    found["overlap"] = conclude([], {"files": {"common": ["a.py"]}})
    return found | {name: gate(status) for name, status in (changed or {}).items()}


def judged(match: LogicMatch) -> Judged:
    """A judge's answer."""
    return Judged(judge="t", scope="t", logic_match=match, completeness=None, bottleneck="same")


def timed(status: str, outputs: Outputs) -> Timed:
    """A timing with numbers."""
    return Timed(
        status=status,  # type: ignore[arg-type]
        speedup=1.5, ci=(1.4, 1.6), baseline_ms=3.0, candidate_ms=2.0, outputs=outputs, device="cpu",
    )  # fmt: skip


JUDGEMENTS: dict[str, Judgement] = {
    "full": judged("full"),
    "partial": judged("partial"),
    "none": judged("none"),
    "abstained": Abstained(judge="t", scope="t", reason="r", message="m"),
    "errored": Errored(judge="t", scope="t", reason="r", message="m"),
    "not asked": NotAsked(reason="r", message="m"),
}
TIMED = ("improved", "regressed", "neutral", "inconclusive", "not_triggered")
TIMINGS: dict[tuple[str, str], Timing] = {
    **{(status, outputs): timed(status, outputs) for status in TIMED for outputs in get_args(Outputs)},
    **{("broken", o): Broken(reason="r", message="m", outputs=o, device="cpu") for o in get_args(Outputs)},
    ("skipped", "unknown"): NotTimed(status="skipped", reason="r", message="m"),
    ("error", "unknown"): NotTimed(status="error", reason="r", message="m"),
}
NOT_PASSED: tuple[Status, ...] = ("fail", "error", "skipped")
GATES: dict[str, dict[Gate, GateResult]] = {
    "pass": gates(),
    **{f"{status} {name}": gates({name: status}) for name in NECESSARY for status in NOT_PASSED},
    "fail and error": gates({"parse": "fail", "tamper": "error"}),
    "overlap error": gates({"overlap": "error"}),
    "nothing": {},
}
TESTS = (None, "pass", "fail", "error", "skipped")
CELLS = list(itertools.product(GATES, JUDGEMENTS, TIMINGS, TESTS, (None, "success", "error")))


def timing_with_tests(timing: tuple[str, str], tests: str | None) -> Timing:
    """A timing with what the tests of the case said."""
    suite = None if tests is None else SuiteResult(status=tests, reason="r", message="m")  # type: ignore[arg-type]
    return TIMINGS[timing].model_copy(update={"tests": suite})


def expected(
    gate_name: str, logic: str, timing: tuple[str, str], tests: str | None, claimed: str | None
) -> tuple[str, bool | None]:
    """The rules in words, written from the design page and not from the code."""
    status, outputs = timing
    clean = {"pass": True, "overlap error": True}.get(gate_name, False if "fail" in gate_name else None)
    complete = {"full": True, "partial": False, "none": False}.get(logic)
    faster = {"improved": True, "regressed": False, "neutral": False, "not_triggered": False}.get(status)
    same = {"same": True, "changed": False}.get(outputs)
    if tests == "fail":
        same = False
    elif tests in ("error", "skipped") and same:
        same = None
    crashed = status == "broken"
    conditions = [clean, complete, faster, same, not crashed]
    success = False if False in conditions else None if None in conditions else True
    wrong = "false_positive" if claimed == "success" else "failure"
    if success:
        return "true_success", True
    if clean is False or same is False or crashed:
        return wrong, success
    if clean is None:
        return "undetermined", success
    if logic == "none":
        return ("lucky_win" if faster and same else wrong), success
    if logic == "partial":
        return (wrong if faster is False else "partial_success" if faster and same else "undetermined"), success
    if logic == "full" and faster is False and same:
        return "good_intent", success
    return "undetermined", success


@pytest.mark.parametrize("claimed", [None, "success", "error"])
@pytest.mark.parametrize("logic", JUDGEMENTS)
@pytest.mark.parametrize("gate_name", GATES)
def test_truth_table(gate_name: str, logic: str, claimed: str | None) -> None:
    """Every cell of the table gives the verdict that the rules in words give."""
    for timing, tests in itertools.product(TIMINGS, TESTS):
        verdict = decide(GATES[gate_name], JUDGEMENTS[logic], timing_with_tests(timing, tests), claimed)  # type: ignore[arg-type]
        found = (verdict.verdict, verdict.true_success)
        assert found == expected(gate_name, logic, timing, tests, claimed), (timing, tests)


def test_table_reaches_every_category() -> None:
    """The table is not vacuous: it holds each of the seven verdicts."""
    found = {decide(GATES[g], JUDGEMENTS[j], timing_with_tests(t, s), c).verdict for g, j, t, s, c in CELLS}  # type: ignore[arg-type]
    assert found == set(CATEGORIES)


def test_exactly_one_way_to_true_success() -> None:
    """Only all of {gates pass, logic complete, improved, same outputs, no test refuses} is a true success."""
    ways = {
        (g, j, t, s)
        for g, j, t, s, c in CELLS
        if decide(GATES[g], JUDGEMENTS[j], timing_with_tests(t, s), c).true_success  # type: ignore[arg-type]
    }
    assert ways == {(g, "full", ("improved", "same"), s) for g in ("pass", "overlap error") for s in (None, "pass")}


def test_a_recorded_timing_confirms_nothing() -> None:
    """What a harness wrote down can refute a claim; only a timing made here can confirm one."""
    recorded = timed("improved", "same").model_copy(update={"source": "recorded"})
    verdict = decide(gates(), judged("full"), recorded, "success")
    assert (verdict.verdict, verdict.true_success, verdict.level) == ("undetermined", None, 6)
    slower = timed("regressed", "changed").model_copy(update={"source": "recorded"})
    refuted = decide(gates(), judged("full"), slower, "success")
    assert (refuted.verdict, refuted.true_success) == ("false_positive", False)
    assert [reason.message for reason in refuted.reasons if reason.code.startswith("timing")] == [
        "recorded: slower: 1.50x (1.40 to 1.60)"
    ]


def test_tests_that_could_not_be_checked_leave_the_verdict_open() -> None:
    """An error of the tests is never a failed patch and never a success, and it is named; a failure decides."""
    timing = ("improved", "same")
    open_verdict = decide(gates(), judged("full"), timing_with_tests(timing, "error"), "success")
    assert (open_verdict.verdict, open_verdict.true_success) == ("undetermined", None)
    assert [reason.message for reason in open_verdict.reasons if reason.code == "tests-r"] == ["tests not checked: m"]
    refuted = decide(gates(), judged("full"), timing_with_tests(timing, "fail"), "success")
    assert (refuted.verdict, refuted.true_success, refuted.level) == ("false_positive", False, 6)
    assert [reason.message for reason in refuted.reasons if reason.code == "tests-r"] == ["tests: m"]


@pytest.mark.parametrize(("logic", "timing"), list(itertools.product(("abstained", "errored", "not asked"), TIMINGS)))
def test_a_silent_judge_never_decides(logic: str, timing: tuple[str, str]) -> None:
    """Without an answer nothing is a true success, and nothing fails on the judge's account."""
    verdict = decide(gates(), JUDGEMENTS[logic], TIMINGS[timing])
    assert verdict.true_success is not True
    if verdict.true_success is False:
        assert timing[1] == "changed" or timing[0] in ("regressed", "neutral", "not_triggered", "broken")


@pytest.mark.parametrize("name", NECESSARY)
def test_an_error_is_never_a_failed_patch(name: Gate) -> None:
    """A gate that could not check leaves the verdict open, whatever was claimed."""
    verdict = decide(
        gates({name: "error"}), NotAsked(reason="r", message="m"), TIMINGS["skipped", "unknown"], "success"
    )
    assert (verdict.verdict, verdict.true_success) == ("undetermined", None)
    assert any(reason.message.startswith("not checked") for reason in verdict.reasons)


def test_every_undetermined_verdict_names_what_is_missing() -> None:
    """An open verdict always carries a reason."""
    for g, j, t, s, c in CELLS:
        verdict = decide(GATES[g], JUDGEMENTS[j], timing_with_tests(t, s), c)  # type: ignore[arg-type]
        assert verdict.verdict != "undetermined" or verdict.reasons


EMPTY = GateResult(status="fail", findings=(Finding(code="apply-empty", severity="block", message="empty"),))
NO_COMMON = conclude([], {"files": {"common": []}})


@pytest.mark.parametrize(
    ("found", "logic", "timing", "level"),
    [
        ({"apply": EMPTY}, "not asked", ("skipped", "unknown"), 0),
        (gates({"apply": "error"}), "not asked", ("skipped", "unknown"), 0),
        (gates({"apply": "fail"}), "not asked", ("skipped", "unknown"), 1),
        (gates({"parse": "fail"}), "not asked", ("skipped", "unknown"), 2),
        (gates({"parse": "error"}), "not asked", ("skipped", "unknown"), 2),
        (gates({"template": "fail"}), "not asked", ("skipped", "unknown"), 3),
        (gates({"noop": "fail"}), "not asked", ("skipped", "unknown"), 3),
        (gates({"tamper": "error"}), "not asked", ("skipped", "unknown"), 3),
        (gates() | {"overlap": NO_COMMON}, "abstained", ("improved", "same"), 4),
        (gates() | {"overlap": NO_COMMON}, "full", ("neutral", "same"), 6),
        (gates(), "abstained", ("improved", "same"), 5),
        (gates(), "partial", ("improved", "same"), 5),
        (gates(), "full", ("error", "unknown"), 6),
        (gates(), "full", ("improved", "changed"), 6),
        (gates(), "full", ("improved", "same"), 7),
    ],
)
def test_level(found: dict[Gate, GateResult], logic: str, timing: tuple[str, str], level: int) -> None:
    """The funnel is cumulative, and a level that could not be checked is not reached."""
    assert decide(found, JUDGEMENTS[logic], TIMINGS[timing]).level == level
    assert 0 <= level < len(LEVELS)
