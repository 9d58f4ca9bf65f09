"""Each kind's own bad and good example, shown to its collector with real files."""

from __future__ import annotations

from pathlib import Path

import pytest
from audit_kit import findings_of_example

from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, all_kinds


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.code)
def test_bad_example_is_found(kind: FindingKind, tmp_path: Path) -> None:
    """The bad example of a kind makes it speak, at its own severity at least once, with a message and a mending."""
    findings = findings_of_example(kind, kind.bad, tmp_path)
    assert kind.severity in {finding.severity for finding in findings}
    assert all(finding.code == kind.code and finding.message and finding.mend for finding in findings)


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.code)
def test_good_example_is_quiet(kind: FindingKind, tmp_path: Path) -> None:
    """The good example of a kind, its honest twin, leaves it silent."""
    assert not [finding.message for finding in findings_of_example(kind, kind.good, tmp_path)]


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.code)
def test_no_runs_no_finding(kind: FindingKind, tmp_path: Path) -> None:
    """Of an audit without runs, files and judgements no kind has anything to say."""
    assert not [finding.message for finding in findings_of_example(kind, FindingExample(), tmp_path)]
