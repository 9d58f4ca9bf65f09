"""Which failures may be gone when the same command is given again, so that a record of them is no last word."""

from __future__ import annotations

from judge.core.judgement import WAITING, Abstained, Errored, Judgement, NotAsked
from judge.core.timing import NotTimed
from judge.llm.reply import TRANSIENT
from judge.results.record import VerdictRecord

# The inputs are in a record's key, so only what lies outside of them can change: processes, disk, time.
_MACHINE = frozenset({"apply-git", "apply-grader-died", "trees", "base-budget", "candidate-budget"})


def is_transient(record: VerdictRecord) -> bool:
    """Return whether a stage failed by a fault that may be gone the next time, so that it is worth another try."""
    gate_errors = {error.code for gate in record.gates.values() for error in gate.errors}
    judgement, timing = record.judgement, record.timing
    return (
        bool(gate_errors & _MACHINE)
        or (isinstance(timing, NotTimed) and timing.status == "error" and timing.reason in _MACHINE)
        or is_waiting(judgement)
        or (isinstance(judgement, Errored | Abstained) and bool(_reasons(judgement) & TRANSIENT))
    )


def is_waiting(judgement: Judgement) -> bool:
    """Return whether a judge is still to be asked: nothing is final, and nothing is written down."""
    return isinstance(judgement, NotAsked) and judgement.reason in WAITING


def _reasons(judgement: Errored | Abstained) -> set[str]:
    """Why there is no judgement: its own reason and those of the votes that failed."""
    return {judgement.reason, *(vote.reason for vote in judgement.votes if vote.reason and vote.status == "error")}
