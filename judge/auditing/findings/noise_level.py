"""Finding noise-level."""

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.collectors import share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import sample, timed
from judge.auditing.context import Context
from judge.auditing.regrading.recorded_evidence import GAIN, LOSS


class _Collector:
    def __init__(self, context: Context) -> None:
        self.timed = 0
        self.claimed = 0
        self.neutral = RunSet()
        self.claims = RunSet()

    def add(self, audited: AuditedRun) -> None:
        evaluation = audited.run.evaluation
        speedup = evaluation.known_speedup if evaluation is not None else None
        if evaluation is None or speedup is None or evaluation.interval is not None:
            return
        self.timed += 1
        self.claimed += evaluation.improvement is True
        if LOSS <= speedup <= GAIN:
            self.neutral.add(audited)
            if evaluation.improvement:
                self.claims.add(audited)

    def result(self) -> Sequence[Observation]:
        band = f"{LOSS:g}x to {GAIN:g}x"
        seen = []
        if len(self.claims):
            message = (
                f"{share(len(self.claims), self.claimed)} recorded improvements lie within {band}: any ratio above 1 "
                "was counted"
            )
            title = "Recorded as an improvement, but within the noise"
            seen.append(Observation(message=message, title=title, runs=self.claims, recovers=0))
        if len(self.neutral):
            message = (
                f"{share(len(self.neutral), self.timed)} timed runs lie within {band}, with no interval to tell them "
                "from noise"
            )
            seen.append(Observation(message=message, runs=self.neutral, severity="info"))
        return seen


KIND = FindingKind(
    code="noise-level",
    title="The result is within the noise",
    severity="block",
    why="In the public ISO-Bench archive the same base, timed again, differs by up to 13.6 % (1.5 % in the median). "
    "One number within 5 % of 1, the band that its own tables call neutral, shows neither an improvement nor a "
    "regression.",
    mend="Time base and patch interleaved, several times, and call it an improvement only if the whole interval of the "
    "ratio lies above the threshold; `judge grade --time all` does.",
    bad=FindingExample(
        runs=(
            sample("a", evaluation=timed(1.001, 1.0, improvement=True)),
            sample("b", number=1, evaluation=timed(0.98, 1.0)),
        )
    ),
    good=FindingExample(
        runs=(
            sample("a", evaluation=timed(1.4, 1.0, improvement=True)),
            sample("b", number=1, evaluation=timed(1.02, 1.0, interval=(1.01, 1.03), improvement=True)),
        )
    ),
    collector=_Collector,
)
