"""`audit` on real trees of old runs: verdicts, tables, resuming, and that the originals stay as they are."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from old_runs import NOTHING, OTHER, OldRuns, verdicts, write_all

from judge.auditing.audit import AuditOptions, audit
from judge.auditing.collecting.accumulator import Table
from judge.auditing.result import AuditResult
from judge.errors import InputError
from judge.static_checks.model.case import MAX_PATCH_BYTES


def options(runs: OldRuns, **changes: object) -> AuditOptions:
    return replace(AuditOptions(repos=runs.repos, out=runs.out, jobs=1), **changes)  # type: ignore[arg-type]  # fields


def rows(result: AuditResult, name: str) -> dict[object, tuple[object, ...]]:
    """The rows of a table by their first cell."""
    table: Table = next(table for table in result.tables if table.name == name)
    return {row[0]: row[1:] for row in table.rows}


def content(folder: Path) -> dict[str, str]:
    """Digest and time of every file below a folder."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {
        str(file.relative_to(folder)): f"{hashlib.sha256(file.read_bytes()).hexdigest()} {file.stat().st_mtime_ns}"
        for file in files
    }


def test_every_run_gets_the_verdict_that_was_shown(one_of_each: OldRuns, audited: AuditResult) -> None:
    """Shown wrong where a gate or the run's own absence of a patch shows it, undetermined elsewhere, never true."""
    decided = {name: (record["verdict"], record["true_success"], record["level"]) for name, record in
             verdicts(one_of_each.out).items()}  # fmt: skip
    assert decided == {
        "01-other-way": ("undetermined", None, 5),
        "02-identical": ("undetermined", None, 6),
        "03-empty": ("false_positive", False, 0),
        "04-missing": ("failure", False, 0),
        "05-misfit": ("false_positive", False, 1),
        "06-broken": ("false_positive", False, 2),
        "07-phantom": ("undetermined", None, 5),
        "08-much-slower": ("undetermined", None, 5),
        "09-no-test": ("undetermined", None, 5),
    }
    assert audited.runs == 9
    assert sum(audited.verdicts.values()) == 9


def test_recorded_timings_are_named_so(one_of_each: OldRuns, audited: AuditResult) -> None:
    """A recorded number has no interval, is marked `recorded`, and a missing one is an error of the timing."""
    timings = {name: record["timing"] for name, record in verdicts(one_of_each.out).items()}
    assert timings["01-other-way"]["source"] == "recorded"
    assert timings["01-other-way"]["ci"] is None
    assert timings["01-other-way"]["status"] == "inconclusive"
    assert timings["08-much-slower"]["status"] == "inconclusive"
    assert timings["07-phantom"]["status"] == "error"
    assert timings["04-missing"]["reason"] == "not-recorded"


def test_source_is_the_folder_of_the_run(one_of_each: OldRuns, audited: AuditResult) -> None:
    """`source.path` of an audited run is its own folder, with or without a patch in it."""
    for name, record in verdicts(one_of_each.out).items():
        assert Path(record["source"]["path"]).name == name
        assert (Path(record["source"]["path"]) / "journal.json").is_file()


def test_headline_counts_what_is_left_of_the_claims(audited: AuditResult) -> None:
    """Of the eight claimed successes: each step by itself, and those that passed all before."""
    headline = rows(audited, "headline")
    assert headline["claimed successful"][:2] == (8, 8)
    assert headline["have a patch"][:2] == (7, 7)
    assert headline["apply to the recorded base"][:2] == (6, 6)
    assert headline["parse"][:2] == (5, 5)
    assert headline["are real code"][:2] == (5, 5)
    assert headline["share a file with the human commit"][:2] == (6, 5)
    assert headline["were ever timed"][:2] == (3, 3)
    assert headline["were faster (one recorded number, no proof)"][:2] == (1, 1)
    assert headline["are true successes"] == (0, None, 1, None), (
        "the faster one may be one or not: nobody has judged it"
    )


def test_confusion_has_the_harness_words_in_its_rows(audited: AuditResult) -> None:
    """Each word that was recorded has its runs by verdict, and all of them add up."""
    agent = rows(audited, "confusion")
    assert agent["success"][0] == 8
    assert agent["error"][0] == 1
    assert agent["all"][0] == 9
    timing = rows(audited, "confusion-evaluation")
    assert timing["success"][0] == 4
    assert timing["baseline_failed"][0] == 3
    assert timing["no_test"][0] == 1
    assert timing["(not evaluated)"][0] == 1


