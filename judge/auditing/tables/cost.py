"""What the runs cost, and what one true success cost; without a true success there is no such number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from judge.auditing import measures
from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import Table
from judge.auditing.context import Context
from judge.inputs.runs.agent_log import read_end

ORDER = 80
_MAX_GROUPS = 500


@dataclass(kw_only=True)
class _Sums:
    runs: int = 0
    true: int = 0
    real: int = 0
    timed_runs: int = 0
    seconds: float = 0.0
    with_tokens: int = 0
    from_log: int = 0
    tokens_input: int = 0
    tokens_output: int = 0

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        self.runs += 1
        self.true += measures.true_success(audited)
        self.real += measures.real_code(audited) is True
        if run.duration_s is not None:
            self.timed_runs += 1
            self.seconds += run.duration_s
        used = run.tokens_input, run.tokens_output
        if used == (None, None) and run.logs:
            end = read_end(run.logs)
            used = end.tokens_input, end.tokens_output
            self.from_log += used != (None, None)
        if used != (None, None):
            self.with_tokens += 1
            self.tokens_input += used[0] or 0
            self.tokens_output += used[1] or 0

    def row(self, *names: str) -> tuple[str | int | float | None, ...]:
        hours = self.seconds / 3600 if self.timed_runs else None
        tokens = self.tokens_input + self.tokens_output if self.with_tokens else None
        return (
            *names, self.runs, self.true, self.real, hours, self.timed_runs, self.tokens_input or None,
            self.tokens_output or None, self.with_tokens, self.from_log,
            _each(hours, self.real), _each(hours, self.true), _each(tokens, self.true),
        )  # fmt: skip


def _each(whole: float | None, count: int) -> float | None:
    return whole / count if whole is not None and count else None


class _Costs:
    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], _Sums] = {}

    def add(self, audited: AuditedRun) -> None:
        key = (audited.run.agent or "-", audited.run.model or "-")
        if key not in self._groups and len(self._groups) >= _MAX_GROUPS:
            key = ("(others)", "(others)")
        sums = self._groups.setdefault(key, _Sums())
        sums.add(audited)

    def result(self) -> Sequence[Table]:
        whole = _Sums()
        for sums in self._groups.values():
            for name, value in vars(sums).items():
                setattr(whole, name, getattr(whole, name) + value)
        rows = [sums.row(*key) for key, sums in sorted(self._groups.items(), key=lambda item: (-item[1].runs, item[0]))]
        return [
            Table(
                name="cost",
                title="Cost, and cost of a true success",
                columns=(
                    "agent", "model", "runs", "true successes", "patches of real code", "agent hours",
                    "runs with hours", "tokens in", "tokens out", "runs with tokens", "of these from the log",
                    "hours per patch of real code", "hours per true success", "tokens per true success",
                ),
                rows=[whole.row("all", "all"), *rows],
                note="A cell is empty where nothing was recorded, or where there is no true success to share the cost.",
            )
        ]  # fmt: skip


def collect(context: Context) -> _Costs:
    """Start gathering."""
    return _Costs()
