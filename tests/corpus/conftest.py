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
    """The folder of one grading run over every recorded run and every human commit, without judge and timing.

    It is done once for all tests, and both kinds of candidates of a task share what its base costs to open.
    """
    folder = tmp_path_factory.mktemp("graded")
    files = [folder / "runs.jsonl", folder / "human.jsonl"]
    corpus.write_predictions(files[0])
    corpus.write_human_commits(files[1])
    options = GradeOptions(judge="none", time="none", out=folder / "out")
    assert not grade(files, options, Defaults(repos=dict(corpus.repos))).faults
    return folder / "out"


@pytest.fixture(scope="session")
def records(corpus: Corpus, graded: Path) -> Mapping[str, VerdictRecord]:
    """The record of each recorded run, by candidate id."""
    humans = {human.id for human in corpus.human_commits}
    return {record.id: record for record in read_verdicts(graded) if record.id not in humans}


@pytest.fixture(scope="session")
def human_records(corpus: Corpus, graded: Path) -> Sequence[VerdictRecord]:
    """The record of each human commit."""
    humans = {human.id for human in corpus.human_commits}
    return [record for record in read_verdicts(graded) if record.id in humans]


@pytest.fixture(scope="session")
def audit_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the results of the audit of the archive go."""
    return tmp_path_factory.mktemp("audit") / "out"


@pytest.fixture(scope="session")
def audited(corpus: Corpus, audit_folder: Path) -> AuditResult:
    """The whole archive audited, with both repositories and the recorded judgements; done once for all tests."""
    judgements = corpus.folder / "judgements/gpt5_evaluations.json"
    return audit([corpus.folder], AuditOptions(repos=dict(corpus.repos), judgements=judgements, out=audit_folder))
