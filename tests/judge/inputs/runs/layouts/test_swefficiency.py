"""SWE-fficiency's reports: the raw ratio is the measurement, and an empty one is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
from run_tree_kit import PATCH, dump, prediction, read, sort_out

from judge.inputs.runs.discovery import discover
from judge.inputs.runs.join import join

COLUMNS = (
    "instance_id,raw_pred_speedup_ratio,pred_speedup_ratio,gold_speedup_ratio,human_speedup_ratio,"
    "correctness,correctness_pct,pre_edit_runtime,patch_length"
)
ID = "pandas-dev__pandas-38248"


def written(tmp_path: Path, *rows: str, columns: str = COLUMNS, name: str = "eval_report_m.csv") -> Path:
    """Write a report."""
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join((columns, *rows, "")))
    return file


@pytest.mark.parametrize(
    ("row", "status", "claimed", "speedup", "correctness"),
    [
        (f"{ID},1.5,1.5,3.0,0.5,1.0,1.0,0.25,14", "correct, faster", "success", 1.5, "same"),
        (f"{ID},0.9,0.9,3.0,0.3,1.0,1.0,0.25,14", "correct, not faster", None, 0.9, "same"),
        (f"{ID},61.7,1.0,3.0,0.3,0.0,0.995,0.25,14", "incorrect", "error", 61.7, "changed"),
        (f"{ID},,1.0,3.0,0.3,0.0,0.0,0.25,14", "not evaluated", None, None, "unknown"),
        (f"{ID},nan,1.0,3.0,0.3,1.0,1.0,0.25,14", "not evaluated", None, None, "unknown"),
        (f"{ID},inf,1.0,3.0,0.3,1.0,1.0,0.25,14", "not evaluated", None, None, "unknown"),
    ],
    ids=["faster", "slower", "incorrect", "never-run", "nan", "inf"],
)
def test_a_row(
    row: str, status: str, claimed: str | None, speedup: float | None, correctness: str, tmp_path: Path
) -> None:
    """A score of 1.0 and 0.0 for what never ran is no measurement and no failed test."""
    run = read(written(tmp_path, row)).run
    evaluation = run.evaluation
    assert evaluation is not None
    assert (run.claimed_status, run.claimed, evaluation.speedup, evaluation.correctness) == (
        status,
        claimed,
        speedup,
        correctness,
    )
    assert (evaluation.human_speedup, evaluation.baseline_ms, run.patch_state) == (3.0, 250.0, "unknown")
    assert (run.key, run.model, run.item, run.repo) == (f"m/{ID}", "m", ID, "pandas")
    assert (run.config["patch_length"], run.config["pred_speedup_ratio"]) == (14.0, float(row.split(",")[2]))


def test_columns_in_another_order(tmp_path: Path) -> None:
    """Some reports have the raw ratio last; without that column every ratio is unknown."""
    columns = "instance_id,pred_speedup_ratio,gold_speedup_ratio,correctness,raw_pred_speedup_ratio"
    first, second = read(written(tmp_path, f"{ID},2.0,3.0,1.0,2.0", "a__b-1,1.0,3.0,0.0,", columns=columns)).runs
    assert [run.evaluation and run.evaluation.speedup for run in (first, second)] == [2.0, None]
    without = written(tmp_path, f"{ID},2.0,3.0,1.0", columns=columns.rpartition(",")[0])
    assert read(without).run.claimed_status == "not evaluated"


def test_two_reports_of_one_name_stay_two(tmp_path: Path) -> None:
    """A full and a partial evaluation of one model may differ, so that neither stands in for the other."""
    written(tmp_path, f"{ID},2.0,2.0,3.0,0.6,1.0,1.0,0.2,1", name="all/eval_report_m.csv")
    written(tmp_path, f"{ID},,1.0,3.0,0.3,0.0,0.0,0.2,1", name="lite/eval_report_m.csv")
    written(tmp_path, f"{ID},2.0,2.0,3.0,0.6,1.0,1.0,0.2,1", name="lite/eval_report_n.csv")
    assert {run.key for run in read(tmp_path).runs} == {
        f"all/eval_report_m/{ID}",
        f"lite/eval_report_m/{ID}",
        f"n/{ID}",
    }


def test_damage_is_named(tmp_path: Path) -> None:
    """A cut row, a report of another kind or encoding: named, and the other rows are read."""
    written(tmp_path, f"{ID},2.0,2.0,3.0,0.6,1.0,1.0,0.2,1", "a__b-2,1.0", name="eval_report_cut.csv")
    written(tmp_path, "1", columns="x", name="eval_report_other.csv")
    (tmp_path / "eval_report_latin.csv").write_bytes(f"{COLUMNS}\ncaf\xe9".encode("latin-1"))
    output = read(tmp_path)
    assert [run.item for run in output.runs] == [ID]
    reasons = {Path(unread.path).name: unread.why for unread in output.unread}
    assert reasons["eval_report_cut.csv:3"] == "is cut short: a row with fewer cells than columns"
    assert reasons["eval_report_other.csv"].startswith("is no report: lacks the columns correctness")
    assert reasons["eval_report_latin.csv"].startswith("is not UTF-8")


def test_a_report_and_its_predictions_describe_one_run(tmp_path: Path) -> None:
    """Two layouts read one folder: the row has the timing, the prediction the patch, under one key."""
    written(tmp_path, f"{ID},2.0,2.0,3.0,0.6,1.0,1.0,0.2,1")
    dump(tmp_path / "preds.json", [prediction(ID, model="m")])
    descriptions = [sort_out(layout.read(tmp_path)).run for layout in discover(tmp_path)]
    joined = join(descriptions)
    assert [run.key for run in descriptions] == [f"m/{ID}"] * 2
    assert joined.evaluation is not None
    assert (joined.patch, joined.evaluation.speedup, joined.claimed) == (PATCH.encode(), 2.0, "success")
