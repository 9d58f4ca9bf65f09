"""The legacy schema: filled from facts and real answers; what nobody knows is null, never false."""

from __future__ import annotations

import json

import pytest
from verdict_kit import NOT_ASKED, verdict

from judge.core.judgement import Abstained, Bottleneck, Concern, Errored, Judged, Judgement, LogicMatch
from judge.inputs.runs.judgement_file import LegacyEvaluation
from judge.pipeline import GradeResult
from judge.reports.formats.legacy import evaluate
from judge.reports.report import all_formats, make_report
from judge.static_checks.model.finding import Finding, GateResult


def judged(match: LogicMatch, completeness: float | None) -> Judged:
    """An answer with one concern that rests on a quote and one that does not."""
    bottleneck: Bottleneck = "other" if match == "none" else "same"
    concerns = tuple(
        Concern(about="risk", kind="precision", why=f"supported: {supported}", supported=supported)
        for supported in (True, False)
    )
    return Judged(
        judge="t",
        scope="t",
        logic_match=match,
        completeness=completeness,
        bottleneck=bottleneck,
        concerns=concerns,
    )


@pytest.mark.parametrize(
    ("judgement", "logic", "complete", "score"),
    [
        (judged("full", 1.0), True, True, 1.0),
        (judged("partial", 0.5), True, False, 0.5),
        (judged("none", 0.5), False, False, 0.0),
        (Abstained(judge="t", scope="t", reason="split", message="m"), None, None, None),
        (Errored(judge="t", scope="t", reason="empty", message="m"), None, None, None),
        (NOT_ASKED, None, None, None),
    ],
)
def test_opinions(judgement: Judgement, logic: bool | None, complete: bool | None, score: float | None) -> None:
    """Only a real answer fills logic, completeness and score; a judge that failed leaves null, as do abstentions."""
    evaluation = evaluate(verdict(judgement=judgement))
    assert evaluation["optimization_logic_match"] is logic
    assert evaluation["is_complete"] is complete
    assert evaluation["quality_score"] == score
    assert evaluation["true_success"] is (False if logic is False or complete is False else None)


def test_facts() -> None:
    """Facts come from the gates whatever the judge says, and are null where a gate could not check."""
    facts = ("syntax_correct", "files_match", "is_template_code")
    sound = evaluate(verdict())
    assert [sound[name] for name in facts] == [True, True, False]
    broken = evaluate(verdict(gates={"parse": "fail", "template": "fail"}, common=()))
    assert [broken[name] for name in facts] == [False, False, True]
    unapplied = verdict(
        gates={"apply": "fail", "parse": "skipped", "template": "skipped", "overlap": "skipped"}, common=None
    )
    assert [evaluate(unapplied)[name] for name in facts] == [None, None, None]
    crashed = evaluate(verdict(gates={"parse": "error", "template": "error"}))
    assert [crashed[name] for name in facts] == [None, True, None]


def test_issues() -> None:
    """Issues name what gates found, with the place, and concerns that rest on a quote; mere remarks are left out."""
    findings = (
        Finding(code="parse-python", severity="block", message="does not parse", path="a.py", line=3),
        Finding(code="parse-unchecked", severity="info", message="not checked"),
    )
    record = verdict(judgement=judged("full", 1.0), gates={"parse": GateResult(status="fail", findings=findings)})
    assert evaluate(record)["issues"] == ["a.py:3: does not parse", "precision: supported: True"]


def test_one_entry_for_each_candidate() -> None:
    """The report is a list of JSON objects, one a candidate, with exactly the nine keys of the schema."""
    records = (verdict("a/1", patch=b"abc\n", human="8aa1485f"), verdict("a/2", judged("none", 0.0)))
    report = make_report(GradeResult(records=records, faults=(), resumed=0), judges=["structural"])
    entries = json.loads(all_formats()["legacy"].render(report))
    assert [entry["id"] for entry in entries] == ["a/1", "a/2"]
    assert (entries[0]["commit"], entries[0]["patch_size"]) == ("8aa1485f", 4)
    assert all(entry["evaluation"].keys() == LegacyEvaluation.model_fields.keys() for entry in entries)
