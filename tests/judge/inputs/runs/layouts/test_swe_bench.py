"""SWE-bench-style files: every submitted instance is an attempt, and the totals are the report's own."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from run_tree_kit import PATCH, ReaderOutput, dump, prediction, read

IDS = [f"django__django-{number}" for number in range(100, 110)]
NO_TESTS: dict[str, Any] = {"tests_status": {}}
COMMIT_ID = "numpy__numpy-1b861a2"


def report(**changes: Any) -> dict[str, Any]:
    """Return the report of one instance."""
    tests = {"FAIL_TO_PASS": {"success": ["a"], "failure": []}, "PASS_TO_PASS": {"success": ["b", "c"], "failure": []}}
    return {
        "patch_is_None": False, "patch_exists": True, "patch_successfully_applied": True, "resolved": True,
        "tests_status": tests, **changes,
    }  # fmt: skip


def run_report(**sets: list[str]) -> dict[str, Any]:
    """Return the report of a run whose totals agree with its sets."""
    names = ("submitted", "completed", "resolved", "unresolved", "empty_patch", "error", "incomplete")
    listed = {f"{name}_ids": sets.get(name, []) for name in names}
    totals = {f"{name}_instances": len(sets.get(name, [])) for name in names[:-1]}
    return {"total_instances": 300, **totals, **listed, "schema_version": 2}


def lines(file: Path, *entries: object) -> Path:
    """Write JSON lines."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return file


def statuses(outputs: ReaderOutput) -> Counter[str | None]:
    """Count the recorded outcomes."""
    return Counter(run.claimed_status for run in outputs.runs)


def test_the_totals_of_a_run_are_its_own(tmp_path: Path) -> None:
    """Submitted, resolved, unresolved, empty and failed count as the report says; what was not submitted is no run."""
    sets = {
        "submitted": IDS[:8], "completed": IDS[:6], "resolved": IDS[:4], "unresolved": IDS[4:6],
        "empty_patch": IDS[6:7], "error": IDS[7:8], "incomplete": IDS[8:],
    }  # fmt: skip
    output = read(dump(tmp_path / "m__one.first.json", run_report(**sets)))
    assert not output.unread
    assert statuses(output) == {"resolved": 4, "unresolved": 2, "empty_patch": 1, "error": 1}
    claims = Counter(run.claimed for run in output.runs)
    assert claims == {"success": 4, "error": 3, None: 1}  # a harness that failed claims nothing of the patch
    run = output.runs[0]
    assert (run.key, run.model, run.run, run.item, run.repo) == (
        f"m__one/{IDS[0]}",
        "m__one",
        "first",
        IDS[0],
        "django",
    )
    assert (run.patch_state, run.patch_recorded) == ("unknown", True)


def test_totals_that_contradict_the_ids_are_named(tmp_path: Path) -> None:
    """A total that is not the number of ids listed is said, and the ids are read."""
    contradictory = run_report(submitted=IDS[:2], resolved=IDS[:2]) | {"resolved_instances": 25}
    output = read(dump(tmp_path / "m.r.json", contradictory))
    assert "resolved_instances is 25, but 2 ids are listed" in output.why
    assert statuses(output) == {"resolved": 2}


@pytest.mark.parametrize(
    ("changes", "status", "correctness", "claimed"),
    [
        ({}, "resolved", "same", "success"),
        ({"resolved": False}, "unresolved", "same", "error"),
        (
            {"resolved": False, "tests_status": {"PASS_TO_PASS": {"success": [], "failure": ["b"]}}},
            "unresolved", "changed", "error",
        ),
        ({"patch_successfully_applied": False, "resolved": False} | NO_TESTS, "not_applied", "unknown", "error"),
        ({"infra_failure": True, "resolved": False} | NO_TESTS, "infra_failure", "unknown", None),
        ({"patch_is_None": True, "patch_exists": False, "resolved": False}, "no_patch", "same", "error"),
        ({"resolved": None, "tests_status": None}, None, "unknown", None),
    ],
)  # fmt: skip
def test_the_report_of_an_instance(
    changes: dict[str, Any], status: str | None, correctness: str, claimed: str | None, tmp_path: Path
) -> None:
    """Tests that passed before must pass; a report without a word claims nothing."""
    dump(tmp_path / "logs/first/m__one" / IDS[0] / "report.json", {IDS[0]: report(**changes)})
    run = read(tmp_path).run
    assert run.evaluation is not None
    assert (run.key, run.run, run.claimed) == (f"m__one/{IDS[0]}", "first", claimed)
    assert (run.evaluation.status, run.evaluation.correctness) == (status, correctness)


