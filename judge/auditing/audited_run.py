"""The hub type of an audit: a recorded run with what regrading made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from judge.auditing.regrading.timing_failure import TimingFailure
from judge.core.judgement import Judgement
from judge.core.timing import Timing
from judge.core.verdict import Verdict
from judge.inputs.runs.recorded_run import RecordedRun
from judge.static_checks.model.finding import Gate, GateResult


@dataclass(frozen=True, kw_only=True)
class AuditedRun:
    """A run with what regrading made of it.

    Attributes:
        number: place of the run in the audit, 0 and up in order of id; what a `RunSet` keeps.
        task: REPO/HUMAN commit, or what else names the task.
        gates: what the static gates said; None where the run's repository was not given.
        timing: the recorded timing, as evidence.
        twins: other tasks that were given the same, non-empty patch text, as REPO/HUMAN commit.
        patch_sha256: digest of the patch, None if there is none.
        patch_bytes: size of the patch, None if there is none.
        timing_failure: what kept the run from being timed, read once from what was recorded.
    """

    number: int
    run: RecordedRun
    task: str = ""
    gates: Mapping[Gate, GateResult] | None
    timing: Timing
    judgement: Judgement
    outcome: Verdict
    twins: tuple[str, ...] = ()
    patch_sha256: str | None = None
    patch_bytes: int | None = None
    timing_failure: TimingFailure | None = None
