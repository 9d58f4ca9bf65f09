"""Finding retries."""

import itertools
from collections.abc import Sequence

from judge.auditor.context import Context
from judge.auditor.gather import MAX_GROUPS
from judge.auditor.kind import Example, Kind, Seen, sample
from judge.auditor.rows import Concerned, Rows
from judge.auditor.run import AuditedRun

MOST = 3
"""Attempts that one agent and model may have at one commit; the limit that the critique of ISO-Bench's pipeline
asks for."""

_LETTERS = {"success": "s", "error": "e", None: "?"}


class _Collector:
    def __init__(self, context: Context) -> None:
        self.rows = Rows()

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        if run.human is None:
            return
        group = "\t".join((run.repo or "", run.human[:8], run.agent or "", run.model or ""))
        self.rows.add(group, audited, value=run.started or 0.0, word=_LETTERS[run.claimed])

    def result(self) -> Sequence[Seen]:
        concerned = Concerned()
        groups: list[dict[str, object]] = []
        tasks = flips = regretted = 0
        for group, rows in self.rows.groups():
            tasks += 1
            if len(rows) <= MOST:
                continue
            pattern = "".join(row.word for row in rows)
            turns = sum(before != after for before, after in itertools.pairwise(pattern))
            flips += turns > 1
            regretted += "se" in pattern
            for row in rows:
                concerned.add(row)
            repo, commit, agent, model = group.split("\t")
            groups.append(
                {"repo": repo, "commit": commit, "agent": agent, "model": model, "attempts": len(rows),
                 "success": pattern.count("s"), "pattern": pattern}
            )  # fmt: skip
        if not groups:
            return ()
        groups.sort(key=lambda found: (-len(str(found["pattern"])), str(found["commit"]), str(found["model"])))
        worst = groups[0]
        message = (
            f"{len(groups)} of {tasks} tasks were tried more than {MOST} times by the same agent and model; "
            f"{worst['commit']} {worst['attempts']} times: {worst['pattern']} (s success, e error, in order of time); "
            f"in {regretted} a success was followed by an error, in {flips} the outcome changed more than once"
        )
        return [Seen(message=message, runs=concerned.runs(), details={"tasks": groups[:MAX_GROUPS]})]


KIND = Kind(
    code="retries",
    title="Many attempts at one commit",
    severity="warn",
    why="The best of twenty tries is not the success rate of one; and an outcome that changes from try to try shows "
    "that the service, the machine or the harness decides it, not the agent.",
    mend=f"Allow {MOST} attempts, count each of them, and after that record the task as failed with its errors by "
    "type.",
    bad=Example(
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
    good=Example(
        runs=tuple(
            sample(name, number=number, repo="r", human="c0ffee00", agent=name, model="m", claimed="success")
            for number, name in enumerate("abcde")
        )
    ),
    collector=_Collector,
)
