"""Owns the question whether a variant does the work of the base in the timed calls themselves.

Outputs that agree on a call of their own prove nothing about a call that was timed, and a call that was
timed a thousand times on one input proves nothing about the next input.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from judge.bench.analysis.outputs import compare_outputs
from judge.bench.analysis.precision import precision
from judge.bench.process.worker_process import WorkerFault
from judge.bench.results import Changed, Outcome, Precision, Same
from judge.bench.session.variant_run import RAISED, VariantRun, VariedCalls

CHECKED_FORKS = 4
"""Of the first so many processes the extra calls are asked; each costs about ten calls."""
MOST_CALLS = 10
_SEEDS = 3  # a changed input may be one that the base refuses


@dataclass(kw_only=True)
class CheatChecks:
    """The extra calls of one session, and whether the input could be varied at all."""

    base: VariantRun
    each: Callable[[Callable[[VariantRun], None]], None]
    fault: str = ""
    precision: dict[str, Precision] = field(default_factory=dict)
    close: dict[str, tuple[object, object]] = field(default_factory=dict)

    def last_timed(self) -> None:
        """Compare what the last timed call returned: a cheaper path for calls in a row shows here.

        Not where the base draws random numbers: variants differ in how many calls came before.
        """
        self._compare("timed input, in the call that was timed last", lambda run: run.kept())

    def again(self, seed: int) -> None:
        """Compare a second result on equal input, after the first was written to: a result handed out twice shows."""
        self._compare("second call in a row, after the first result was written to", lambda run: run.again(seed))

    def _compare(self, label: str, ask: Callable[[VariantRun], tuple[object, bool]]) -> None:
        reference: list[object] = []

        def step(run: VariantRun) -> None:
            tree, unsteady = ask(run)
            if run is self.base:
                reference[:] = [] if unsteady else [tree]
            elif reference:
                run.agree(label, compare_outputs(reference[0], tree))

        self.each(step)

    def vary(self, seed: int, *, fresh: bool) -> None:
        """Time and compare single calls on input of which one element changes before each."""
        reference: list[VariedCalls] = []
        chosen = seed

        def step(run: VariantRun) -> None:
            nonlocal chosen
            if run is self.base:
                for chosen in range(seed, seed + _SEEDS):
                    reference[:] = [run.vary(chosen, fresh=fresh, most=MOST_CALLS)]
                    if len(reference[0].ns) > 1:
                        break
                self.fault = _fault(reference[0])
                run.varied.append(reference[0].ns)
            elif not self.fault:
                other = run.vary(chosen, fresh=fresh, most=len(reference[0].ns))
                run.varied.append(other.ns)
                _judge(run, reference[0], other)

        self.each(step)

    def keep(self, run: VariantRun, base: object, other: object, outcome: Outcome) -> None:
        """Keep results on fresh input that agree within the tolerance only: of the first process, for `widened`."""
        if isinstance(outcome, Same) and outcome.how == "tolerance":
            self.close.setdefault(run.name, (base, other))

    def widened(self, seed: int) -> None:
        """Hold the kept results against the base's own in float64; the last request to a process.

        Nothing comes of it where the base does not take such input; a process that dies of it is done with anyway.
        """

        def step(run: VariantRun) -> None:
            if run is not self.base or not self.close:
                return
            try:
                exact = run.widened(seed)
            except WorkerFault:
                run.close()
                return
            for name, (base, other) in self.close.items():
                errors = precision(exact, base, other)
                if errors is not None:
                    self.precision[name] = errors

        self.each(step)
        self.close.clear()


def _fault(varied: VariedCalls) -> str:
    if len(varied.ns) > 1:
        return ""
    return f"the base refuses it ({varied.failed})" if varied.failed else "it holds no number, text or array to change"


def _judge(run: VariantRun, base: VariedCalls, other: VariedCalls) -> None:
    if other.failed:
        message = f"raised {other.failed} on input with one element changed, which the base does not"
        run.outcomes.append(Changed(where=RAISED, message=message))
    same_end = len(base.ns) == len(other.ns)
    for left, right in list(zip(base.trees, other.trees, strict=False))[: None if same_end else 1]:
        run.agree("timed input with one element changed in place", compare_outputs(left, right))
