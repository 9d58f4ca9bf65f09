"""Finding tokens-not-recorded."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.collectors import describes_process, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.auditing.context import Context
from judge.inputs.runs.agent_log import read_end


class _Collector:
    def __init__(self, context: Context) -> None:
        self.all = 0
        self.unrecorded = RunSet()
        self.in_log = RunSet()
        self.input = 0
        self.output = 0

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        if run.claimed is None or not describes_process(run):
            return
        self.all += 1
        if run.tokens_input or run.tokens_output:
            return
        self.unrecorded.add(audited)
        if run.logs and (end := read_end(run.logs)).has_tokens:
            self.in_log.add(audited)
            self.input += end.tokens_input or 0
            self.output += end.tokens_output or 0

    def result(self) -> Sequence[Observation]:
        if not len(self.unrecorded):
            return ()
        message = f"{share(len(self.unrecorded), self.all)} runs have no token count in their record"
        if len(self.in_log):
            message += (
                f"; {len(self.in_log)} of them have one in their log: {self.input:,} input and {self.output:,} output "
                "tokens in all"
            )
        return [
            Observation(
                message=message,
                runs=self.unrecorded,
                recovers=len(self.in_log),
                details={
                    "runs_with_tokens_in_log": list(self.in_log),
                    "tokens_input": self.input,
                    "tokens_output": self.output,
                },
            )
        ]


_LOG = "│ Steps            │ 9      │\n│ Input Tokens     │ 74084  │\n│ Output Tokens    │ 1067   │\n"

KIND = FindingKind(
    code="tokens-not-recorded",
    title="Tokens were not recorded",
    severity="warn",
    why="Without them the cost of a run, and so of a true success, is unknown; a zero in a cost table is then a "
    "gap that looks like a number. Agents print the count at the end of their log.",
    mend="Record the usage that the model's service returns with each reply; until then take it from the logs.",
    bad=FindingExample(
        runs=(
            sample("a", claimed="success", logs=("a/out.txt",)),
            sample("b", number=1, claimed="error", returncode=1),
        ),
        files={"a/out.txt": _LOG},
    ),
    good=FindingExample(
        runs=(
            sample("a", claimed="success", tokens_input=74084, tokens_output=1067, logs=("a/out.txt",)),
            sample("b", number=1, claimed="error", claimed_status="unresolved"),
        ),
        files={"a/out.txt": _LOG},
    ),
    collector=_Collector,
)
