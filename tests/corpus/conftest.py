"""The corpus, for every test of this folder; without it they are skipped and say what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from corpus_kit import Corpus, CorpusAbsent, find_corpus

from judge.auditing.audit import AuditOptions, audit
from judge.auditing.result import AuditResult
from judge.calibration.labels import read_verdicts
from judge.inputs.batch import Defaults
from judge.pipeline import GradeOptions, grade
from judge.results.record import VerdictRecord


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The run archive with its two repositories."""
    try:
        return find_corpus()
    except CorpusAbsent as absent:
        pytest.skip(str(absent))


@pytest.fixture(scope="session")
def graded(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a grading run over every recorded run, without judge and timing; done once for all tests."""
    folder = tmp_path_factory.mktemp("graded")
    corpus.write_predictions(folder / "runs.jsonl")
    options = GradeOptions(judge="none", time="none", out=folder / "out")
    assert not grade([folder / "runs.jsonl"], options, Defaults(repos=dict(corpus.repos))).faults
    return folder / "out"


@pytest.fixture(scope="session")
def records(graded: Path) -> Mapping[str, VerdictRecord]:
    """The record of each recorded run, by candidate id."""
    return {record.id: record for record in read_verdicts(graded)}


@pytest.fixture(scope="session")
def audit_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the results of the audit of the archive go."""
    return tmp_path_factory.mktemp("audit") / "out"


@pytest.fixture(scope="session")
def audited(corpus: Corpus, audit_folder: Path) -> AuditResult:
    """The whole archive audited, with both repositories and the recorded judgements; done once for all tests."""
    judgements = corpus.folder / "judgements/gpt5_evaluations.json"
    return audit([corpus.folder], AuditOptions(repos=dict(corpus.repos), judgements=judgements, out=audit_folder))


@pytest.fixture(scope="session")
def human_records(audited: AuditResult, audit_folder: Path) -> Sequence[VerdictRecord]:
    """The record of each task's human commit, which the audit puts to the gates like any candidate."""
    return read_verdicts(audit_folder / "human")
