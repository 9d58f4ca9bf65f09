"""Audits the whole archive and holds every number against git, a parser, and plain loops."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpus_kit import Corpus

from judge.auditing.audit import AuditOptions, audit
from judge.auditing.result import AuditResult

pytestmark = pytest.mark.corpus

Rows = dict[object, tuple[object, ...]]


@pytest.fixture(scope="module")
def out(audit_folder: Path) -> Path:
    """Where the results are."""
    return audit_folder


@pytest.fixture(scope="module")
def result(audited: AuditResult) -> AuditResult:
    """One audit of everything, with both repositories and the recorded judgements."""
    return audited


def rows(result: AuditResult, name: str) -> Rows:
    """The rows of a table by their first cell."""
    table = next(table for table in result.tables if table.name == name)
    return {row[0]: row[1:] for row in table.rows}


def records(out: Path) -> Iterator[dict[str, Any]]:
    """The verdicts."""
    with (out / "verdicts.jsonl").open("rb") as lines:
        yield from (json.loads(line) for line in lines)


def json_files(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """Every JSON file of a name below a folder, read by hand."""
    yield from (json.loads(file.read_bytes()) for file in folder.rglob(name))


def test_patches(corpus: Corpus, result: AuditResult) -> None:
    """1,122 runs: 415 patches empty, 92 missing, 615 with content; 544 apply, 71 do not, 9 do not parse."""
    facts = rows(result, "facts")
    states = Counter(run.patch for run in corpus.runs)
    assert facts["runs"][0] == len(corpus.runs) == 1122
    assert facts["patch empty"][0] == states["empty"] == 415
    assert facts["patch missing"][0] == states["missing"] == 92
    assert facts["patch with content"][0] == states["yes"] == 615
    assert facts["patch applies to the recorded base"][0] == sum(run.applies is True for run in corpus.runs) == 544
    assert facts["patch does not apply"][0] == 71
    broken = sum(bool(run.broken) for run in corpus.runs)
    assert facts["... and leaves a file that does not parse"][0] == broken == 9


def test_every_run_agrees_with_git_and_the_parser(corpus: Corpus, out: Path, result: AuditResult) -> None:
    """Not only the sums: each run's own patch applies and parses as plain git and the parser say."""
    levels = {record["id"]: record["level"] for record in records(out)}
    assert len(levels) == 1122
    for run in corpus.runs:
        if run.patch != "yes":
            assert levels[run.path] == 0, run.path
        elif not run.applies:
            assert levels[run.path] == 1, run.path
        else:
            assert (levels[run.path] >= 3) == (not run.broken), run.path


def test_the_misfits_are_mostly_of_one_run(result: AuditResult) -> None:
    """Most of the 71 were made against other commits, by one run of the harness."""
    facts = rows(result, "facts")
    assert facts["... most of these in one run"] == (60, 71, "vllm/codex/gpt-5/2025-11-20_11-05-30")
    assert facts["... as it was made against another commit"][0] == 70


def test_no_human_commit_is_blocked(result: AuditResult) -> None:
    """179 of 179 human commits apply to their base, parse, and pass every blocking gate."""
    facts = rows(result, "facts")
    assert facts["human commits"][0] == 179
    for name in ("... that apply to the recorded base", "... that parse", "... that pass every blocking gate"):
        assert facts[name][:2] == (179, 179)


def test_statuses_are_those_of_the_files(corpus: Corpus, result: AuditResult) -> None:
    """Counts by status equal counting the JSON files."""
    agents = Counter(journal["status"] for journal in json_files(corpus.folder / "state", "journal.json"))
    timings = Counter(
        evaluation["result"]["status"]
        for evaluation in json_files(corpus.folder / "eval_results_v2", "test_results.json")
    )
    assert {word: row[0] for word, row in rows(result, "confusion").items() if word != "all"} == agents
    shown = {word: row[0] for word, row in rows(result, "confusion-evaluation").items()}
    assert {word: shown[word] for word in timings} == timings
    assert shown["(not evaluated)"] == 1122 - 923
    assert rows(result, "facts")["evaluations recorded"][0] == timings.total() == 923


