"""The reports: unknown stays null, hostile text stays text, and every format renders every record."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Literal

import pytest

from judge.bench import SuiteResult
from judge.core.judgement import Abstained, Errored, Judged, Judgement, NotAsked
from judge.core.timing import Broken, NotTimed, Outputs, Timed, Timing
from judge.core.verdict import NECESSARY, decide
from judge.inputs.batch import Fault
from judge.pipeline import GradeResult
from judge.reports.report import Report, all_formats, make_report
from judge.reports.wording import cause
from judge.results.record import VerdictRecord, make_record
from judge.results.score import score
from judge.static_checks.model.case import Candidate, Case
from judge.static_checks.model.finding import Finding, Gate, GateResult

HOSTILE = "x|y`z` <img src=x onerror=alert(1)> [a](b) \x1b[31m\u202e # end\n| new | row |"


def judged(match: str) -> Judged:
    """A judge's answer."""
    return Judged(judge="t", scope="t", logic_match=match, completeness=None, bottleneck="same")  # type: ignore[arg-type]


def timed(status: str, outputs: Outputs) -> Timed:
    """A timing with numbers."""
    faster = 1.5 if status == "improved" else 0.75
    return Timed(
        status=status,  # type: ignore[arg-type]
        speedup=faster,
        ci=(faster - 0.1, faster + 0.1),
        baseline_ms=3.0,
        candidate_ms=2.0,
        outputs=outputs,
        outputs_message=HOSTILE if outputs == "changed" else "",
        device="cpu",
    )


JUDGEMENTS: list[Judgement] = [
    judged("full"),
    judged("partial"),
    judged("none"),
    Abstained(judge="t", scope="t", reason="r", message=HOSTILE),
    Errored(judge="t", scope="t", reason="r", message=HOSTILE),
    NotAsked(reason="r", message="m"),
]


def with_tests(status: Literal["pass", "fail", "error", "skipped"]) -> Timed:
    """A gain with the same outputs, and what the tests of the case say of it, in hostile words."""
    found = SuiteResult(status=status, reason="x", message=HOSTILE, passed=1, failed=(HOSTILE,))
    return timed("improved", "same").model_copy(update={"tests": found})


TIMINGS: list[Timing] = [
    timed("improved", "same"),
    timed("improved", "changed"),
    timed("improved", "unknown"),
    timed("regressed", "same"),
    timed("inconclusive", "same"),
    Broken(reason="r", message=HOSTILE, outputs="changed", device="cpu"),
    NotTimed(status="skipped", reason="r", message="m"),
    NotTimed(status="error", reason="r", message="m"),
    with_tests("fail"),
    with_tests("error"),
]


def record(judgement: Judgement, timing: Timing, name: str = "c/one") -> VerdictRecord:
    """A record whose gates pass, with a warning that quotes hostile text."""
    gates: dict[Gate, GateResult] = {gate: GateResult(status="pass") for gate in NECESSARY}
    warning = Finding(code="tamper-x", severity="warn", message=HOSTILE, path=HOSTILE, line=3, quote=HOSTILE)
    gates["tamper"] = GateResult(status="pass", findings=(warning,))
    return make_record(
        key="k" * 64,
        case=Case(id="c"),
        candidate=Candidate(id=name, case="c", source="s", patch=None),
        verdict=decide(gates, judgement, timing),
        gates=gates,
        judgement=judgement,
        timing=timing,
        text=None,
    )


def report() -> Report:
    """A report with every kind of judgement and timing."""
    records = [record(j, t, f"c/{n}-{m}") for n, j in enumerate(JUDGEMENTS) for m, t in enumerate(TIMINGS)]
    return make_report(
        GradeResult(records=tuple(records), faults=(Fault(message=HOSTILE),), resumed=0), judges=["structural"]
    )


