"""What changed between two audits."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from old_runs import OTHER, OldRuns

from judge.auditing.audit import AuditOptions, audit
from judge.auditing.output.changes import Changes, compare, load, tables
from judge.auditing.result import AuditResult
from judge.errors import UsageError


def audit_and_compare(tree: OldRuns, before: Path, after: Path) -> Changes:
    """Audit the tree as it is now into `after`, and compare."""
    audit([tree.tree], AuditOptions(repos=tree.repos, out=after, jobs=1))
    return compare(load(before), load(after))


@pytest.fixture
def before(one_of_each: OldRuns, audited: AuditResult, tmp_path: Path) -> Path:
    """The results of an audit of one run of each kind, a copy of the test's own."""
    return shutil.copytree(one_of_each.out, tmp_path / "before")


@pytest.fixture(scope="module")
def changes(one_of_each: OldRuns, audited: AuditResult, tmp_path_factory: pytest.TempPathFactory) -> Changes:
    """What changes when a run is gone, one is new, and one has another patch."""
    folder = tmp_path_factory.mktemp("changed")
    tree = replace(one_of_each, tree=shutil.copytree(one_of_each.tree, folder / "tree"))
    shutil.rmtree(next((tree.tree / "state/runs").rglob("04-missing")))
    (next((tree.tree / "state/runs").rglob("03-empty")) / "model_patch.diff").write_text(tree.edit(OTHER))
    tree.add("10-new", tree.edit(OTHER))
    return audit_and_compare(tree, one_of_each.out, folder / "after")


def test_nothing_changed(one_of_each: OldRuns, audited: AuditResult, tmp_path: Path) -> None:
    """The same tree again differs in nothing."""
    assert audit_and_compare(one_of_each, one_of_each.out, tmp_path / "after").none


def test_new_gone_and_changed_runs_are_named(changes: Changes) -> None:
    """Each run that is new, gone or has another verdict or level is in the list, with its findings."""
    assert [Path(run).name for run in changes.new] == ["10-new"]
    assert [Path(run).name for run in changes.gone] == ["04-missing"]
    assert [(Path(run).name, was, now) for run, was, now in changes.changed] == [
        ("03-empty", "false_positive (level 0)", "undetermined (level 5)")
    ]
    assert ("success-without-patch", 1, 0, 0, 1) in changes.findings


def test_the_tables_add_up(changes: Changes) -> None:
    """The summary's counts are those of the lists."""
    summary, moves, findings, runs = tables(changes)
    counts = {row[0]: row[1] for row in summary.rows}
    assert (counts["runs before"], counts["runs after"]) == (9, 9)
    assert counts["new runs"] == counts["gone runs"] == counts["runs with another verdict"] == 1
    assert sum(int(str(row[2])) for row in moves.rows) == 1
    assert counts["kinds of findings that changed"] == len(findings.rows)
    assert len(runs.rows) == 3


def test_a_folder_without_an_audit_is_refused(tmp_path: Path) -> None:
    """The message says what the folder has to hold."""
    with pytest.raises(UsageError, match=r"audit\.json"):
        load(tmp_path)


def test_damaged_results_are_refused(before: Path) -> None:
    """A cut file of results is an error that names the folder, not an empty comparison."""
    text = (before / "audit.json").read_text()
    (before / "audit.json").write_text(text[: len(text) // 2])
    with pytest.raises(UsageError, match="not the results of an audit"):
        load(before)
    (before / "audit.json").write_text(json.dumps({"findings": [{"code": "x"}]}))
    with pytest.raises(UsageError, match="not the results of an audit"):
        load(before)
