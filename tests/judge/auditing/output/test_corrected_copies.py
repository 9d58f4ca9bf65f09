"""Corrected copies: the status made true where it was shown to be wrong, and only there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from old_runs import BATCH, NOTHING, OTHER, OldRuns
from run_tree_kit import dump

from judge.auditing.audit import AuditOptions, audit
from judge.auditing.result import AuditResult
from judge.errors import UsageError


def correct(runs: OldRuns) -> AuditResult:
    return audit(
        [runs.tree], AuditOptions(repos=runs.repos, out=runs.out, write_corrected=runs.out / "corrected", jobs=1)
    )


def copy(runs: OldRuns, item: str, name: str) -> dict[str, Any]:
    folder = "eval" if name == "test_results.json" else "state/runs"
    content = json.loads((runs.out / "corrected" / folder / BATCH / item / name).read_text())
    assert isinstance(content, dict)
    return content


@pytest.fixture(scope="module")
def corrected(one_of_each: OldRuns, tmp_path_factory: pytest.TempPathFactory) -> OldRuns:
    """One of each kind with its copies, written by one audit; its counts are tested here."""
    runs = replace(one_of_each, out=tmp_path_factory.mktemp("corrected"))
    result = correct(runs)
    # 9 journals and 8 timings; of three runs both are wrong, of one the timing.
    assert (result.corrected, result.changed) == (17, 7)
    return runs


def test_a_success_without_a_patch_becomes_an_error_that_says_why(corrected: OldRuns) -> None:
    """Empty, not applying, not parsing: the copy says error and names the fact; the old word is kept."""
    for item, code in (
        ("03-empty", "apply-empty"),
        ("05-misfit", "apply-does-not-apply"),
        ("06-broken", "parse-python"),
    ):
        journal = copy(corrected, item, "journal.json")
        assert (journal["status"], journal["error_type"]) == ("error", code), item
        assert journal["audit"]["recorded"]["status"] == "success"
        assert journal["audit"]["verdict"] == "false_positive"
        assert copy(corrected, item, "test_results.json")["metadata"]["agent_status"] == "error"


def test_a_phantom_success_becomes_an_error(corrected: OldRuns) -> None:
    """A timing recorded as a success without a number is none; the patch's own record stays as it was."""
    results = copy(corrected, "07-phantom", "test_results.json")
    assert results["result"]["status"] == "error"
    assert results["result"]["error_message"] == "recorded as a success without a speed-up"
    assert results["result"]["improvement"] is False
    assert results["audit"]["recorded"]["evaluation_status"] == "success"
    assert copy(corrected, "07-phantom", "journal.json")["status"] == "success"


def test_what_is_not_shown_wrong_keeps_its_status(corrected: OldRuns) -> None:
    """All of a good run's files but the added `audit` are what they were."""
    original = corrected.tree / "state/runs" / BATCH / "01-other-way/journal.json"
    journal = copy(corrected, "01-other-way", "journal.json")
    assert journal.pop("audit")["true_success"] is None
    assert journal == json.loads(original.read_text())


def test_a_patch_recorded_as_none_is_an_evaluation_that_did_not_happen(tree: OldRuns) -> None:
    """`no_patch` beside a patch with content is made an error; beside none it is true and stays."""
    tree.add("01", tree.edit(OTHER), timing={**NOTHING, "status": "no_patch"})
    tree.add("02", None, timing={**NOTHING, "status": "no_patch"})
    correct(tree)
    assert copy(tree, "01", "test_results.json")["result"]["status"] == "error"
    assert copy(tree, "02", "test_results.json")["result"]["status"] == "no_patch"


def test_a_summary_says_whether_there_is_a_patch(tree: OldRuns) -> None:
    """`patch_generated` is made what the patch is."""
    folder = tree.add("01", tree.edit(OTHER))
    dump(folder / "run_summary.json", {"agent": {"status": "success", "patch_generated": False}})
    correct(tree)
    assert copy(tree, "01", "run_summary.json")["agent"] == {"status": "success", "patch_generated": True}


@pytest.mark.parametrize("place", [".", "inside", ".."])
def test_the_copies_never_go_where_the_originals_are(tree: OldRuns, place: str) -> None:
    """A folder in the audited tree, the tree itself and a folder around it are refused before anything is read."""
    tree.add("01", tree.edit(OTHER))
    with pytest.raises(UsageError, match="never touched"):
        audit([tree.tree], AuditOptions(out=tree.out, write_corrected=tree.tree / place))


def test_two_roots_do_not_mix(tree: OldRuns) -> None:
    """With several paths each keeps a folder of its own below the one for the copies."""
    tree.add("01", tree.edit(OTHER), timing={})
    options = AuditOptions(out=tree.out, write_corrected=tree.out / "corrected", jobs=1)
    result = audit([tree.tree / "state", tree.tree / "eval"], replace(options, repos=tree.repos))
    written = sorted(file.relative_to(tree.out / "corrected").parts[0] for file in _files(tree.out / "corrected"))
    assert written == ["0-state", "1-eval"]
    assert result.runs == 1


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*.json") if file.is_file()]