@pytest.mark.parametrize("name", sorted(all_formats()))
@pytest.mark.parametrize("columns", ["80", "200"])
def test_every_record_renders(name: str, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each format renders every combination, whole lines, no escape code of a patch."""
    monkeypatch.setenv("COLUMNS", columns)
    text = all_formats()[name].render(report())
    assert text.endswith("\n")
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_markdown_neutralises_patch_text() -> None:
    """Text from a patch cannot make a table row, a link or a tag in report.md."""
    text = all_formats()["md"].render(report())
    outside = [re.sub(r"(?<!`)(`+) .*? \1(?!`)", "", line) for line in text.splitlines()]
    assert not [part for part in outside if "<img" in part and "\\<img" not in part]
    assert not any(line.startswith("| new") for line in text.splitlines())


@pytest.mark.parametrize(
    ("judgement", "timing", "expected"),
    [
        (judged("full"), timed("improved", "same"), 0.5),
        (judged("full"), timed("regressed", "same"), -0.25),
        (judged("full"), timed("improved", "changed"), 0.0),
        (judged("none"), timed("improved", "changed"), 0.0),
        (judged("none"), timed("improved", "same"), 0.0),
        (judged("partial"), timed("improved", "same"), 0.0),
        (JUDGEMENTS[3], timed("improved", "same"), None),
        (JUDGEMENTS[4], timed("improved", "same"), None),
        (judged("full"), timed("improved", "unknown"), None),
        (judged("full"), TIMINGS[6], None),
        (judged("full"), TIMINGS[7], None),
        (JUDGEMENTS[5], TIMINGS[6], None),
        (judged("full"), with_tests("pass"), 0.5),
        (judged("full"), with_tests("fail"), 0.0),
        (JUDGEMENTS[3], with_tests("fail"), 0.0),
        (judged("full"), with_tests("error"), None),
    ],
)
def test_score(judgement: Judgement, timing: Timing, expected: float | None) -> None:
    """The gain counts only with unchanged outputs and the logic; unknown is null, never 0."""
    assert score(record(judgement, timing)) == expected


@pytest.mark.parametrize(
    ("records", "aggregate", "acceptable"),
    [
        ([], None, False),
        ([(judged("full"), timed("improved", "same"))], 0.5, True),
        ([(judged("full"), timed("improved", "same")), (judged("full"), timed("improved", "changed"))], 0.0, False),
        ([(judged("full"), timed("improved", "same")), (JUDGEMENTS[3], timed("improved", "same"))], None, False),
        ([(judged("full"), timed("regressed", "same"))], -0.25, False),
    ],
)
def test_decision(records: list[tuple[Judgement, Timing]], aggregate: float | None, acceptable: bool) -> None:
    """The aggregate is the minimum, any null makes it null, and only a number above 0 is acceptable."""
    result = GradeResult(records=tuple(record(j, t) for j, t in records), faults=(), resumed=0)
    decision = json.loads(all_formats()["json"].render(make_report(result, judges=["none"])))
    assert (decision["aggregate_score"], decision["is_acceptable"]) == (aggregate, acceptable)
    assert len(decision["verdicts"]) == 7


def test_formats_are_found_by_a_scan() -> None:
    """Each file of `reports/formats/` is one format."""
    import judge.reports.formats

    files = Path(judge.reports.formats.__file__).parent.glob("[!_]*.py")
    assert len(list(files)) == len(all_formats())


def test_gains_that_may_be_luck_are_named() -> None:
    """One weak gain among many candidates is said to be doubtful, a strong one is not, and eval.json has each rate."""
    chances = {"c/strong": 1e-6, "c/weak": 0.02, **{f"c/null{n}": 0.3 + n / 50 for n in range(20)}}
    records = []
    for name, chance in chances.items():
        status = "improved" if chance < 0.025 else "neutral"
        timing = timed(status, "same").model_copy(update={"p_value": chance})
        records.append(record(judged("full"), timing, name))
    made = make_report(GradeResult(records=tuple(records), faults=(), resumed=0), judges=["none"])
    (note,) = (note for note in made.notes if "luck" in note)
    assert "1 of 2 gains" in note
    assert note.endswith("c/weak")
    entries = {entry["name"]: entry for entry in json.loads(all_formats()["json"].render(made))["benchmarks"]}
    assert entries["c/strong"]["q_value"] == pytest.approx(22e-6)
    assert entries["c/weak"]["q_value"] > 0.05


def test_markdown_says_what_asks_for_a_look() -> None:
    """Odd figures, the share of the human's gain and the samples it would take are in report.md."""
    more = {
        "oddities": ("2.50x from 3 changed lines: see whether work was left out",),
        "recovered": 0.5,
        "recovered_ci": (0.4, 0.6),
        "needed": "about 320 rounds in 64 processes would tell",
    }
    timing = timed("inconclusive", "same").model_copy(update=more)
    result = GradeResult(records=(record(judged("full"), timing),), faults=(), resumed=0)
    text = all_formats()["md"].render(make_report(result, judges=["none"]))
    for expected in ("3 changed lines", "50% (40% to 60%)", "320 rounds"):
        assert expected in text


@pytest.mark.parametrize(
    ("status", "verdict", "told"),
    [("fail", "failure", "tests: "), ("error", "undetermined", "tests not checked: ")],
)
def test_reports_say_what_the_tests_said(status: Literal["fail", "error"], verdict: str, told: str) -> None:
    """The tests are why the verdict is what it is: in the last column of the tables, and among the details."""
    one = record(judged("full"), with_tests(status))
    assert (one.verdict, cause(one).startswith(told)) == (verdict, True)
    result = make_report(GradeResult(records=(one,), faults=(), resumed=0), judges=["structural"])
    assert f"- tests, {status}: " in all_formats()["md"].render(result)
    assert told.split()[0] in all_formats()["table"].render(result)
