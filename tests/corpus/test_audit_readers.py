"""The readers of the audit on the whole archive, against plain loops over its files and the counts made with git."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from corpus_kit import Corpus
from run_tree_kit import ReaderOutput, sort_out

from judge.inputs.batch import Defaults, read_inputs
from judge.inputs.runs.discovery import all_layouts, discover
from judge.inputs.runs.join import join
from judge.inputs.runs.recorded_run import RecordedRun

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def outputs(corpus: Corpus) -> dict[str, ReaderOutput]:
    """What each layout yields for the archive, by its name."""
    return {layout.NAME: sort_out(layout.read(corpus.folder)) for layout in discover(corpus.folder)}


def by_hand(corpus: Corpus, name: str) -> dict[str, dict[str, Any]]:
    """Load every file of a name, by the folder it lies in."""
    files = corpus.folder.rglob(name)
    return {file.parent.relative_to(corpus.folder).as_posix(): json.loads(file.read_bytes()) for file in files}


def test_the_archive_is_recognised(corpus: Corpus, outputs: dict[str, ReaderOutput]) -> None:
    """One path gives run tree and evaluations; the judge's file is recognised by itself."""
    assert list(outputs) == ["iso-bench", "iso-bench-evaluations"]
    judgements = corpus.folder / "judgements/gpt5_evaluations.json"
    assert [layout.NAME for layout in discover(judgements)] == ["recorded-judgements"]


def test_every_run_as_git_and_the_journals_say(corpus: Corpus, outputs: dict[str, ReaderOutput]) -> None:
    """1,122 runs, 415 empty and 92 missing patches, each with the base, human commit and status of its journal."""
    runs = {run.id: run for run in outputs["iso-bench"].runs}
    expected = {
        run.path: (run.repo, run.base, run.human, run.patch, journal["status"])
        for run, journal in (
            (run, json.loads((corpus.folder / run.path / "journal.json").read_bytes())) for run in corpus.runs
        )
    }
    described = {
        name: (run.repo, run.base, run.human, run.patch_state, run.claimed_status) for name, run in runs.items()
    }
    assert described == expected
    assert Counter(run.patch_state for run in runs.values()) == {"yes": 615, "empty": 415, "missing": 92}
    (lost,) = outputs["iso-bench"].unread
    assert lost.path.endswith("sglang_003_132dad87/journal.json")


def test_every_evaluation_as_a_plain_loop_says(corpus: Corpus, outputs: dict[str, ReaderOutput]) -> None:
    """923 evaluations, each with status, times, speed-up and error of its file; the counts are those by hand."""
    files = by_hand(corpus, "test_results.json")
    keys = ("status", "baseline_ms", "patched_ms", "speedup", "improvement")
    expected = {name: tuple(file["result"][key] for key in keys) for name, file in files.items()}
    runs = {run.id: run for run in outputs["iso-bench-evaluations"].runs}
    described = {name: tuple(getattr(run.evaluation, key) for key in keys) for name, run in runs.items()}
    assert described == expected
    assert Counter(status for status, *_ in described.values()) == {
        "baseline_failed": 433, "error": 178, "no_test": 142, "success": 109, "no_patch": 61,
    }  # fmt: skip
    assert sum(status == "success" and speedup is None for status, _, _, speedup, _ in described.values()) == 2
    errors = {name: run.evaluation and run.evaluation.error for name, run in runs.items()}
    assert errors == {name: file["result"]["error_message"] for name, file in files.items()}


def test_every_evaluation_finds_its_run(outputs: dict[str, ReaderOutput]) -> None:
    """Joined by repository, agent, model, time and item: 1,122 runs, 923 of them evaluated, none left over."""
    described: dict[str, list[RecordedRun]] = {}
    for layout in outputs.values():
        for run in layout.runs:
            described.setdefault(run.key, []).append(run)
    joined = [join(runs) for runs in described.values()]
    assert len(joined) == 1122
    assert sum(run.evaluation is not None for run in joined) == 923
    assert all(run.id.startswith("state/runs/") and run.patch_state != "unknown" for run in joined)


def test_recorded_judgements_with_their_attempts(corpus: Corpus) -> None:
    """300 attempts, 143 judged, each with its full human commit."""
    path = corpus.folder / "judgements/gpt5_evaluations.json"
    runs = sort_out(all_layouts()["recorded-judgements"].read(path)).runs
    assert (len(runs), sum(len(run.judgements) for run in runs)) == (300, 143)
    assert all(run.human is not None and len(run.human) == 40 for run in runs)
    assert Counter(run.claimed for run in runs) == {"error": 166, "success": 134}


def test_the_archive_can_be_graded(corpus: Corpus, tmp_path: Path) -> None:
    """`judge grade` of the archive would grade every run, with the repository that is named for it."""
    batch = read_inputs([corpus.folder], Defaults(repos=dict(corpus.repos)))
    assert len(batch.candidates) == 1122
    assert {case.repo for case in batch.cases} == set(corpus.repos.values())
    assert len(batch.faults) == 1
