"""Finding other-commit."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.collectors import Groups, count, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample
from judge.auditing.context import Context
from judge.static_checks.model.finding import Finding, GateResult

MOST_COMMITS = 50
"""Commits that an agent may have made on top of its base. Of 867 runs of the public ISO-Bench archive that record the
count 835 have at most 4; the other 32 have 62 to 7,755, which is the
repository's history: the agent did not start at the recorded base."""


class _Collector:
    def __init__(self, context: Context) -> None:
        self.seen = 0
        self.unchecked = 0
        self.made = RunSet()
        self.history = RunSet()
        self.batches = Groups()
        self.origins = Groups()

    def add(self, audited: AuditedRun) -> None:
        run = audited.run
        if run.patch_state != "yes":
            return
        self.seen += 1
        self.unchecked += audited.gates is None
        batch = "/".join(part for part in (run.repo, run.agent, run.model, run.run) if part)
        apply = (audited.gates or {}).get("apply")
        misfit = next((f for f in apply.findings if f.code == "apply-other-commit"), None) if apply else None
        if misfit is not None:
            self.made.add(audited)
            self.batches.add(batch, audited)
            self.origins.add(misfit.message, audited)
        commits = run.config.get("metrics.commit_count")
        if isinstance(commits, int) and commits > MOST_COMMITS:
            self.history.add(audited)

    def result(self) -> Sequence[Observation]:
        seen = []
        if len(self.made):
            batches = ", ".join(f"{group.label} {len(group.runs)}" for group in list(self.batches)[:3])
            message = (
                f"{share(len(self.made), self.seen)} patches do not apply to the recorded base because they were made "
                f"against another commit; by batch: {batches}"
            )
            details = {**self.batches.table("batch"), "origins": self.origins.table("made_against")["by_made_against"]}
            seen.append(Observation(message=message, runs=self.made, recovers=len(self.made), details=details))
        if len(self.history):
            message = (
                f"{share(len(self.history), self.seen)} runs with a patch count more than {MOST_COMMITS} commits since "
                "the recorded base: history of the repository, not the agent's work, so the agent stood elsewhere"
            )
            title = "The agent did not start at the recorded base"
            seen.append(Observation(message=message, title=title, runs=self.history, severity="warn"))
        if self.unchecked:
            message = (
                f"{count(self.unchecked, 'patch')} were not held against the base, which is not known here; give --repo"
            )
            title = "Patches were not held against their base"
            seen.append(Observation(message=message, title=title, severity="info"))
        return seen


KIND = FindingKind(
    code="other-commit",
    title="The patch was made against another commit than the recorded base",
    severity="block",
    why="The harness gave the agent another checkout than it recorded. The patch then fails to apply, or is timed in "
    "code it was not made for: the harness's fault, not the agent's.",
    mend="Record the commit that is really checked out when the agent starts; grade these patches on the commit that "
    "they name, and run the batch again if that is not the task.",
    bad=FindingExample(
        runs=(
            sample(
                "a",
                patch_state="yes",
                gates={
                    "apply": GateResult(
                        status="fail",
                        findings=(Finding(code="apply-other-commit", severity="warn", message="made against c0ffee"),),
                    )
                },
            ),
            sample("b", number=1, patch_state="yes", config={"metrics.commit_count": 1878}),
        )
    ),
    good=FindingExample(
        runs=(
            sample(
                "a", patch_state="yes", gates={"apply": GateResult(status="pass")}, config={"metrics.commit_count": 2}
            ),
            sample("b", number=1, patch_state="empty", config={"metrics.commit_count": 1878}),
        )
    ),
    collector=_Collector,
)
