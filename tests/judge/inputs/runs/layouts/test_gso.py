"""GSO's reports: the sets make the attempts, and the totals are the report's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from run_tree_kit import dump, read

from judge.inputs.runs.discovery import recognising

IDS = [f"numpy__numpy-{number:07d}" for number in range(10)]


def report(sets: Mapping[str, list[str]], stats: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a report whose totals agree with its sets."""
    statuses = ("completed", "passed", "base_failed", "patch_failed", "test_failed", "empty_patch", "error")
    optima = ("opt_base", "opt_commit", "opt_main")
    totals = {f"{name}_instances": len(sets.get(name, [])) for name in statuses}
    counts = {name: len(sets.get(name, [])) for name in optima}
    listed = {f"{name}_ids": sets.get(name, []) for name in (*statuses, *optima, "hacked")}
    return {
        "summary": {"total_instances": 102, "score": 6.86, **totals, **counts},
        "instance_sets": listed,
        "opt_stats": stats or {},
    }


def test_the_totals_are_the_reports_own(tmp_path: Path) -> None:
    """Every attempted instance is one run, with the status of its set; success is the human commit's speed."""
    sets = {
        "completed": IDS[:7], "passed": IDS[:4], "test_failed": IDS[4:5], "base_failed": IDS[5:6],
        "patch_failed": IDS[6:7], "empty_patch": IDS[7:8], "error": IDS[8:9],
        "opt_base": IDS[:3], "opt_commit": IDS[:1], "hacked": IDS[:1],
    }  # fmt: skip
    output = read(dump(tmp_path / "gpt-5.report.json", report(sets)))
    assert not output.unread
    words = Counter(run.claimed_status for run in output.runs)
    assert words == {
        "opt_commit": 1, "opt_base": 2, "passed": 1, "test_failed": 1, "base_failed": 1, "patch_failed": 1,
        "empty_patch": 1, "error": 1,
    }  # fmt: skip
    claims = [run.claimed for run in output.runs]
    assert claims == ["success", "error", "error", "error", "error", None, "error", "error", None]
    first = output.runs[0]
    assert (first.key, first.repo, first.human, first.base) == (f"gpt-5/{IDS[0]}", "numpy", "0000000", "0000000^")
    assert (first.config, first.patch_state) == ({"hacked": True}, "unknown")
    outcomes = [run.evaluation.correctness for run in output.runs if run.evaluation]
    assert outcomes == ["same"] * 4 + ["changed"] + ["unknown"] * 4


def test_a_report_of_one_instance_is_not_gsos(tmp_path: Path) -> None:
    """SWE-bench's report of an instance may be named INSTANCE.report.json; a damaged report of GSO is still named."""
    other = dump(tmp_path / f"{IDS[0]}.report.json", {IDS[0]: {"patch_successfully_applied": True, "resolved": True}})
    assert [layout.NAME for layout in recognising(other)] == ["swe-bench"]
    damaged = tmp_path / "gpt-5.report.json"
    damaged.write_text('{"summary": {')
    assert [layout.NAME for layout in recognising(damaged)] == ["gso"]


def test_statistics(tmp_path: Path) -> None:
    """Speed-ups are geometric means over the base; times are seconds; an infinite one is unknown."""
    stats = {
        "gm_speedup_patch_base": 3.4, "gm_speedup_commit_base": 2.7, "base_mean": 0.5, "patch_mean": 0.25,
        "commit_mean": None, "hm_speedup_patch_base": float("inf"),
    }  # fmt: skip
    sets = {"completed": IDS[:1], "passed": IDS[:1], "opt_base": IDS[:1], "opt_commit": IDS[:1]}
    evaluation = read(dump(tmp_path / "m.json", report(sets, {IDS[0]: stats}))).run.evaluation
    assert evaluation is not None
    assert (evaluation.speedup, evaluation.human_speedup, evaluation.improvement) == (3.4, 2.7, True)
    assert (evaluation.baseline_ms, evaluation.patched_ms, evaluation.human_ms) == (500.0, 250.0, None)
    assert evaluation.outputs["hm_speedup_patch_base"] is None


def test_a_total_that_contradicts_its_set_is_named(tmp_path: Path) -> None:
    """A score that counts other instances than are listed is said."""
    contradictory = report({"completed": IDS[:2], "passed": IDS[:2], "opt_commit": IDS[:1]})
    contradictory["summary"]["opt_commit"] = 7
    assert "opt_commit is 7, but opt_commit_ids lists 1" in read(dump(tmp_path / "m.json", contradictory)).why


def test_damage_is_named(tmp_path: Path) -> None:
    """A report that is cut short is named, whether its first bytes still show what it is or only its name."""
    whole = dump(tmp_path / "a.json", report({"completed": IDS, "passed": IDS})).read_text()
    (tmp_path / "a.json").write_text(whole[:-40])
    (tmp_path / "b.report.json").write_text('{"summ')
    output = read(tmp_path)
    assert not output.runs
    assert [Path(unread.path).name for unread in output.unread] == ["a.json", "b.report.json"]
