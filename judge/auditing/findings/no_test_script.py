"""Finding no-test-script."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.collectors import Groups, count, recoverable, share, task_label
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample, timed
from judge.auditing.context import Context
from judge.auditing.stores.grouped_rows import GroupedRows
from judge.inputs.runs.recorded_run import Evaluation


class _Collector:
    """Also finds out which commits have a test script in another run: there the script exists and was not found."""

    def __init__(self, context: Context) -> None:
        self.evaluated = 0
        self.recovers = 0
        self.runs = RunSet()
        self.commits = Groups()
        self.rows = GroupedRows()

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        if run.evaluation is None:
            return
        self.evaluated += 1
        failure = audited.timing_failure
        without = failure is not None and failure.kind == "no-test-script"
        if without:
            self.runs.add(audited)
            self.recovers += recoverable(run)
            self.commits.add(task_label(run), audited)
        if without or run.evaluation.test_script:
            self.rows.add(task_label(run), audited, word="without" if without else "with")

    def result(self) -> Sequence[Observation]:
        elsewhere = [row for _, rows in self.rows.groups() if any(row.word == "with" for row in rows) for row in rows]
        elsewhere = [row for row in elsewhere if row.word == "without"]
        if not len(self.runs):
            return ()
        message = (
            f"{share(len(self.runs), self.evaluated)} evaluations had no test script, over "
            f"{count(len(self.commits), 'commit')}; for {len(elsewhere)} of these runs another run of the same commit "
            "had one"
        )
        details = {"script_found_in_another_run": len(elsewhere), **self.commits.table("commit")}
        return [Observation(message=message, runs=self.runs, recovers=self.recovers, details=details)]


KIND = FindingKind(
    code="no-test-script",
    title="There was no test script to time the patch with",
    severity="block",
    why="The patch was never run. Where another run of the same commit had a script, the evaluation looked in the "
    "wrong place; where none had, the commit should not be in the set.",
    mend="Point every evaluation at the same scripts; write the missing ones or leave their commits out; then evaluate "
    "these runs again.",
    bad=FindingExample(
        runs=(
            sample(
                "a", repo="r", human="c0ffee", evaluation=Evaluation(status="no_test", error="No test script found")
            ),
            sample("b", number=1, repo="r", human="c0ffee", evaluation=timed(2.0, 1.0, test_script="t.py")),
        )
    ),
    good=FindingExample(runs=(sample("a", repo="r", human="c0ffee", evaluation=timed(2.0, 1.0, test_script="t.py")),)),
    collector=_Collector,
)