def test_outcomes_put_each_run_in_one_category(audited: AuditResult) -> None:
    """The categories add up to the runs, and each run is where it belongs."""
    table = next(table for table in audited.tables if table.name == "outcomes")
    counts = {str(row[1]): row[2] for row in table.rows if row[1] != "all of these"}
    assert sum(int(count or 0) for count in counts.values()) == 9
    assert counts["improvement (above 1.05x)"] == 1
    assert counts["neutral"] == 1
    assert counts["regression (below 0.95x)"] == 1
    assert counts["no patch"] == 1
    assert counts["empty patch"] == 1
    assert counts["no test script"] == 1
    assert counts["success without a number"] == 1


def test_facts_count_patches_and_human_commits(audited: AuditResult) -> None:
    """Patches by state, what applies and parses, and the gates' word on the human commit itself."""
    facts = rows(audited, "facts")
    assert facts["patch empty"][0] == 1
    assert facts["patch missing"][0] == 1
    assert facts["patch with content"][0] == 7
    assert facts["patch applies to the recorded base"][0] == 6
    assert facts["... and leaves a file that does not parse"][0] == 1
    assert facts["... and is the human's own edit"][0] == 1
    assert facts["human commits"][0] == 1
    assert facts["... that pass every blocking gate"][0] == 1
    assert facts["... a success without a number: phantom"][0] == 1


def test_a_second_audit_resumes_and_writes_the_same_bytes(one_of_each: OldRuns, audited: AuditResult) -> None:
    """Same input, same bytes in every file but run.json, and nothing is graded twice."""
    before = {name: digest.split()[0] for name, digest in content(one_of_each.out).items()}
    again = audit([one_of_each.tree], options(one_of_each, jobs=1))
    after = {name: digest.split()[0] for name, digest in content(one_of_each.out).items()}
    assert again.resumed == 9
    assert audited.resumed == 0
    assert {name for name in before if before[name] != after[name]} <= {"run.json"}
    assert before.keys() == after.keys()


def test_another_audit_elsewhere_writes_the_same_bytes(
    one_of_each: OldRuns, audited: AuditResult, tmp_path: Path
) -> None:
    """However many workers there are and in whatever order they finish, the files are the same."""
    audit([one_of_each.tree], options(one_of_each, out=tmp_path / "elsewhere", jobs=1))
    first, second = content(one_of_each.out), content(tmp_path / "elsewhere")
    names = {name for name in first if first[name].split()[0] != second[name].split()[0]}
    assert names <= {"run.json"}


def test_the_originals_are_not_touched(one_of_each: OldRuns, tmp_path: Path) -> None:
    """Neither a byte nor a time of the audited tree changes, with corrected copies and without."""
    before = content(one_of_each.tree)
    audit([one_of_each.tree], options(one_of_each, out=tmp_path / "o", write_corrected=tmp_path / "corrected"))
    assert content(one_of_each.tree) == before


def test_a_changed_run_is_graded_again_and_a_gone_one_leaves(tree: OldRuns) -> None:
    """The records are those of this audit: what changed is graded anew, what is gone is dropped."""
    write_all(tree)
    audit([tree.tree], options(tree))
    folder = next((tree.tree / "state/runs").rglob("03-empty"))
    (folder / "model_patch.diff").write_text(tree.edit(OTHER))
    for file in next((tree.tree / "state/runs").rglob("04-missing")).iterdir():
        file.unlink()
    result = audit([tree.tree], options(tree))
    records = verdicts(tree.out)
    assert result.runs == 8
    assert len(records) == 8
    assert records["03-empty"]["level"] == 5
    # The same patch text now stands in one more run of the same task, which is no twin; all others are kept.
    assert result.resumed == 7


def test_without_the_repository_only_absent_patches_are_shown_wrong(one_of_each: OldRuns, tmp_path: Path) -> None:
    """Static gates need the repository; that there is no patch is known without it."""
    result = audit([one_of_each.tree], AuditOptions(out=tmp_path / "out", jobs=1))
    categories = {name: record["verdict"] for name, record in verdicts(tmp_path / "out").items()}
    assert {name for name, verdict in categories.items() if verdict != "undetermined"} == {"03-empty", "04-missing"}
    assert rows(result, "headline")["apply to the recorded base"][:3] == (0, None, 7)


def test_a_base_that_is_not_there_is_an_error_not_a_failed_patch(tree: OldRuns) -> None:
    """A commit that the repository lacks leaves the run undetermined and is counted as not checked."""
    folder = tree.add("01", tree.edit(OTHER))
    journal = json.loads((folder / "journal.json").read_text())
    journal["commits"]["pre"] = "9" * 40
    (folder / "journal.json").write_text(json.dumps(journal))
    result = audit([tree.tree], options(tree))
    assert result.verdicts["undetermined"] == 1
    assert result.ungraded == 1
    assert verdicts(tree.out)["01"]["gates"]["apply"]["status"] == "error"


