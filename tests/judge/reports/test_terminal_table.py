"""The table at every width: nothing is cut, no line is too long, colours only where they are wanted."""

from __future__ import annotations

import io
import re
import sys

import pytest
from report_kit import JUDGEMENTS, TIMINGS, judged, record, report, report_of, timed, without_repository

from judge.core.timing import NotTimed
from judge.core.verdict import LEVELS
from judge.reports.report import Report
from judge.reports.screen import colours, columns
from judge.reports.terminal_table import WITH_WHY, terminal_table
from judge.reports.wording import cause
from judge.results.record import VerdictRecord

WIDTHS = (40, 60, 80, 100, 109, 110, 120, 130, 160, 200)
ADVICE = "no repository; " + "a long way to it " * 20 + "give --repo NAME=PATH"


def drawn(made: Report, width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """Draw the table for a terminal so wide."""
    monkeypatch.setenv("COLUMNS", str(width))
    return terminal_table(made)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_too_long_and_nothing_is_cut(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last word of each cause is there, its advice; a letter a row is no table."""
    records = [record(judgement, timing, f"c/{n}-{m}") for n, judgement in enumerate(JUDGEMENTS)
               for m, timing in enumerate(TIMINGS)]  # fmt: skip
    advised = record(judged("full"), NotTimed(status="error", reason="trees", message=ADVICE), "c/advised")
    text = drawn(report_of(*records, advised), width, monkeypatch)
    assert max(map(len, text.splitlines())) <= width
    assert "".join(ADVICE.split()) in "".join(text.split()) or width >= WITH_WHY
    assert "give --repo NAME=PATH" in " ".join(text.split()) or width >= WITH_WHY
    assert text.count("NAME=PATH") == 1
    assert "..." not in text and "…" not in text
    assert len(text.splitlines()) < 14 * (len(records) + 1)


@pytest.mark.parametrize("width", WIDTHS)
def test_why_stands_below_where_there_is_no_room_beside(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below 110 columns `why` has lines of its own; from there on it is the last column."""
    faster = record(judged("full"), timed("improved", "same"), "case/01-name-of-a-candidate")
    lines = drawn(report_of(faster), width, monkeypatch).splitlines()
    (row,) = (number for number, line in enumerate(lines) if "01-name-of-a-candidate" in line)
    assert (cause(faster)[:12] in lines[row]) == (width >= WITH_WHY)
    if width < WITH_WHY:
        below = next(line for line in lines[row + 1 :] if not re.search("true_success|1.50x", line))
        assert below.startswith("    ") and below.split()[0] == cause(faster).split()[0]


def test_a_long_name_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is wider than the terminal is wrapped, not cut."""
    name = "c/" + "-".join(f"part{number}" for number in range(30))
    for width in WIDTHS:
        text = drawn(report_of(record(judged("full"), timed("improved", "same"), name)), width, monkeypatch)
        assert "…" not in text
        assert width >= WITH_WHY or name.removeprefix("c/") in "".join(text.split())
        assert max(map(len, text.splitlines())) <= width


def test_the_level_bar_has_a_legend(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line under the table says what the seven levels are."""
    text = " ".join(drawn(report(), 80, monkeypatch).split())
    assert "level: " + ", ".join(f"{number} {name}" for number, name in enumerate(LEVELS) if number) in text


def with_human(name: str, speedup: float | None, ci: tuple[float, float] | None, share: float | None) -> VerdictRecord:
    """A record that was timed beside the human's change."""
    figures = {
        "human_speedup": speedup,
        "human_ci": ci,
        "recovered": share,
        "recovered_ci": (share - 0.05, share + 0.05) if share is not None else None,
        "human_message": "" if share is not None else "human shows no gain here (1.00x)",
    }
    return record(judged("full"), timed("improved", "same").model_copy(update=figures), name)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_human_has_a_row_and_each_candidate_its_share(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The speed-up of the human, as measured most precisely, and the share with its interval, at every width."""
    made = report_of(
        with_human("c/rough", 1.8, (1.2, 2.7), 0.9),
        with_human("c/fine", 1.75, (1.7, 1.8), 0.97),
        record(judged("full"), TIMINGS[6], "c/untimed"),
    )
    text = drawn(made, width, monkeypatch)
    lines = text.splitlines()
    (row,) = (number for number, line in enumerate(lines) if line.strip().split("  ")[0] == "human")
    assert "1.75x [1.70, 1.80]" in "".join(lines[row : row + 2])
    assert "1.20" not in text
    for share in ("90% [85%, 95%]", "97% [92%, 102%]"):
        assert share in " ".join(text.split())
    assert "human's gain" in " ".join(text.split())


def test_a_human_without_a_gain_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no share, the human's row says why; a case that nobody timed has no such row."""
    text = drawn(report_of(with_human("c/one", 1.0, (0.99, 1.01), None)), 80, monkeypatch)
    assert "1.00x [0.99, 1.01]" in text and "human shows no gain here" in text
    assert "human " not in drawn(report_of(record(judged("none"), TIMINGS[6], "c/one")), 80, monkeypatch)


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_wrong_with_a_case_is_said_once(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case without a repository has one message, not one for each of its candidates."""
    text = drawn(report_of(*without_repository(5)), width, monkeypatch)
    assert text.count("no repository") == 1
    assert "give --repo PATH" in " ".join(text.split())


@pytest.mark.parametrize(
    ("variables", "terminal", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, True),
        ({"FORCE_COLOR": ""}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, False, True),
    ],
)
def test_colours(variables: dict[str, str], terminal: bool, wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR and FORCE_COLOR are honoured unless empty, in the decision and in what is drawn."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stdout", stream)
    assert colours(stream) is wanted
    for width in (80, 120):
        assert ("\x1b[" in drawn(report(), width, monkeypatch)) is wanted


def test_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS counts, however small; what is no number does not."""
    monkeypatch.setenv("COLUMNS", "47")
    assert columns() == 47
    monkeypatch.setenv("COLUMNS", "3")
    assert columns() == 20
    monkeypatch.setenv("COLUMNS", "wide")
    monkeypatch.setattr(sys, "__stdout__", io.StringIO())
    assert columns(without_terminal=90) == 90
