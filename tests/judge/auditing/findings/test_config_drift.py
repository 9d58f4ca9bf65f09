"""What a configuration was said to be, against the file: values, places, and files that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from audit_kit import findings_of

from judge.auditing.context import Context, Expectation
from judge.auditing.findings.config_drift import KIND


def messages(folder: Path, path: str, value: str, name: str = "a.yaml") -> list[str]:
    """What is found of one expectation."""
    context = Context(expect=(Expectation(file=folder / name, path=path, value=value),))
    return [f"{finding.severity}: {finding.message}" for finding in findings_of(KIND, (), context)]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("x.fast", "true"),
        ("x.count", "3"),
        ("x.name", "a: b"),
        ("x.names.0", "one"),
        ("x.names.*", "one"),
        ("x.none", "null"),
    ],
)
def test_as_said(tmp_path: Path, path: str, value: str) -> None:
    """A value that is in the file as it was said to be is no finding, whatever its type."""
    (tmp_path / "a.yaml").write_text('x: {fast: true, count: 3, name: "a: b", names: [one], none: null}\n')
    assert messages(tmp_path, path, value) == []


@pytest.mark.parametrize(
    ("path", "value"), [("x.fast", "1"), ("x.fast", "false"), ("x.names.*", "two"), ("x.gone", "1"), ("y.*", "1")]
)
def test_otherwise(tmp_path: Path, path: str, value: str) -> None:
    """Another value, a number for a truth value, and a place that is not there are drift."""
    (tmp_path / "a.yaml").write_text("x: {fast: true, names: [one, two]}\n")
    (message,) = messages(tmp_path, path, value)
    assert message.startswith("block: ")


def test_what_cannot_be_checked_says_so(tmp_path: Path) -> None:
    """A file that is missing or broken is neither drift nor fine: it could not be checked."""
    (tmp_path / "b.json").write_text("{")
    for name in ("gone.yaml", "b.json"):
        (message,) = messages(tmp_path, "x", "1", name)
        assert message.startswith("warn: ")
        assert "could not be checked" in message
    context = Context(expect=(Expectation(file=tmp_path / "gone.yaml", path="x", value="1"),))
    (finding,) = findings_of(KIND, (), context)
    assert "could not be checked" in finding.title
