"""What the gates say of the human changes that the tasks were made from: a gate that blocks one is itself in doubt."""

from __future__ import annotations

from dataclasses import dataclass, field

from judge.results.record import VerdictRecord


@dataclass(kw_only=True)
class HumanSides:
    """What the gates said of the human changes: the measure of the gates themselves.

    Attributes:
        keys: keys of their records by task.
        unchecked: tasks whose base or human commit could not be used, with the reason.
        blocked: tasks whose human change a gate blocks, with the finding's code.
    """

    keys: dict[str, str] = field(default_factory=dict)
    applied: int = 0
    parsed: int = 0
    passed: int = 0
    unchecked: dict[str, str] = field(default_factory=dict)
    blocked: dict[str, str] = field(default_factory=dict)

    def add(self, record: VerdictRecord) -> None:
        """Count one."""
        self.keys[record.case.id] = record.key
        statuses = {name: gate.status for name, gate in record.gates.items()}
        self.applied += statuses["apply"] == "pass"
        self.parsed += statuses["parse"] == "pass"
        findings = [finding for gate in record.gates.values() for finding in gate.findings]
        faults = [f"{finding.code}: {finding.message}" for finding in findings if finding.severity == "error"]
        if "fail" in statuses.values():
            self.blocked[record.case.id] = next(f.code for f in findings if f.severity == "block")
        elif faults:
            self.unchecked[record.case.id] = faults[0]
        else:
            self.passed += 1
