"""`judge calibrate` as a user runs it, on verdicts that `judge grade` wrote from replayed judgements."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_kit import judge
from support import ROOT

FIXTURES = ROOT / "fixtures"


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of the demo, its judgements replayed, nothing timed."""
    folder = tmp_path_factory.mktemp("graded")
    replay = f"replay:{FIXTURES / 'replay/patches.jsonl'}"
    offline = ("--judge", replay, "--time", "none", "--jobs", "1")
    judge("grade", FIXTURES / "patches", *offline, "--out", folder / "out", cwd=folder)
    return folder / "out"


def test_replayed_judgements_are_calibrated(graded: Path) -> None:
    """Replayed answers are held against labels: one of twelve is wrong, and the one that failed is neither."""
    done = judge("calibrate", FIXTURES / "labels.jsonl", "--verdicts", graded, "--format", "json", cwd=graded)
    assert (done.returncode, done.stderr) == (0, "")
    calibration = json.loads(done.stdout)
    logic = next(agreement for agreement in calibration["agreements"] if agreement["field"] == "logic_match")
    assert (logic["labelled"], logic["accuracy"]["part"], logic["accuracy"]["whole"]) == (13, 11, 12)
    assert logic["missing"] == {"error": 1}
    assert logic["bounds"] == [11 / 13, 12 / 13]
    assert logic["confusion"] == [[5, 0, 0], [0, 1, 1], [0, 0, 5]]
    # By hand, rows (5, 2, 5) and columns (5, 1, 6): 11/12 seen, 57/144 by chance.
    assert logic["kappa"]["value"] == pytest.approx((11 / 12 - 57 / 144) / (1 - 57 / 144))
    assert calibration["schema"] == 1


def test_table(graded: Path) -> None:
    """The table names the judge, the answers that are missing and why, and the confusion."""
    done = judge("calibrate", FIXTURES / "labels.jsonl", "--verdicts", graded / "verdicts.jsonl", cwd=graded)
    assert done.returncode == 0
    assert "judge: example (written by hand)" in done.stdout
    assert "logic_match: 13 labels, 12 answered; error 1" in done.stdout
    assert "11 of 12 = 91.7 %" in done.stdout
    assert "between 84.6 % and 92.3 % of all asked" in done.stdout


def test_without_labels(graded: Path) -> None:
    """Without labels there are still coverage, claims and cost, and no agreement is made up."""
    done = judge("calibrate", "--verdicts", graded, cwd=graded)
    assert done.returncode == 0
    assert "coverage: 12 of 13" in done.stdout
    assert "kappa" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--verdicts", "absent"), "absent: cannot be read"),
        (("absent.jsonl", "--verdicts", "."), "absent.jsonl: cannot be read"),
        (("verdicts.jsonl", "--verdicts", "."), "verdicts.jsonl:1: not a label"),
        (("--verdicts", ".", "--judgements", "verdicts.jsonl"), "verdicts.jsonl: no list of recorded evaluations"),
        ((), "Missing option '--verdicts'"),
    ],
)
def test_bad_input(graded: Path, arguments: tuple[str, ...], message: str) -> None:
    """Input that cannot be used stops with exit code 2 and one line that names it."""
    done = judge("calibrate", *arguments, cwd=graded)
    assert done.returncode == 2 and message in done.stderr
    assert "Traceback" not in done.stderr and done.stdout == ""
