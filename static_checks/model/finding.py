"""What a rule saw (Finding) and what became of a group of rules (GateResult): three outcomes, never two.

These are also the shapes in `verdicts.jsonl`: one type is made by the gates, written, and read back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Gate = Literal["apply", "parse", "template", "noop", "overlap", "tamper", "hazard"]
GATES: tuple[Gate, ...] = ("apply", "parse", "template", "noop", "overlap", "tamper", "hazard")

Severity = Literal["block", "warn", "info"]
"""What a rule's hits do: `block` fails its gate, `warn` and `info` are evidence."""
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

    # Read by pydantic, for which this is a part of a record.
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="ignore")

    code: str
    severity: Annotated[Literal["block", "warn", "info", "error"], Field(description="error: the rule could not check")]
    message: str
    path: str | None = None
    line: int | None = None
    quote: str | None = None


class GateResult(BaseModel):
    """The outcome of one gate; further keys are the gate's facts."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    status: Status = Field(
        description="fail: a finding blocks; error: a rule could not check; skipped: the gate had nothing to work on"
    )
    reason: str | None = Field(default=None, description="why it was skipped")
    findings: tuple[Finding, ...] = ()

    @property
    def facts(self) -> Mapping[str, Any]:
        """Further evidence for reports and the judge, JSON values only."""
        return self.model_extra or {}

    @property
    def seen(self) -> tuple[Finding, ...]:
        """What the rules saw of the patch, without their own failures."""
        return tuple(finding for finding in self.findings if finding.severity != "error")

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Why rules could not check: their own failures, never the patch's."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


def to_finding(hit: Hit, code: str, severity: Severity) -> Finding:
    """Make a finding of a hit; a long quote is cut in its middle, visibly."""
    quote = hit.quote.strip() if hit.quote is not None else None
    if quote is not None and len(quote) > MAX_QUOTE:
        half = (MAX_QUOTE - 5) // 2
        quote = f"{quote[:half]} ... {quote[-half:]}"
    return Finding(
        code=code, severity=hit.severity or severity, message=hit.message, path=hit.path, line=hit.line, quote=quote
    )


def cannot_check(code: str, message: str) -> Finding:
    """Return the finding that says why a rule could not check."""
    return Finding(code=code, severity="error", message=message)


def conclude(findings: Sequence[Finding], facts: Mapping[str, object] | None = None) -> GateResult:
    """Combine what a gate's rules said: a shown fault of the patch outranks a rule's own failure.

    Raises:
        ValueError: a fact is no JSON value, or a number that is not finite.
    """
    severities = {finding.severity for finding in findings}
    status: Status = "fail" if "block" in severities else "error" if "error" in severities else "pass"
    json_facts = json.loads(json.dumps(facts, allow_nan=False)) if facts else {}
    return GateResult(status=status, findings=tuple(findings), **json_facts)


def skipped(reason: str) -> GateResult:
    """Return the result of a gate that did not run, and why."""
    return GateResult(status="skipped", reason=reason)
