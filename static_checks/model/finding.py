"""What a rule saw (Finding) and what became of a group of rules (GateResult): three outcomes, never two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Gate = Literal["apply", "parse", "template", "noop", "overlap", "tamper", "hazard"]
GATES: tuple[Gate, ...] = ("apply", "parse", "template", "noop", "overlap", "tamper", "hazard")

Severity = Literal["block", "warn", "info"]
Status = Literal["pass", "fail", "error", "skipped"]

MAX_QUOTE = 160


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule's check yields; the engine adds the rule's code and severity.

    Attributes:
        severity: set only where a hit weighs less than the rule's own severity.
    """

    message: str
    path: str | None = None
    line: int | None = None
    quote: str | None = None
    severity: Severity | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing a rule saw: what, where, and the line it is about."""

    code: str
    severity: Severity
    message: str
    path: str | None = None
    line: int | None = None
    quote: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Why a rule could not check: its own failure, never the patch's."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """The outcome of one gate.

    Attributes:
        status: `fail` if any finding blocks, else `error` if any rule could not check, else `pass`;
            `skipped` if the gate had nothing to work on.
        reason: why it was skipped.
        facts: further evidence for reports and the judge, JSON values only.
    """

    status: Status
    findings: tuple[Finding, ...] = ()
    faults: tuple[Fault, ...] = ()
    reason: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


def to_finding(hit: Hit, code: str, severity: Severity) -> Finding:
    """Make a finding of a hit; a long quote is cut in its middle, visibly."""
    quote = hit.quote.strip() if hit.quote is not None else None
    if quote is not None and len(quote) > MAX_QUOTE:
        half = (MAX_QUOTE - 5) // 2
        quote = f"{quote[:half]} ... {quote[-half:]}"
    return Finding(
        code=code, severity=hit.severity or severity, message=hit.message, path=hit.path, line=hit.line, quote=quote
    )


def conclude(
    findings: Sequence[Finding], faults: Sequence[Fault], facts: Mapping[str, object] | None = None
) -> GateResult:
    """Combine what a gate's rules said: a shown fault of the patch outranks a rule's own failure."""
    blocked = any(finding.severity == "block" for finding in findings)
    status: Status = "fail" if blocked else "error" if faults else "pass"
    return GateResult(status=status, findings=tuple(findings), faults=tuple(faults), facts=dict(facts or {}))


def skipped(reason: str) -> GateResult:
    """Return the result of a gate that did not run, and why."""
    return GateResult(status="skipped", reason=reason)
