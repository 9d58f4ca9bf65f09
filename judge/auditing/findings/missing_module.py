"""Finding missing-module."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.collectors import Groups, recoverable, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample, timed
from judge.auditing.context import Context
from judge.inputs.runs.recorded_run import Evaluation


class _Collector:
    def __init__(self, context: Context) -> None:
        self.evaluated = 0
        self.runs = RunSet()
        self.recovers = 0
        self.modules = Groups()
        self.own: set[str] = set()

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        self.evaluated += run.evaluation is not None
        failure = audited.timing_failure
        if failure is None or failure.kind != "missing-module":
            return
        self.runs.add(audited)
        self.modules.add(failure.label, audited)
        self.recovers += recoverable(run)
        if failure.label.split(".")[0] == run.repo:
            self.own.add(failure.label)

    def result(self) -> Sequence[Observation]:
        if not len(self.runs):
            return ()
        ranked = ", ".join(f"{group.label} {len(group.runs)}" for group in list(self.modules)[:6])
        more = f" and {len(self.modules) - 6} more" if len(self.modules) > 6 else ""
        message = (
            f"{share(len(self.runs), self.evaluated)} evaluations found no number for want of a module: "
            f"{ranked}{more}; {self.recovers} of them have a patch to time"
        )
        details = {
            **self.modules.table("module"),
            "of_the_package_under_test": sorted(self.own),
        }
        return [Observation(message=message, runs=self.runs, recovers=self.recovers, details=details)]


KIND = FindingKind(
    code="missing-module",
    title="The environment lacks a module, or holds one that cannot be imported",
    severity="block",
    why="The benchmark never ran, on the base as little as on the patch: nothing is known about the patch, and the run "
    "counts neither for nor against it. A module of the package under test itself is either a compiled part that was "
    "not built or one that this commit does not have.",
    mend="Install the modules at the head of the list, in versions that fit each other, build the compiled parts, and "
    "evaluate these runs again; the count of each is what mending it wins back at most.",
    bad=FindingExample(
        runs=(
            sample("a", repo="vllm", patch_state="yes", evaluation=Evaluation(error="No module named 'cbor2'")),
            sample("b", number=1, repo="vllm", evaluation=Evaluation(error="No module named 'vllm._C'")),
        )
    ),
    good=FindingExample(
        runs=(
            sample("a", evaluation=timed(2.0, 1.0, stderr="WARNING No module named 'x'\n")),
            sample("b", number=1, evaluation=Evaluation(error="TypeError: f() takes no arguments")),
        )
    ),
    collector=_Collector,
)