def test_predictions_and_reports_share_a_key(tmp_path: Path) -> None:
    """Patch, report of the instance and report of the run describe one attempt; `/` in a model is no hindrance."""
    lines(tmp_path / "preds.jsonl", prediction(IDS[0]), prediction(IDS[1], ""), prediction(IDS[2], None))
    dump(tmp_path / "logs/first/m__one" / IDS[0] / "report.json", {IDS[0]: report()})
    dump(tmp_path / "m__one.first.json", run_report(submitted=IDS[:3], resolved=IDS[:1], empty_patch=IDS[1:3]))
    output = read(tmp_path)
    keys = [f"m__one/{name}" for name in IDS[:3]]
    assert Counter(run.key for run in output.runs) == {keys[0]: 3, keys[1]: 2, keys[2]: 2}
    states = {run.key: (run.patch, run.patch_state) for run in output.runs if run.evaluation is None}
    assert states == {keys[0]: (PATCH.encode(), "yes"), keys[1]: (b"", "empty"), keys[2]: (None, "missing")}


def test_the_patch_beside_a_report_is_the_one_that_was_run(tmp_path: Path) -> None:
    """An evaluation that kept its patch describes it."""
    folder = dump(tmp_path / "logs/first/m" / IDS[0] / "report.json", {IDS[0]: report()}).parent
    (folder / "patch.diff").write_text(PATCH)
    run = read(tmp_path).run
    assert (run.patch, run.patch_state) == (folder / "patch.diff", "yes")


def test_two_runs_of_one_model_stay_two(tmp_path: Path) -> None:
    """Two evaluations of one file of predictions are two attempts, each with its patch and its own outcome."""
    lines(tmp_path / "preds.jsonl", prediction(IDS[0], model="m"))
    dump(tmp_path / "m.first.json", run_report(submitted=IDS[:1], resolved=IDS[:1]))
    dump(tmp_path / "m.second.json", run_report(submitted=IDS[:1], unresolved=IDS[:1]))
    described = {(run.key, run.claimed_status, run.patch_state) for run in read(tmp_path).runs}
    assert described == {
        (f"m/{IDS[0]}@first", None, "yes"),
        (f"m/{IDS[0]}@second", None, "yes"),
        (f"m/{IDS[0]}@first", "resolved", "unknown"),
        (f"m/{IDS[0]}@second", "unresolved", "unknown"),
    }


def test_patches_of_several_files_are_not_mixed_up(tmp_path: Path) -> None:
    """Which of two files of predictions was evaluated is not recorded, so neither patch is given to the report."""
    lines(tmp_path / "a/preds.jsonl", prediction(IDS[0], "one\n", model="m"))
    lines(tmp_path / "b/preds.jsonl", prediction(IDS[0], "two\n", model="m"))
    dump(tmp_path / "m.first.json", run_report(submitted=IDS[:1], resolved=IDS[:1]))
    assert len({run.key for run in read(tmp_path).runs}) == 3


@pytest.mark.parametrize(
    ("name", "model", "run"),
    [
        ("m.r.json", "m", "r"),
        ("claude-haiku-4.5.claude-haiku-4.5-full.json", "claude-haiku-4.5", "claude-haiku-4.5-full"),
        ("glm-5.3-zcode.tonight-v2.json", "glm-5.3-zcode", "tonight-v2"),
        ("only-a-run.json", None, "only-a-run"),
    ],
)
def test_the_name_of_a_report(name: str, model: str | None, run: str, tmp_path: Path) -> None:
    """A dot inside a version does not part model and run."""
    output = read(dump(tmp_path / name, run_report(submitted=IDS[:1], resolved=IDS[:1]))).run
    assert (output.model, output.run) == (model, run)


