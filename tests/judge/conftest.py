"""Old runs for the tests of the auditor."""

from __future__ import annotations

from pathlib import Path

import pytest
from old_runs import OldRuns, old_runs, write_all

from judge.auditing.audit import AuditOptions, audit
from judge.auditing.result import AuditResult


@pytest.fixture(scope="session")
def one_of_each(tmp_path_factory: pytest.TempPathFactory) -> OldRuns:
    """A tree with one run of each kind; only for tests that leave it as it is."""
    runs = old_runs(tmp_path_factory.mktemp("old"))
    write_all(runs)
    return runs


@pytest.fixture(scope="session")
def audited(one_of_each: OldRuns) -> AuditResult:
    """One audit of that tree with its repository, into `one_of_each.out`; done once for all tests."""
    return audit([one_of_each.tree], AuditOptions(repos=one_of_each.repos, out=one_of_each.out, jobs=2))


@pytest.fixture
def tree(tmp_path: Path) -> OldRuns:
    """An empty tree of the test's own."""
    return old_runs(tmp_path)
