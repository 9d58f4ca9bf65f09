"""Finding phantom-success."""

from collections.abc import Sequence

from judge.auditor.accumulate import RunSet
from judge.auditor.context import Context
from judge.auditor.evidence import known_speedup
from judge.auditor.faults import SUCCESS, errors_printed
from judge.auditor.gather import Groups, cut, share
from judge.auditor.kind import Example, Kind, Seen, sample, timed
from judge.auditor.run import AuditedRun


class _Collector:
    """Tells three shades apart; a layout that never times anything has no speed-up to miss."""

    def __init__(self, context: Context) -> None:
        self.claimed: dict[str, int] = {}
        self.timing_layouts: set[str] = set()
        self.null: dict[str, RunSet] = {}
        self.printed = RunSet()
        self.stand_in = RunSet()
        self.messages = Groups()

    def add(self, audited: AuditedRun) -> None:
        found = audited.run.evaluation
        if found is None:
            return
        layout = audited.run.layout
        if known_speedup(found) is not None:
            self.timing_layouts.add(layout)
        if (found.status or "").lower() not in SUCCESS:
            return
        self.claimed[layout] = self.claimed.get(layout, 0) + 1
        errors = list(errors_printed(found))
        if any(stand_in for _, stand_in in errors):
            self.stand_in.add(audited)
        if known_speedup(found) is None:
            self.null.setdefault(layout, RunSet()).add(audited)
        elif errors:
            self.printed.add(audited)
        for message in dict.fromkeys(error for error, _ in errors):
            self.messages.add(cut(message), audited)

    def result(self) -> Sequence[Seen]:
        claimed = sum(self.claimed.values())
        details = self.messages.table("message")
        seen = [
            Seen(
                message=f"{share(len(runs), self.claimed[layout])} evaluations recorded as success have no speed-up",
                runs=runs,
                recovers=0,
                details=details,
            )
            for layout, runs in sorted(self.null.items())
            if layout in self.timing_layouts
        ]
        if len(self.printed):
            seen.append(
                Seen(
                    message=f"{share(len(self.printed), claimed)} evaluations recorded as success have a number and an "
                    f"error in their output; {len(self.stand_in)} of them say that a stand-in was timed, not the "
                    "target",
                    runs=self.printed,
                    recovers=0,
                    details={"stand_in": list(self.stand_in), **details},
                )
            )
        return seen


KIND = Kind(
    code="phantom-success",
    title="Recorded as success without a number, or with an error in its output",
    severity="block",
    why="A script that catches its own exception ends cleanly, and a harness that looks at the exit alone records a "
    "success. Without a speed-up nothing was shown; with an error in the output the number may be that of a fallback.",
    mend="Record an error wherever the speed-up is null or the benchmark reports an error; let the benchmark end with "
    "a non-zero code when its target is missing, and never time a stand-in.",
    bad=Example(
        runs=(
            sample("a", evaluation=timed(2.0, 1.0)),
            sample("b", number=1, evaluation=timed(0.0, 0.0)),
            sample("c", number=2, evaluation=timed(2.0, 2.0, stderr='{"error": "no module x", "using_mock": true}\n')),
        )
    ),
    good=Example(
        runs=(
            sample("a", evaluation=timed(2.0, 1.0, stderr="UserWarning: an error is a word in this warning\n")),
            sample("b", number=1, evaluation=timed(None, None, status="error", error="no module x")),
        )
    ),
    collector=_Collector,
)
