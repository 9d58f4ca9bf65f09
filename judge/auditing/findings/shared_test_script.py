"""Finding shared-test-script."""

import hashlib
from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.auditing.context import Context
from judge.auditing.stores.grouped_rows import ConcernedRuns, GroupedRows
from judge.inputs.runs.task_text import does_nothing, read_task, test_script


class _Collector:
    def __init__(self, context: Context) -> None:
        self.scripts = 0
        self.rows = GroupedRows()

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        script = test_script(read_task(run) or "")
        if script is None or does_nothing(script) or run.human is None:
            return
        self.scripts += 1
        digest = hashlib.sha256(script.encode("utf-8", "surrogateescape")).hexdigest()[:12]
        self.rows.add(digest, audited, word=f"{run.repo} {run.human[:8]}")

    def result(self) -> Sequence[Observation]:
        shared: list[dict[str, object]] = []
        concerned = ConcernedRuns()
        for digest, rows in self.rows.groups():
            commits = sorted({row.word for row in rows})
            if len(commits) > 1:
                shared.append({"script_sha256": digest, "runs": len(rows), "commits": commits})
                for row in rows:
                    concerned.add(row)
        if not shared:
            return ()
        groups = "; ".join(f"{group['runs']} runs of {len(group['commits'])} commits" for group in shared[:5])  # type: ignore[arg-type]  # a list
        message = (
            f"{share(len(concerned), self.scripts)} test scripts are given word for word for several commits, so they "
            f"are about at most one of them: {groups}"
        )
        return [Observation(message=message, runs=concerned.runs(), details={"scripts": shared})]


_TASK = "<test_script>\nimport a\na.run()\n</test_script>\n"

KIND = FindingKind(
    code="shared-test-script",
    title="The same test script for different commits",
    severity="warn",
    why="A script that stands in for many tasks is not about the code of each: the agent is sent to other code than "
    "the one it is graded on, even to another repository's.",
    mend="Give each task the benchmark of its own commit.",
    bad=FindingExample(
        runs=(
            sample("a", repo="r", human="c0ffee", task_text="task.txt"),
            sample("b", number=1, repo="r", human="beef", task_text="task.txt"),
        ),
        files={"task.txt": _TASK},
    ),
    good=FindingExample(
        runs=(
            sample("a", repo="r", human="c0ffee", task_text="task.txt"),
            sample("b", number=1, repo="r", human="c0ffee", task_text="task.txt"),
            sample("c", number=2, repo="r", human="beef", task_text="other.txt"),
        ),
        files={"task.txt": _TASK, "other.txt": _TASK.replace("run", "walk")},
    ),
    collector=_Collector,
)
