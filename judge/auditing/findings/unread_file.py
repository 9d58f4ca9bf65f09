"""Finding unread-file."""

from collections import Counter
from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import count
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.auditing.context import Context
from judge.inputs.runs.recorded_run import Unread

MOST = 1000


class _Collector:
    def __init__(self, context: Context) -> None:
        self.unread = context.unread

    def add(self, audited: AuditedRun) -> None:
        """Nothing is asked of the runs: these files made none."""

    def result(self) -> Sequence[Observation]:
        if not self.unread:
            return ()
        whys = Counter(unread.why for unread in self.unread).most_common(3)
        reasons = "; ".join(f"{number} x {why}" for why, number in whys)
        message = f"{count(len(self.unread), 'file')} could not be read: {reasons}"
        files = [{"path": unread.path, "why": unread.why} for unread in self.unread[:MOST]]
        return [Observation(message=message, recovers=len(self.unread), details={"files": files})]


KIND = FindingKind(
    code="unread-file",
    title="A file could not be read",
    severity="warn",
    why="What it describes is missing from every table: the runs in it are neither successes nor failures.",
    mend="Restore the file or remove it; if it is whole, the layout is one that is not known here.",
    bad=FindingExample(unread=(Unread(path="a/journal.json", why="not JSON: ends in the middle"),)),
    good=FindingExample(runs=(sample("a"),)),
    collector=_Collector,
)
