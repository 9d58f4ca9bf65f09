"""Owns the step from a session's samples to a statement about two of its variants."""

from dataclasses import dataclass
from statistics import median
from typing import Literal

from judge.bench.errors import OptionsError
from judge.bench.results import Crashed, FaultKind, Phase, Ran, Session
from judge.bench.stats import (
    MIN_FORKS,
    MIN_ROUNDS,
    Interval,
    Status,
    decide_status,
    interval,
    log_ratios,
    noise_floor,
)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A comparison with numbers; `speedup` is base over candidate, above 1 is faster.

    `speedup` pairs the rounds, so it need not be the quotient of the two medians.
    """

    status: Status
    speedup: float
    ci: tuple[float, float]
    floor: float
    baseline_ms: float
    candidate_ms: float
    rounds: int
    forks: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A comparison without numbers: whose fault it is, in which phase, of which kind.

    Only side `candidate` can speak against a patch, and not with the kinds `environment` and
    `budget`, which say that it could not be timed here.
    """

    status: Literal["broken"] = "broken"
    side: Literal["base", "candidate"]
    phase: Phase
    kind: FaultKind
    reason: str


Comparison = Measured | Broken


def compare(session: Session, candidate: str = "candidate", base: str = "base") -> Comparison:
    """Say how a variant's time compares with the base's, by the rule of `decide_status`."""
    for name in (candidate, base):
        if name not in session.variants:
            known = ", ".join(sorted(session.variants))
            raise OptionsError(f"the session has no variant {name!r}: it has {known}")
    first, partner = session.variants[base], session.variants[session.aa_partner]
    other = session.variants[candidate]
    if isinstance(first, Crashed):
        # A candidate that hung may be what the base had no time left for.
        if first.kind == "budget" and isinstance(other, Crashed) and other.kind != "budget":
            return _broken("candidate", candidate, other)
        return _broken("base", base, first)
    if isinstance(partner, Crashed):
        return _broken("base", session.aa_partner, partner)
    if isinstance(other, Crashed):
        return _broken("candidate", candidate, other)
    left, right = paired_rounds(first, other)
    rounds = sum(len(fork) for fork in left)
    if len(left) < MIN_FORKS or rounds < MIN_ROUNDS:
        return Broken(
            side="base",
            phase="sample",
            kind="budget",
            reason=f"only {rounds} rounds in {len(left)} processes fitted into the budget, and a "
            f"statement needs {MIN_ROUNDS} in {MIN_FORKS}: give more time or a smaller experiment",
        )
    found = ratio_interval(first, other, seed=session.seed)
    floor = noise_floor(ratio_interval(first, partner, seed=session.seed))
    status = decide_status(found, threshold=session.threshold, floor=floor)
    return Measured(
        status=status,
        speedup=found.ratio,
        ci=(found.low, found.high),
        floor=floor,
        baseline_ms=median(ns for fork in left for ns in fork) / 1e6,
        candidate_ms=median(ns for fork in right for ns in fork) / 1e6,
        rounds=rounds,
        forks=len(left),
        reason=_reason(status, found, bar=max(session.threshold, 1 + floor)),
    )


def paired_rounds(first: Ran, other: Ran) -> tuple[list[list[float]], list[list[float]]]:
    """Return the samples of two variants, fork by fork, as far as both have them."""
    pairs = [
        list(zip(one.ns_per_call, two.ns_per_call, strict=False))
        for one, two in zip(first.forks, other.forks, strict=False)
    ]
    return [[a for a, _ in fork] for fork in pairs], [[b for _, b in fork] for fork in pairs]


def ratio_interval(first: Ran, other: Ran, *, seed: int) -> Interval:
    """Return the interval of first over other, pairing the rounds."""
    left, right = paired_rounds(first, other)
    groups = [log_ratios(one, two) for one, two in zip(left, right, strict=True)]
    return interval(groups, seed=seed)


def _broken(side: Literal["base", "candidate"], name: str, crash: Crashed) -> Broken:
    reason = f"{name}: {crash.cause} in {crash.phase}: {crash.message}"
    return Broken(side=side, phase=crash.phase, kind=crash.kind, reason=reason)


def _reason(status: Status, found: Interval, *, bar: float) -> str:
    span = f"{found.ratio:.3f}x, 95 % interval {found.low:.3f} to {found.high:.3f}"
    match status:
        case "improved":
            return f"{span}, all above the bar of {bar:.3f}"
        case "regressed":
            return f"{span}, all below {1 / bar:.3f}"
        case "neutral":
            return f"{span}: no difference that matters"
        case "inconclusive":
            return f"{span} neither clears the bar of {bar:.3f} nor rules a difference out"