def test_an_id_that_ends_in_a_commit_names_the_human_side(tmp_path: Path) -> None:
    """A number is a pull request, letters among the digits make a commit; own fields win."""
    own = prediction(IDS[1], repo="mine", base_commit="b" * 40, human_commit="c" * 40)
    first, second = read(lines(tmp_path / "x.jsonl", prediction(COMMIT_ID), own)).runs
    assert (first.repo, first.human, first.base) == ("numpy", "1b861a2", None)
    assert (second.repo, second.human, second.base) == ("mine", "c" * 40, "b" * 40)
    by_id = dump(tmp_path / "by-id.json", {IDS[0]: {"model_patch": PATCH, "model_name_or_path": "m"}})
    assert (read(by_id).run.item, read(by_id).run.human) == (IDS[0], None)


def test_damage_is_named_by_line_and_file(tmp_path: Path) -> None:
    """A cut line, a line that is no prediction, a report that is cut or of something else: named, the rest is read."""
    preds = lines(
        tmp_path / "preds.jsonl",
        prediction(IDS[0]),
        {"instance_id": IDS[1]},
        {**prediction(IDS[2], ""), "model_patch": 5},
    )
    with preds.open("a") as file:
        file.write('{"instance_id": "x')
    for name, text in (("cut", '{"django'), ("other", '{"totals": 5}'), ("latin", '{"caf\xe9": 1}')):
        place = tmp_path / "logs/first/m" / name / "report.json"
        place.parent.mkdir(parents=True)
        place.write_bytes(text.encode("latin-1"))
    output = read(tmp_path)
    assert [run.item for run in output.runs] == [IDS[0]]
    reasons = {Path(unread.path).relative_to(tmp_path).as_posix(): unread.why for unread in output.unread}
    assert reasons == {
        "preds.jsonl:2": "is no prediction: needs instance_id and model_patch",
        "preds.jsonl:3": "is no prediction: its model_patch is no text",
        "preds.jsonl:4": "is cut short: Unterminated string starting at (line 1, column 17)",
        "logs/first/m/cut/report.json": "is cut short: Unterminated string starting at (line 1, column 2)",
        "logs/first/m/other/report.json": "holds no report of an instance at 'totals'",
        "logs/first/m/latin/report.json": "is not UTF-8: invalid continuation byte at byte 5",
    }


def test_a_file_that_is_named_is_read_or_named(tmp_path: Path) -> None:
    """With the layout given, a file that looks like nothing known is not passed over in silence."""
    file = tmp_path / "preds.jsonl"
    file.write_text("{\n")
    assert "is cut short" in read(file, "swe-bench").why


@pytest.mark.parametrize(
    ("changes", "status", "claimed", "correctness"),
    [
        ({"test_passed": True, "opt_base": True, "opt_commit": True}, "opt_commit", "success", "same"),
        ({"test_passed": True, "opt_base": True, "opt_commit": False}, "opt_base", "error", "same"),
        ({"test_passed": True, "opt_base": False, "opt_commit": False}, "passed", "error", "same"),
        ({"test_passed": False, "opt_base": False, "opt_commit": False}, "test_failed", "error", "changed"),
        ({"base_successfully_run": False, "test_passed": False}, "base_failed", None, "unknown"),
    ],
)
def test_gsos_report_of_an_instance(
    changes: dict[str, Any], status: str, claimed: str | None, correctness: str, tmp_path: Path
) -> None:
    """GSO's report has its own outcomes, and the timings beside them."""
    outcome = {"patch_exists": True, "patch_successfully_applied": True, "base_successfully_run": True, **changes}
    timings = {
        "opt_stats": {"gm_speedup_patch_base": 2.0, "gm_speedup_commit_base": 3.0},
        "time_stats": {"base_mean": 0.4},
    }
    dump(tmp_path / "logs/first/m" / COMMIT_ID / "report.json", {COMMIT_ID: {**outcome, **timings}})
    run = read(tmp_path).run
    assert run.evaluation is not None
    assert (run.claimed_status, run.claimed, run.evaluation.correctness) == (status, claimed, correctness)
    assert (run.evaluation.speedup, run.evaluation.human_speedup, run.evaluation.baseline_ms) == (2.0, 3.0, 400.0)
    assert run.human == "1b861a2"


def test_half_a_character_pair_in_a_patch(tmp_path: Path) -> None:
    """JSON may hold what no encoding has a place for; the patch is read all the same."""
    file = tmp_path / "preds.jsonl"
    file.write_text('{"instance_id": "a__b-1", "model_patch": "+\\ud800", "model_name_or_path": "\\ud800"}\n')
    run = read(file).run
    assert (run.patch, run.model) == (b"+\xed\xa0\x80", "\\ud800")