def test_phantom_successes_are_named_and_never_counted(corpus: Corpus, result: AuditResult) -> None:
    """A success with a null speed-up is a finding; improvements are counted by the number alone."""
    evaluations = [entry["result"] for entry in json_files(corpus.folder / "eval_results_v2", "test_results.json")]
    null = sum(entry["status"] == "success" and entry["speedup"] is None for entry in evaluations)
    ratios = [entry["speedup"] for entry in evaluations if entry["speedup"] is not None]
    assert rows(result, "facts")["... a success without a number: phantom"][0] == null == 2
    speed = rows(result, "speed")
    assert speed["improvement"][0] == sum(ratio > 1.05 for ratio in ratios) == 7
    assert speed["regression"][0] == sum(ratio < 0.95 for ratio in ratios) == 9
    assert speed["all"][0] == len(ratios) == 107
    assert result.verdicts["true_success"] == 0
    assert any(finding.code == "phantom-success" and len(finding.runs) == null for finding in result.findings)


def test_the_recorded_judge(result: AuditResult) -> None:
    """The corpus README counts by size in bytes; by characters, as the judge's script did, all patches are found."""
    judge = rows(result, "judge")
    assert judge["commits in the file"][0] == 96
    assert judge["... judged without the human change (no human files given)"][0] == 96
    assert judge["attempts at these commits"][0] == 300
    assert judge["judgements recorded"][0] == 143
    assert judge["no judgement at all (the model's reply was empty or unreadable)"][0] == 114
    assert judge["patches found again"] == (143, 140)
    assert judge["... that apply"] == (138, 135)
    assert judge["... that apply and parse"] == (130, 127)
    assert judge["... that share a file with the human commit"] == (138, 135)
    assert judge["... that apply and were really answered"] == (27, 24)
    assert judge["of these, accused of syntax errors"] == (13, 13)
    assert judge["of these, with a syntax error"] == (4, 4)


def test_the_published_rates_are_the_failures_of_the_judge(result: AuditResult) -> None:
    """90.2 % syntax errors, 83.2 % templates, 89.5 % wrong files, 0 % true success: with the failures in them."""
    stored = rows(result, "judge-stored")
    published = {
        "syntax_correct: no": 0.902,
        "is_template_code: yes": 0.832,
        "files_match: no": 0.895,
        "true_success: no": 1.0,
    }
    for name, share in published.items():
        assert stored[name][1] == pytest.approx(share, abs=5e-4)
    assert stored["syntax_correct: no"][2] == 15
    assert stored["is_template_code: yes"][2] == 5


def test_the_headline(result: AuditResult) -> None:
    """Of 580 runs claimed successful."""
    headline = {name: row[:2] for name, row in rows(result, "headline").items()}
    assert headline == {
        "claimed successful": (580, 580),
        "have a patch": (579, 579),
        "apply to the recorded base": (508, 508),
        "parse": (501, 501),
        "are real code": (499, 499),
        "share a file with the human commit": (506, 498),
        "were ever timed": (100, 98),
        "were faster (one recorded number, no proof)": (6, 6),
        "are true successes": (0, None),
    }


def test_all_rows_of_the_outcome_report_exist(result: AuditResult) -> None:
    """Each category of the old outcome tables is a row, and the categories add up to the runs."""
    table = next(table for table in result.tables if table.name == "outcomes")
    groups = {row[0] for row in table.rows}
    names = {str(row[1]) for row in table.rows}
    assert groups >= {
        "successful with performance data", "agent failed to generate a patch", "baseline test produced no output",
        "test environment issues", "git or infrastructure errors", "no test script available", "other issues",
    }  # fmt: skip
    assert names >= {
        "improvement (above 1.05x)", "regression (below 0.95x)", "neutral", "no output",
        "import error (missing module)", "target not resolved", "optimisation path not triggered",
        "worktree or base error", "no test script", "patch there, evaluation says no patch", "patch apply failed",
        "other test failure", "uncategorized",
    }  # fmt: skip
    assert sum(int(row[2] or 0) for row in table.rows if row[1] != "all of these") == 1122


def test_the_per_task_table_adds_up(corpus: Corpus, result: AuditResult) -> None:
    """One row for each of the 179 tasks, under whatever length of name the runs gave the commit."""
    tasks = rows(result, "by-commit")
    assert len(tasks) == 179
    assert sum(int(str(row[0])) for row in tasks.values()) == 1122


def test_again_is_the_same_and_graded_by_nobody(corpus: Corpus, out: Path, result: AuditResult) -> None:
    """The second audit finds every verdict there and writes the same bytes."""
    before = {file: file.read_bytes() for file in out.rglob("*") if file.is_file() and file.name != "run.json"}
    judgements = corpus.folder / "judgements/gpt5_evaluations.json"
    again = audit([corpus.folder], AuditOptions(repos=dict(corpus.repos), judgements=judgements, out=out))
    assert again.resumed == 1122
    assert {file: file.read_bytes() for file in before} == before