def test_a_short_commit_name_is_the_same_task(tree: OldRuns) -> None:
    """A run that names the human commit by eight characters belongs to the task of the full name."""
    tree.add("01", tree.edit(OTHER))
    folder = tree.add("02", tree.edit(OTHER))
    journal = json.loads((folder / "journal.json").read_text())
    journal["commits"]["human"] = tree.human[:8]
    (folder / "journal.json").write_text(json.dumps(journal))
    result = audit([tree.tree], options(tree))
    assert len(rows(result, "by-commit")) == 1
    assert not [finding for finding in result.findings if finding.code == "same-patch"]


def test_a_patch_that_cannot_be_read_is_not_a_missing_one(tree: OldRuns) -> None:
    """A patch beyond the size limit leaves the run undetermined: it is there, and nothing is known about it."""
    with (tree.add("01", None) / "model_patch.diff").open("wb") as file:
        file.truncate(MAX_PATCH_BYTES + 1)
    result = audit([tree.tree], options(tree))
    assert result.verdicts["undetermined"] == 1
    assert verdicts(tree.out)["01"]["gates"]["apply"]["findings"][0]["code"] == "apply-unreadable"


def test_eval_json_has_the_fields_of_a_decision(one_of_each: OldRuns, audited: AuditResult) -> None:
    """An unknown score is null and makes the aggregate null and not acceptable."""
    decision = json.loads((one_of_each.out / "eval.json").read_text())
    assert decision["aggregate_score"] is None
    assert decision["is_acceptable"] is False
    assert len(decision["benchmarks"]) == 9
    entry = {Path(entry["name"]).name: entry for entry in decision["benchmarks"]}["01-other-way"]
    assert {"name", "perf_gain", "output_changed", "score"} <= entry.keys()
    assert entry["perf_gain"] == pytest.approx(1.0)
    assert entry["score"] is None
    assert decision["verdicts"]["true_success"] == 0


def test_every_table_is_written_in_three_forms(one_of_each: OldRuns, audited: AuditResult) -> None:
    """Each table is in audit.json and a CSV file of its name; each with rows is in audit.md too."""
    stored = json.loads((one_of_each.out / "audit.json").read_text())["tables"]
    text = (one_of_each.out / "audit.md").read_text()
    for table in audited.tables:
        assert stored[table.name]["columns"] == list(table.columns)
        assert len(stored[table.name]["rows"]) == len(table.rows)
        lines = (one_of_each.out / "tables" / f"{table.name}.csv").read_text().splitlines()
        assert len(lines) >= len(table.rows) + 1
        assert not table.rows or f"## {table.title.split('(')[0][:20]}" in text


def test_findings_name_all_their_runs_in_the_json(one_of_each: OldRuns, audited: AuditResult) -> None:
    """The JSON holds the ids of every run that a finding concerns."""
    stored = json.loads((one_of_each.out / "audit.json").read_text())["findings"]
    assert len(stored) == len(audited.findings)
    empty = next(finding for finding in stored if finding["code"] == "success-without-patch")
    assert [Path(run).name for run in empty["runs"]] == ["03-empty"]
    assert all(len(finding["runs"]) == finding["count"] for finding in stored)


def test_a_folder_without_runs_is_an_error_that_says_what_was_looked_for(tmp_path: Path) -> None:
    """Nothing to audit is bad input, never an audit of zero runs."""
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(InputError, match="Looked for"):
        audit([tmp_path], AuditOptions(out=tmp_path / "out"))


def test_the_same_evaluation_twice_is_named(tree: OldRuns) -> None:
    """Of two evaluations of one run the one with a number counts, and the other is not dropped silently."""
    tree.add("01", tree.edit(OTHER), timing=NOTHING)
    source = next((tree.tree / "eval").rglob("test_results.json"))
    again = tree.tree / "eval-again" / source.relative_to(tree.tree / "eval")
    again.parent.mkdir(parents=True)
    evaluation = json.loads(source.read_text())
    evaluation["result"] |= {"status": "success", "baseline_ms": 2.0, "patched_ms": 1.0, "speedup": 2.0}
    again.write_text(json.dumps(evaluation))
    result = audit([tree.tree], options(tree))
    assert result.runs == 1
    assert rows(result, "speed")["improvement"][0] == 1
