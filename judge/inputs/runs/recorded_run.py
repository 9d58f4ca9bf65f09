"""One attempt at one task, as its harness described it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from judge.inputs.runs.judgement_file import RecordedJudgement
from judge.static_checks.model.case import Claim

PatchState = Literal["yes", "empty", "missing", "unreadable", "unknown"]
"""`missing`: the run left no patch; `unknown`: this description says nothing of the patch itself."""
Correctness = Literal["same", "changed", "unknown"]
NOT_EVALUATED = "not evaluated"
"""Status of a run that a report lists although nobody evaluated it."""


@dataclass(frozen=True, kw_only=True)
class Unread:
    """A file that could not be read: a finding of the audit, never a crash and never a failed patch."""

    path: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A timing as a harness recorded it; a number that is not there or not finite is None.

    Attributes:
        status: the harness's own word, verbatim.
        outputs: `baseline_output` and `patched_output` as found, long texts cut.
        correctness: what the harness found of the outputs or tests.
        stdout: the end of what was printed, cut.
        stderr: likewise.
        source: the file this was read from.
        interval: 95 % interval of the speed-up where the harness recorded one.
        test_script: the benchmark that was run, as recorded.
    """

    status: str | None = None
    baseline_ms: float | None = None
    patched_ms: float | None = None
    human_ms: float | None = None
    speedup: float | None = None
    human_speedup: float | None = None
    improvement: bool | None = None
    error: str | None = None
    outputs: Mapping[str, object] = field(default_factory=dict)
    correctness: Correctness = "unknown"
    stdout: str = ""
    stderr: str = ""
    duration_s: float | None = None
    source: str = ""
    interval: tuple[float, float] | None = None
    test_script: str | None = None

    @property
    def known_speedup(self) -> float | None:
        """The recorded speed-up if it is a number above zero, or the ratio of the times if those are."""
        if self.speedup is not None and self.speedup > 0:
            return self.speedup
        if self.speedup is None and self.baseline_ms and self.patched_ms:
            return self.baseline_ms / self.patched_ms
        return None


@dataclass(frozen=True, kw_only=True)
class RecordedRun:
    """One attempt at one task, as its harness described it; keeps paths, not contents.

    A reader fills in what its files say and leaves the rest; descriptions with the same `key` are of one
    run and are joined.

    Attributes:
        key: what joins descriptions of one run, e.g. REPO/AGENT/MODEL/RUN/ITEM.
        id: stable name of the run: path relative to the root given, FILE:LINE, or instance id.
        layout: the reader that described it.
        sources: files that describe it, as given.
        repo: name of the repository, as `--repo NAME=PATH` names it.
        base: commit the agent started from.
        human: human commit, the full id where known.
        run: the harness's id of the run, e.g. a folder named by time.
        item: the task's id in that run.
        started: unix seconds.
        claimed: what the harness recorded for the agent's run.
        claimed_status: the same in the harness's own word, verbatim.
        patch: the file, or the patch itself where it stands inside another file; None if there is none.
        patch_recorded: what the harness said about there being a patch.
        logs: log files of the run, never read whole.
        config: flat facts of the run's configuration.
        evaluation: recorded timing, None if nothing was recorded.
        judgements: what recorded judges said of the run.
    """

    key: str
    id: str
    layout: str
    sources: tuple[str, ...] = ()
    repo: str | None = None
    base: str | None = None
    human: str | None = None
    agent: str | None = None
    model: str | None = None
    run: str | None = None
    item: str | None = None
    started: float | None = None
    claimed: Claim | None = None
    claimed_status: str | None = None
    patch: Path | bytes | None = field(default=None, repr=False)
    patch_state: PatchState = "unknown"
    patch_recorded: bool | None = None
    returncode: int | None = None
    duration_s: float | None = None
    steps: int | None = None
    time_to_first_edit_s: float | None = None
    error: str | None = None
    error_type: str | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None
    logs: tuple[Path, ...] = ()
    prompt: Path | None = None
    task_text: Path | None = None
    config: Mapping[str, object] = field(default_factory=dict)
    evaluation: Evaluation | None = None
    judgements: tuple[RecordedJudgement, ...] = ()
