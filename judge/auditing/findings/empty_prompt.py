"""Finding empty-prompt."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import Picked, count, cut, picking, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.inputs.runs.task_text import does_nothing, read_task, test_script


def _pick(audited: AuditedRun) -> str | None:
    text = read_task(audited.run)
    if text is None:
        return None
    if not text.strip():
        return "the text is empty"
    script = test_script(text)
    if script is not None and does_nothing(script):
        return f"the test script holds no statement: {cut(script)}" if script else "the test script is empty"
    return None


def _conclude(picked: Picked) -> Sequence[Observation]:
    first = next(iter(picked.groups))
    message = (
        f"{share(len(picked.runs), picked.among)} task texts name no problem; most common "
        f"({count(len(first.runs), 'run')}): {first.label}"
    )
    return [Observation(message=message, runs=picked.runs, details=picked.groups.table("text"))]


KIND = FindingKind(
    code="empty-prompt",
    title="The task text names no problem",
    severity="block",
    why="The agent is asked to speed up a script that does nothing. What it then changes is a guess, or comes from the "
    "example diff; it says nothing about what the agent can do.",
    mend="Put the benchmark of the commit into the task text, and refuse to start a run whose script has no statement.",
    bad=FindingExample(
        runs=(sample("a", task_text="task.txt"),),
        files={
            "task.txt": "Make this faster:\n<test_script>\n# the operations are in the files below\n</test_script>\n"
        },
    ),
    good=FindingExample(
        runs=(sample("a", task_text="task.txt"), sample("b", number=1, task_text="other.txt"), sample("c", number=2)),
        files={
            "task.txt": "Make this faster:\n<test_script>\n# setup\nimport a\na.run()\n</test_script>\n",
            "other.txt": "Loading a.json takes 3 s; it should take less.\n",
        },
    ),
    collector=picking(_pick, _conclude, among=lambda audited: audited.run.task_text is not None),
)
