"""Owns the step from a session's samples to a statement about two of its variants."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from judge.bench.analysis.false_gains import moved_to_setup, only_on_repeats
from judge.bench.analysis.stats import (
    MIN_FORKS,
    MIN_ROUNDS,
    Estimate,
    Interval,
    Recovery,
    Status,
    decide_status,
    estimate,
    evenness,
    forks_needed,
    level,
    log_ratios,
    noise_floor,
    p_value,
    recovery,
    typical,
    warmup,
)
from judge.bench.errors import OptionsError
from judge.bench.results import Coverage, Crashed, FaultKind, Phase, Ran, SessionResult


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A comparison with numbers; `speedup` is base over candidate, above 1 is faster.

    `speedup` pairs the rounds, so it need not be the quotient of the two medians. `p_value` is the
    smallest one-sided alpha at which the ratio would be called above the bar of this session.
    `needed` says for `inconclusive` how many samples it would take.
    """

    status: Status | Literal["not_triggered"]
    speedup: float
    ci: tuple[float, float]
    floor: float
    baseline_ms: float
    candidate_ms: float
    rounds: int
    forks: int
    p_value: float
    needed: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class NotMeasured:
    """A comparison without numbers: whose fault it is, in which phase, of which kind.

    Only side `candidate` can speak against a patch, and not with the kinds `environment` and
    `budget`, which say that it could not be timed here.
    """

    status: Literal["broken"] = "broken"
    side: Literal["base", "candidate"]
    phase: Phase
    kind: FaultKind
    reason: str


Comparison = Measured | NotMeasured


def compare(session: SessionResult, candidate: str = "candidate", base: str = "base") -> Comparison:
    """Say how a variant's time compares with the base's, by the rule of `decide_status`.

    The interval is at the level of the look that it was taken at, so that it holds although one looked.
    """
    for name in (candidate, base):
        if name not in session.variants:
            known = ", ".join(sorted(session.variants))
            raise OptionsError(f"the session has no variant {name!r}: it has {known}")
    first, partner = session.variants[base], session.variants[session.aa_partner]
    other = session.variants[candidate]
    if isinstance(first, Crashed):
        # A candidate that hung may be what the base had no time left for.
        if first.kind == "budget" and isinstance(other, Crashed) and other.kind != "budget":
            return _not_measured("candidate", candidate, other)
        return _not_measured("base", base, first)
    if isinstance(partner, Crashed):
        return _not_measured("base", session.aa_partner, partner)
    if isinstance(other, Crashed):
        return _not_measured("candidate", candidate, other)
    left, right = paired_rounds(first, other)
    rounds = sum(len(fork) for fork in left)
    if len(left) < MIN_FORKS or rounds < MIN_ROUNDS:
        return NotMeasured(
            side="base",
            phase="sample",
            kind="budget",
            reason=f"only {rounds} rounds in {len(left)} processes fitted into the budget, and a "
            f"statement needs {MIN_ROUNDS} in {MIN_FORKS}: give more time or a smaller experiment",
        )
    both = (first, partner) if base == session.base else (first,)
    ratio = ratio_estimate(both, other, seed=session.seed)
    floor = noise_floor(ratio_estimate((first,), partner, seed=session.seed))
    forks, threshold = len(left), session.threshold
    span = ratio.interval(level(forks, session.looks))
    status = decide_status(span, threshold=threshold, floor=floor)
    bar = max(threshold, 1 + floor)
    reason = _reason(status, span, bar=bar)
    needed = ""
    if status == "inconclusive":
        needed = _wanting(forks_needed(span, forks, threshold=threshold, floor=floor), rounds / forks)
        reason += f"; {needed}"
    if status == "improved" and not evenness(ratio, totals_estimate(both, other, seed=session.seed)):
        status = "inconclusive"
        reason = f"{span.ratio:.3f}x for the usual call, but not for all calls together: some take far longer"
    elif status == "improved" and (doubt := _doubt(session, ratio, first, other, base=base, candidate=candidate)):
        status, reason = "inconclusive", doubt
    coverage = session.coverage.get(candidate)
    triggered = not isinstance(coverage, Coverage) or coverage.ran > 0
    if isinstance(coverage, Coverage) and not triggered:
        reason = f"the benchmark runs none of the {coverage.executable} added lines that hold code; timed: {reason}"
    return Measured(
        status=status if triggered else "not_triggered",
        speedup=span.ratio,
        ci=(span.low, span.high),
        floor=floor,
        baseline_ms=median(ns for fork in left for ns in fork) / 1e6,
        candidate_ms=median(ns for fork in right for ns in fork) / 1e6,
        rounds=rounds,
        forks=forks,
        p_value=p_value(ratio, bar=bar, forks=forks, looks=session.looks),
        needed=needed,
        reason=reason,
    )


