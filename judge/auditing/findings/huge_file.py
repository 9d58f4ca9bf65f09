"""Finding huge-file."""

from collections.abc import Sequence
from pathlib import Path

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import EXAMPLES, RunSet
from judge.auditing.collecting.collectors import count
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.auditing.context import Context
from judge.inputs.runs.agent_log import TAIL_BYTES
from judge.inputs.runs.task_text import MOST_BYTES

_LONG_LOG = 64 << 20
"""Every log is read at its end only; the longest in the public ISO-Bench archive has 0.2 MiB."""


class _Collector:
    def __init__(self, context: Context) -> None:
        self.runs = RunSet()
        self.files = 0
        self.named: list[dict[str, object]] = []

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        for file, limit in ((run.task_text, MOST_BYTES), *((log, _LONG_LOG) for log in run.logs)):
            size = _size(file) if file is not None else 0
            if size > limit:
                self.runs.add(audited)
                self.files += 1
                if len(self.named) < EXAMPLES:
                    self.named.append({"path": str(file), "bytes": size})

    def result(self) -> Sequence[Observation]:
        if not self.files:
            return ()
        first = ", ".join(f"{file['path']} ({file['bytes']:,} bytes)" for file in self.named)
        message = (
            f"{count(self.files, 'file')} not read whole: of a log the last {TAIL_BYTES >> 10} KiB, of a task text the "
            f"first {MOST_BYTES >> 20} MiB; the first of them: {first}"
        )
        return [Observation(message=message, runs=self.runs, details={"files": self.named, "count": self.files})]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0  # named as unread already


KIND = FindingKind(
    code="huge-file",
    title="A log or task text is too long to be read whole",
    severity="warn",
    why="What stands in the part that was not read (steps, tokens, an error, the shown change) is missing here. A log "
    "of gigabytes is itself a sign: an agent in a loop, or a benchmark that prints inside its timed part.",
    mend="Look at the end of the file for the line that repeats; limit what is logged.",
    bad=FindingExample(runs=(sample("a", task_text="task.txt"),), files={"task.txt": "x" * (MOST_BYTES + 1)}),
    good=FindingExample(runs=(sample("a", task_text="task.txt"),), files={"task.txt": "Make it faster."}),
    collector=_Collector,
)
