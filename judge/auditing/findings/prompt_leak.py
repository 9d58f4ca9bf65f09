"""Finding prompt-leak."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.collectors import share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.auditing.context import Context
from judge.inputs.runs.task_text import HumanLines, read_task

SHARE = 0.05
"""Share of the changed lines from which on a task shows its answer. Held against the changes of ten other commits each,
none of 1,123 task texts of the public ISO-Bench archive reaches it with two lines; 735 reach it with their own."""
LEAST = 2
_BANDS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
_MOST_NAMED = 1000


class _Collector:
    def __init__(self, context: Context) -> None:
        self.human = HumanLines(context.human_diff)
        self.checked = 0
        self.unchecked = 0
        self.runs = RunSet()
        self.whole = RunSet()
        self.bands = dict.fromkeys(_BANDS, 0)
        self.named: list[dict[str, object]] = []

    def add(self, audited: AuditedRun) -> None:
        text = read_task(audited.run)
        if text is None:
            return
        lines = self.human.of(audited.run)
        if not lines:
            self.unchecked += 1
            return
        self.checked += 1
        shown = len(lines.intersection(line.rstrip() for line in text.splitlines()))
        part = shown / len(lines)
        if part < SHARE or (shown < LEAST and shown < len(lines)):
            return
        self.runs.add(audited)
        for band in _BANDS:
            self.bands[band] += part >= band
        if shown == len(lines):
            self.whole.add(audited)
        if len(self.named) < _MOST_NAMED:
            self.named.append({"run": audited.run.id, "shown": shown, "changed": len(lines), "share": round(part, 3)})

    def result(self) -> Sequence[Observation]:
        seen = []
        if len(self.runs):
            message = (
                f"{share(len(self.runs), self.checked)} task texts show their agent at least {SHARE:.0%} of the human "
                f"change line by line; {self.bands[0.5]} at least half of it, {len(self.whole)} all of it"
            )
            details = {
                "at_least": [{"share": band, "runs": count} for band, count in self.bands.items()],
                "shown_whole": list(self.whole),
                "runs": self.named,
            }
            seen.append(Observation(message=message, runs=self.runs, details=details))
        if self.unchecked:
            message = (
                f"{self.unchecked} task texts were not searched for the human change, because it is not known here; "
                "give --repo NAME=PATH"
            )
            title = "Task texts were not searched for the human change"
            seen.append(Observation(message=message, title=title, severity="info"))
        return seen


_HUMAN = """--- a/a.py
+++ b/a.py
@@ -1,3 +1,2 @@
 import torch
-mask = torch.zeros(8)
-mask.fill_(1)
+mask = torch.ones(8)
"""

KIND = FindingKind(
    code="prompt-leak",
    title="The task text shows the human change",
    severity="block",
    why="An agent that is shown the answer is not measured by repeating it. Distinct changed lines of the human diff, "
    "with their sign, are looked for as lines of the text; lines of fewer than four letters or digits do not count.",
    mend="Take the diff out of the task text and run these tasks again; report their results apart until then.",
    bad=FindingExample(
        runs=(sample("a", task_text="task.txt"),),
        files={"task.txt": f"Make it faster. Here is an example:\n{_HUMAN}"},
        human=_HUMAN,
    ),
    good=FindingExample(
        runs=(sample("a", task_text="task.txt"),),
        files={"task.txt": "Make it faster: mask = torch.zeros(8) is slow.\n+import os\n"},
        human=_HUMAN,
    ),
    collector=_Collector,
)
