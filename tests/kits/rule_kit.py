"""Runs one small example through the real engine and returns what a gate said."""

from __future__ import annotations

from pathlib import Path

from judge.static_checks.checker import Checker
from judge.static_checks.discovery import all_rules
from judge.static_checks.model.case import Case
from judge.static_checks.model.finding import Finding, Gate, Severity
from judge.static_checks.rule import Example


def gate_findings(gate: Gate, example: Example, folder: Path) -> tuple[Finding, ...]:
    """Write the example's base to `folder`, check its patch, and return the findings of one gate."""
    for path, text in example.before.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    rules = [rule for rule in all_rules() if rule.gate in ("apply", gate)]
    with Checker(rules) as checker:
        change = checker.change(Case(id="example", repo=folder), example.patch_bytes, twins=example.twins)
        results = checker.check(change)
    assert results["apply"].status == "pass", results["apply"]
    assert not results[gate].errors, results[gate].errors
    return results[gate].findings


def gate_codes(gate: Gate, example: Example, folder: Path, *, severity: Severity | None = None) -> set[str]:
    """Return the codes of those findings, of one severity or of any."""
    findings = gate_findings(gate, example, folder)
    return {finding.code for finding in findings if severity in (None, finding.severity)}
