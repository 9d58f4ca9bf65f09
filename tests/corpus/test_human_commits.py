"""Puts to the gates what people committed: a rule that blocks one of these is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from corpus_kit import Corpus

from judge.results.record import VerdictRecord
from judge.static_checks.repo.git import Repository

pytestmark = pytest.mark.corpus


def objections(record: VerdictRecord) -> list[str]:
    """Every gate that did not pass and every finding that blocks."""
    gates = [f"{name}: {gate.status}" for name, gate in record.gates.items() if gate.status != "pass"]
    findings = [finding for gate in record.gates.values() for finding in gate.findings]
    return gates + [f"{f.code}: {f.message}" for f in findings if f.severity in ("block", "error")]


def test_no_rule_blocks_a_human_commit(corpus: Corpus, human_records: Sequence[VerdictRecord]) -> None:
    """Each human commit, as a candidate for its own task, passes every gate and every blocking rule."""
    assert not {record.id: objection for record in human_records if (objection := objections(record))}
    commits = {(record.case.base, record.case.human) for record in human_records}
    assert commits == {(human.parent, human.commit) for human in corpus.human_commits}
    assert len(human_records) == len(corpus.human_commits) == 179


def test_what_is_put_to_the_gates_is_the_archives_diff(corpus: Corpus) -> None:
    """The audit takes each human change from the repository: byte for byte the diff that the archive has of it."""
    repositories = {name: Repository.open(path) for name, path in corpus.repos.items()}
    for human in corpus.human_commits:
        repository = repositories[human.repo]
        assert repository is not None
        assert repository.diff(human.parent, human.commit) == human.diff.encode(), human.commit