def _doubt(session: SessionResult, ratio: Estimate, first: Ran, other: Ran, *, base: str, candidate: str) -> str:
    """Say why a gain of the timed calls is none, or nothing."""
    base_ns, candidate_ns = (
        median(ns for fork in ran.forks for parts in fork.ns_per_call for ns in parts) for ran in (first, other)
    )
    return only_on_repeats(session, ratio, base=base, candidate=candidate) or moved_to_setup(
        session, base=base, candidate=candidate, gain_ms=(base_ns - candidate_ns) / 1e6
    )


def recovered(session: SessionResult, candidate: str = "candidate", human: str = "human") -> Recovery | None:
    """Return how much of the human's gain a candidate has; None unless the human side is improved here."""
    against = compare(session, candidate=human, base=session.base)
    base, ours, theirs = (session.variants.get(name) for name in (session.base, candidate, human))
    if not isinstance(against, Measured) or against.status != "improved":
        return None
    if not (isinstance(base, Ran) and isinstance(ours, Ran) and isinstance(theirs, Ran)):
        return None
    return recovery(fork_ratios((base,), ours), fork_ratios((base,), theirs))


def paired_rounds(first: Ran, other: Ran) -> tuple[list[list[float]], list[list[float]]]:
    """Return the typical time of each round of two variants, fork by fork, as far as both have them.

    Rounds in which either was still warming up are left out.
    """
    left: list[list[float]] = []
    right: list[list[float]] = []
    for left_fork, right_fork in zip(first.forks, other.forks, strict=False):
        pairs = [(typical(a), typical(b)) for a, b in zip(left_fork.ns_per_call, right_fork.ns_per_call, strict=False)]
        if not pairs:
            continue
        a, b = map(list, zip(*pairs, strict=True))
        cut = max(warmup(a), warmup(b))
        left.append(a[cut:])
        right.append(b[cut:])
    return left, right


def fork_ratios(bases: Sequence[Ran], other: Ran) -> list[list[float]]:
    """Return the log ratios of a variant, fork by fork, against the mean of one or two copies of the base."""
    each = []
    for base in bases:
        left, right = paired_rounds(base, other)
        each.append([log_ratios(base_rounds, own_rounds) for base_rounds, own_rounds in zip(left, right, strict=True)])
    return [
        # From the end: a copy that warmed up for longer lacks the first rounds.
        [math.fsum(values) / len(values) for values in zip(*(group[::-1] for group in groups), strict=False)][::-1]
        for groups in zip(*each, strict=False)
    ]


def ratio_estimate(bases: Sequence[Ran], other: Ran, *, seed: int) -> Estimate:
    """Return the estimate of base over other; the second copy of the base makes it a third more certain."""
    return estimate(fork_ratios(bases, other), seed=seed)


def totals_estimate(bases: Sequence[Ran], other: Ran, *, seed: int) -> Estimate:
    """Return the estimate from all the time of each fork, whatever made some of its calls slow."""
    groups = []
    for forks in zip(*(base.forks for base in bases), other.forks, strict=False):
        count = min(len(fork.ns_per_call) for fork in forks)
        if count:
            *left, right = (math.log(math.fsum(map(math.fsum, fork.ns_per_call[:count]))) for fork in forks)
            groups.append([math.fsum(left) / len(left) - right])
    return estimate(groups, seed=seed)


def _not_measured(side: Literal["base", "candidate"], name: str, crash: Crashed) -> NotMeasured:
    reason = f"{name}: {crash.cause} in {crash.phase}: {crash.message}"
    return NotMeasured(side=side, phase=crash.phase, kind=crash.kind, reason=reason)


def _reason(status: Status, interval: Interval, *, bar: float) -> str:
    span = f"{interval.ratio:.3f}x, 95 % interval {interval.low:.3f} to {interval.high:.3f}"
    match status:
        case "improved":
            return f"{span}, all above the bar of {bar:.3f}"
        case "regressed":
            return f"{span}, all below {1 / bar:.3f}"
        case "neutral":
            return f"{span}: no difference that matters"
        case "inconclusive":
            return f"{span} neither clears the bar of {bar:.3f} nor rules a difference out"


def _wanting(forks: int | None, rounds: float) -> str:
    """Say how many samples it would take, if the ratio is what it seems."""
    if forks is None:
        return "no number of samples that is worth taking would tell"
    return f"about {math.ceil(forks * rounds)} rounds in {forks} processes would tell"
