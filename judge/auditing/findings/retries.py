"""Finding retries."""

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import MAX_GROUPS, cut
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.auditing.context import Context
from judge.auditing.stores.grouped_rows import ConcernedRuns, GroupedRows

MOST = 3
"""Attempts that one agent and model may have at one commit; the limit that the critique of ISO-Bench's pipeline
asks for."""

_LETTERS = {"success": "s", "error": "e", None: "?"}


class _Collector:
    def __init__(self, context: Context) -> None:
        self.rows = GroupedRows()

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        if run.human is None:
            return
        group = "\t".join((run.repo or "", run.human[:8], run.agent or "", run.model or ""))
        self.rows.add(group, audited, value=run.started or 0.0, word=_LETTERS[run.claimed])

    def result(self) -> Sequence[Observation]:
        concerned = ConcernedRuns()
        many: list[_Task] = []
        tasks = often = flips = regretted = 0
        for group, rows in self.rows.groups():
            tasks += 1
            if len(rows) <= MOST:
                continue
            often += 1
            pattern = "".join(row.word for row in rows)
            flips += sum(before != after for before, after in itertools.pairwise(pattern)) > 1
            regretted += "se" in pattern
            for row in rows:
                concerned.add(row)
            many.append(_Task(-len(rows), group, pattern))
            if len(many) > 2 * MAX_GROUPS:
                many = sorted(many)[:MAX_GROUPS]
        if not many:
            return ()
        named = [task.described for task in sorted(many)[:MAX_GROUPS]]
        worst = named[0]
        message = (
            f"{often} of {tasks} tasks were tried more than {MOST} times by the same agent and model; "
            f"{worst['commit']} {worst['attempts']} times: {cut(str(worst['pattern']), 60)} (s success, e error, in "
            f"order of time); in {regretted} a success was followed by an error, in {flips} the outcome changed more "
            "than once"
        )
        return [Observation(message=message, runs=concerned.runs(), details={"tasks": named})]


class _Task(NamedTuple):
    """A task that was tried often; sorts by the number of attempts, most first."""

    order: int
    group: str
    pattern: str

    @property
    def described(self) -> Mapping[str, object]:
        """Return it for `details`."""
        names = dict(zip(("repo", "commit", "agent", "model"), self.group.split("\t"), strict=True))
        return {**names, "attempts": -self.order, "success": self.pattern.count("s"), "pattern": self.pattern}


KIND = FindingKind(
    code="retries",
    title="Many attempts at one commit",
    severity="warn",
    why="The best of twenty tries is not the success rate of one; and an outcome that changes from try to try shows "
    "that the service, the machine or the harness decides it, not the agent.",
    mend=f"Allow {MOST} attempts, count each of them, and after that record the task as failed with its errors by "
    "type.",
    bad=FindingExample(
        runs=tuple(
            sample(
                name,
                number=number,
                repo="r",
                human="c0ffee00",
                agent="a",
                model="m",
                started=float(number),
                claimed=claimed,
            )
            for number, (name, claimed) in enumerate(
                zip("abcde", ["error", "error", "success", "error", "success"], strict=True)
            )
        )
    ),
    good=FindingExample(
        runs=tuple(
            sample(name, number=number, repo="r", human="c0ffee00", agent=name, model="m", claimed="success")
            for number, name in enumerate("abcde")
        )
    ),
    collector=_Collector,
)
