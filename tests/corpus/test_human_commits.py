"""Grades what people committed: a rule that blocks one of these is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from corpus_kit import Corpus

from judge.results.record import VerdictRecord

pytestmark = pytest.mark.corpus


def objections(record: VerdictRecord) -> list[str]:
    """Every gate that did not pass and every finding that blocks."""
    gates = [f"{name}: {gate.status}" for name, gate in record.gates.items() if gate.status != "pass"]
    findings = [finding for gate in record.gates.values() for finding in gate.findings]
    return gates + [f"{f.code}: {f.message}" for f in findings if f.severity in ("block", "error")]


def test_no_rule_blocks_a_human_commit(corpus: Corpus, human_records: Sequence[VerdictRecord]) -> None:
    """Each human commit, as a candidate for its own task, passes every gate and every blocking rule."""
    assert not {record.id: objection for record in human_records if (objection := objections(record))}
    assert len(human_records) == len(corpus.human_commits) == 179
