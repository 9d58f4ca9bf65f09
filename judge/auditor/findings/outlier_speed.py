"""Finding outlier-speed."""

from collections.abc import Sequence

from judge.auditor.context import Context
from judge.auditor.evidence import known_speedup
from judge.auditor.gather import MAX_GROUPS, share, task_of
from judge.auditor.kind import Example, Kind, Seen, sample, timed
from judge.auditor.rows import Concerned, Row, Rows
from judge.auditor.run import AuditedRun

FAR = 2.0
"""A factor from which on a speed-up or slow-down is looked at: a sanity check of ISO-Bench's results calls 2.16
suspicious and 0.12 a sign of breakage; of 107 timed runs there 101 lie within a factor of 1.5 and six beyond 2."""
ALIKE = 1.25
"""Patches whose factors lie within this of each other share a cause that is not in the patches."""


class _Collector:
    def __init__(self, context: Context) -> None:
        self.timed = 0
        self.rows = Rows()

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        speedup = known_speedup(run.evaluation) if run.evaluation is not None else None
        if run.evaluation is None or speedup is None:
            return
        self.timed += 1
        human = run.evaluation.human_speedup
        if human is not None and human > 0 and 1 / FAR <= speedup / human <= FAR:
            return  # as far from 1 as the human change is, and so what the task is about
        self.rows.add(
            task_of(run),
            audited,
            value=speedup,
            word=audited.patch_sha256 or run.id,
        )

    def result(self) -> Sequence[Seen]:
        fast: list[Row] = []
        slow: list[Row] = []
        alike: list[dict[str, object]] = []
        for task, rows in self.rows.groups():
            far = [row for row in rows if not 1 / FAR <= row.value <= FAR]
            fast += [row for row in far if row.value > FAR]
            slow += [row for row in far if row.value < 1 / FAR]
            if far and len({row.word for row in rows}) > 2 and rows[-1].value <= ALIKE * rows[0].value:
                alike.append({"task": task, "runs": len(rows), "from": rows[0].value, "to": rows[-1].value})
        seen = [
            _say("speed-ups above", FAR, fast, self.timed, alike),
            _say("slow-downs below", 1 / FAR, slow, self.timed, alike),
        ]
        return [found for found in seen if found is not None]


def _say(what: str, limit: float, rows: list[Row], timed: int, alike: list[dict[str, object]]) -> Seen | None:
    if not rows:
        return None
    values = [row.value for row in rows]
    message = (
        f"{share(len(rows), timed)} timed runs have {what} {limit:g}x, from {min(values):.2f}x to {max(values):.2f}x"
    )
    tasks = {row.group for row in rows}
    same = [found for found in alike if found["task"] in tasks]
    if same:
        names = ", ".join(f"{found['task']} ({found['from']:.2f}x to {found['to']:.2f}x)" for found in same[:3])
        message += f"; at {names} different patches have about the same factor, so look at the benchmark first"
    far = [{"task": row.group, "run": row.id, "speedup": row.value} for row in sorted(rows, key=lambda row: row.value)]
    concerned = Concerned()
    for row in rows:
        concerned.add(row)
    details = {"runs": far[:MAX_GROUPS], "same_factor": same[:MAX_GROUPS]}
    return Seen(message=message, title=f"{what.capitalize()} {limit:g}x", runs=concerned.runs(), details=details)


KIND = Kind(
    code="outlier-speed",
    title="Speed-ups and slow-downs far from all others",
    severity="warn",
    why=f"A factor beyond {FAR:g} is a great discovery, a short-circuited benchmark, or a cost that fell into the "
    "timed part, such as a compilation; a mean over runs is decided by these few.",
    mend="Look at each: time it again, interleaved with its base, and see that the outputs are the same. Where "
    "different patches for one commit have the same factor, mend the benchmark.",
    bad=Example(
        runs=(
            *(
                sample(name, number=number, repo="r", human="c0ffee", evaluation=timed(1.0, 8.0 + number / 10))
                for number, name in enumerate("abc")
            ),
            sample("d", number=3, repo="r", human="beef", evaluation=timed(9.0, 1.0)),
        )
    ),
    good=Example(
        runs=(
            sample("a", evaluation=timed(1.3, 1.0)),
            sample("b", number=1, evaluation=timed(5.0, 1.0, human_speedup=6.0)),
        )
    ),
    collector=_Collector,
)
