"""Judgements in our own form: what some judge said of exactly these patch bytes, checked again before it counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from judge.core.judgement import (
    Abstained,
    Bottleneck,
    Errored,
    Evidence,
    Judged,
    Judgement,
    LogicMatch,
    Tokens,
    Unit,
    completeness,
    derive_match,
)
from judge.core.question import Question
from judge.errors import UsageError
from judge.static_checks.patch.parse import decode


class StoredJudgement(BaseModel):
    """One line of a replay file."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_version: Literal[1] = Field(alias="schema")
    id: str
    patch_sha256: str
    judge: str
    status: Literal["judged", "abstained", "error"]
    reason: str = ""
    message: str = ""
    logic_match: LogicMatch | None = None
    bottleneck: Bottleneck | None = None
    units: tuple[Unit, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    tokens: Tokens | None = None
    cost_usd: float | None = None
    note: str = ""


class StoredJudge:
    """Looks a candidate up; a stored answer counts only for the patch text it was given for."""

    def __init__(self, stored: dict[str, StoredJudgement], identity: str) -> None:
        """Serve `stored`, by candidate id."""
        self._stored = stored
        self.identity = identity

    def judge(self, question: Question) -> Judgement:
        """Return what was stored, with match and quotes checked again here."""
        stored = self._stored.get(question.candidate)
        if stored is None:
            return not_recorded("no judgement of this candidate is stored")
        if stored.patch_sha256 != question.patch_sha256:
            return not_recorded("the stored judgement is of another patch text (its digest differs)")
        return _replayed(stored, question)


def not_recorded(message: str) -> Abstained:
    """Say that nothing is known of a candidate, and why."""
    return Abstained(judge="replay", scope="recorded answers only", reason="not-recorded", message=message)


def read_stored(lines: Iterable[tuple[str, bytes]], identity: str) -> StoredJudge:
    """Read the lines of a file, each with its place for messages.

    Raises:
        UsageError: a line is no stored judgement, or the second one of a candidate.
    """
    stored: dict[str, StoredJudgement] = {}
    for place, line in lines:
        try:
            entry = StoredJudgement.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            raise UsageError(f"{place}: not a stored judgement: {key}: {first['msg']}") from error
        if entry.id in stored:
            raise UsageError(f"{place}: a second judgement of {entry.id!r}; keep one")
        stored[entry.id] = entry
    return StoredJudge(stored, identity)


def _replayed(stored: StoredJudgement, question: Question) -> Judgement:
    scope = f"recorded answer; {stored.note}" if stored.note else "recorded answer"
    judge, tokens, cost = stored.judge, stored.tokens, stored.cost_usd
    reason, message = stored.reason or "unknown", stored.message or "no message was stored"
    if stored.status == "error":
        return Errored(judge=judge, scope=scope, reason=reason, message=message, tokens=tokens, cost_usd=cost)
    if stored.status == "abstained":
        return Abstained(judge=judge, scope=scope, reason=reason, message=message, tokens=tokens, cost_usd=cost)
    if stored.bottleneck is None or not stored.units:
        message = "a judged entry needs `bottleneck` and `units`"
        return Errored(judge=judge, scope=scope, reason="schema-invalid", message=message, tokens=tokens, cost_usd=cost)
    match = derive_match(stored.units, stored.bottleneck)
    if match is None:
        message = "the match turns on units of which the answer is unclear"
        return Abstained(judge=judge, scope=scope, reason="unclear", message=message, tokens=tokens, cost_usd=cost)
    contradictions = []
    if stored.logic_match is not None and stored.logic_match != match:
        contradictions.append(f"stored logic_match {stored.logic_match!r}, but its units and bottleneck give {match!r}")
    evidence = tuple(claim.model_copy(update={"verified": _verbatim(claim, question)}) for claim in stored.evidence)
    return Judged(
        judge=judge,
        scope=scope,
        tokens=tokens,
        cost_usd=cost,
        logic_match=match,
        completeness=completeness(stored.units),
        bottleneck=stored.bottleneck,
        units=stored.units,
        evidence=evidence,
        unverified_quotes=sum(claim.verified is False for claim in evidence),
        contradictions=tuple(contradictions),
    )


def _verbatim(claim: Evidence, question: Question) -> bool:
    """Whether the quote stands in the named file on the named side."""
    ours, theirs = question.files, question.human_files
    if claim.side == "base":
        texts = [file.before for file in (*ours, *theirs) if claim.file in (file.path, file.change.old_path)]
        return any(text is not None and claim.quote in decode(text) for text in texts)
    return any(
        claim.quote in line.text
        for file in (ours if claim.side == "candidate" else theirs)
        if claim.file in (file.path, file.change.old_path)
        for hunk in file.change.hunks
        for line in hunk.lines
    )
