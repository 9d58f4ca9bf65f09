"""What changed between two audits."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from old_runs import OTHER, OldRuns, write_all

from judge.auditor.against import Changes, compare, load, tables
from judge.auditor.audit import AuditOptions, audit
from judge.errors import UsageError


def changes(tree: OldRuns, before: Path, after: Path) -> Changes:
    """Audit the tree as it is now into `after`, and compare."""
    audit([tree.tree], replace(AuditOptions(repos=tree.repos, jobs=1), out=after))
    return compare(load(before), load(after))


@pytest.fixture
def before(tree: OldRuns) -> Path:
    """An audit of one run of each kind."""
    write_all(tree)
    audit([tree.tree], AuditOptions(repos=tree.repos, out=tree.out / "before", jobs=1))
    return tree.out / "before"


def test_nothing_changed(tree: OldRuns, before: Path) -> None:
    """The same tree again differs in nothing."""
    assert changes(tree, before, tree.out / "after").none


def test_new_gone_and_changed_runs_are_named(tree: OldRuns, before: Path) -> None:
    """Each run that is new, gone or has another verdict or level is in the list, with its findings."""
    shutil.rmtree(next((tree.tree / "state/runs").rglob("04-missing")))
    (next((tree.tree / "state/runs").rglob("03-empty")) / "model_patch.diff").write_text(tree.edit(OTHER))
    tree.add("10-new", tree.edit(OTHER))
    found = changes(tree, before, tree.out / "after")
    assert [Path(run).name for run in found.new] == ["10-new"]
    assert [Path(run).name for run in found.gone] == ["04-missing"]
    assert [(Path(run).name, was, now) for run, was, now in found.changed] == [
        ("03-empty", "false_positive (level 0)", "undetermined (level 5)")
    ]
    assert ("success-without-patch", 1, 0, 0, 1) in found.findings


def test_the_tables_add_up(tree: OldRuns, before: Path) -> None:
    """The summary's counts are those of the lists."""
    tree.add("10-new", tree.edit(OTHER))
    summary, _, _, runs = tables(changes(tree, before, tree.out / "after"))
    counts = dict(summary.rows)
    assert counts["new runs"] == 1
    assert counts["runs before"] == 9
    assert counts["runs after"] == 10
    assert len(runs.rows) == 1


def test_a_folder_without_an_audit_is_refused(tmp_path: Path) -> None:
    """The message says what the folder has to hold."""
    with pytest.raises(UsageError, match=r"audit\.json"):
        load(tmp_path)


def test_damaged_results_are_refused(tree: OldRuns, before: Path) -> None:
    """A cut file of results is an error that names the folder, not an empty comparison."""
    text = (before / "audit.json").read_text()
    (before / "audit.json").write_text(text[: len(text) // 2])
    with pytest.raises(UsageError, match="not the results of an audit"):
        load(before)
    (before / "audit.json").write_text(json.dumps({"findings": [{"code": "x"}]}))
    with pytest.raises(UsageError, match="not the results of an audit"):
        load(before)
