"""The reports: unknown stays null, hostile text stays text, and every format renders every record."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Literal

import pytest
from report_kit import (
    JUDGEMENTS,
    TIMINGS,
    judged,
    record,
    report,
    report_of,
    timed,
    with_tests,
    without_repository,
)

import judge.bench
from judge.core.judgement import Judgement
from judge.core.noise import SIGNS
from judge.core.timing import NotTimed, Timing
from judge.pipeline import GradeResult
from judge.reports.report import all_formats, make_report
from judge.reports.wording import cause
from judge.results.score import score


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
    ("status", "verdict", "beginning"),
    [("fail", "failure", "tests: "), ("error", "undetermined", "tests not checked: ")],
)
def test_reports_say_what_the_tests_said(status: Literal["fail", "error"], verdict: str, beginning: str) -> None:
    """The tests are why the verdict is what it is: in the last column of the tables, and among the details."""
    tested = record(judged("full"), with_tests(status))
    assert (tested.verdict, cause(tested).startswith(beginning)) == (verdict, True)
    result = make_report(GradeResult(records=(tested,), faults=(), resumed=0), judges=["structural"])
    assert f"- tests, {status}: " in all_formats()["md"].render(result)
    assert beginning.split()[0] in all_formats()["table"].render(result)


def test_a_busy_machine_is_said_in_one_line() -> None:
    """The worst of what disturbed the timing, for how many candidates; also of those that got no figure for it."""
    calm, busy, worse = timed("improved", "same"), timed("improved", "same"), timed("neutral", "same")
    busy = busy.model_copy(update={"notes": ("the machine was busy at the start: load 3.1 on 2 cores", "a note")})
    worse = worse.model_copy(
        update={"notes": ("the machine was busy while it was timed: load 18.2 on 2 cores", SHARED_CORE)}
    )
    late = NotTimed(
        status="error",
        reason="base-budget",
        message="only 3 rounds fitted; the machine was busy at the start: load 12.5 on 2 cores",
    )
    timings = (calm, busy, worse, late, TIMINGS[6])
    records = tuple(record(judged("full"), timing, f"c/{number}") for number, timing in enumerate(timings))
    made = report_of(*records)
    (note,) = (note for note in made.notes if "disturbed" in note)
    assert note == (
        "the timing of 3 of 4 candidates was disturbed and is less precise: "
        f"the machine was busy while it was timed: load 18.2 on 2 cores; {SHARED_CORE}"
    )
    for name in ("table", "md"):
        assert " ".join(all_formats()[name].render(made).split()).count("was disturbed") == 1
    assert report_of(records[0]).notes == ()


SHARED_CORE = "other sessions are timing on this core: the samples are noisier"


def test_each_sign_of_noise_is_one_that_the_engine_notes() -> None:
    """The notes are recognised by how they begin, so their text and the signs have to agree."""
    engine = "".join(file.read_text() for file in Path(judge.bench.__file__).parent.rglob("*.py"))
    assert [sign for sign in SIGNS if sign not in engine] == []


def test_the_human_and_the_share_are_in_every_report() -> None:
    """eval.json has the figures, null where unknown; report.md a row for the human and a column for the share."""
    figures = {"human_speedup": 1.75, "human_ci": (1.5, 2.0), "recovered": 0.9, "recovered_ci": (0.8, 1.0)}
    beside = timed("improved", "same").model_copy(update=figures)
    records = (record(judged("full"), beside, "c/one"), record(judged("full"), TIMINGS[6], "c/two"))
    made = report_of(*records)
    one, two = json.loads(all_formats()["json"].render(made))["benchmarks"]
    keys = ("human_gain", "human_gain_ci", "recovered", "recovered_ci")
    assert [one[key] for key in keys] == [0.75, [0.5, 1.0], 0.9, [0.8, 1.0]]
    assert [two[key] for key in keys] == [None] * 4
    rows = [line for line in all_formats()["md"].render(made).splitlines() if line.startswith("| c/")]
    assert "| c/human |  |  |  | 1.75x" in rows[0]
    assert "90% \\[80%, 100%\\]" in rows[1]
    assert len({re.sub(r"\\\\.", "", row).count("|") for row in rows}) == 1


def test_markdown_says_once_what_is_wrong_with_a_case() -> None:
    """The first candidate of the case has the message, the others point to it."""
    made = report_of(*without_repository(3))
    text = all_formats()["md"].render(made)
    assert (text.count("no repository"), text.count("as above")) == (1, 2)
