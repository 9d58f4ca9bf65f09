"""Counts what became of the judge over a run: answers, failures, what they used, what the gates saved. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from judge.core.judgement import Abstained, Errored, Judged, Judgement, NotAsked, Tokens


@dataclass(frozen=True, kw_only=True)
class JudgeTally:
    """What became of the judge.

    Attributes:
        judged: candidates with a judgement.
        abstained: candidates of which it honestly does not know, by reason.
        errored: candidates at which it failed itself, by reason.
        stopped: candidates that no judge was asked about, as a gate had failed.
        waiting: candidates that are still to be judged, by reason.
        tokens: what all answers used, where that is known.
        cost_usd: what they cost, kept ones included; None where the price of one is not known.
        saved_usd: `stopped` at the mean cost of those asked; None where that is not known.
        unverified_quotes: quotes that were not in what had been sent.
    """

    judged: int
    abstained: Mapping[str, int]
    errored: Mapping[str, int]
    stopped: int
    waiting: Mapping[str, int]
    tokens: Tokens
    cost_usd: float | None
    saved_usd: float | None
    unverified_quotes: int


def tally(judgements: Iterable[Judgement]) -> JudgeTally:
    """Count the judgements of a run."""
    judgements = list(judgements)
    answered = [judgement for judgement in judgements if isinstance(judgement, Judged | Abstained | Errored)]
    paid = [judgement for judgement in answered if judgement.tokens is not None]
    costs = [judgement.cost_usd for judgement in paid]
    known = [cost for cost in costs if cost is not None]
    cost = sum(known) if paid and len(known) == len(costs) else None
    skipped = Counter(judgement.reason for judgement in judgements if isinstance(judgement, NotAsked))
    stopped = skipped.pop("gates-failed", 0)
    return JudgeTally(
        judged=sum(isinstance(judgement, Judged) for judgement in judgements),
        abstained=Counter(judgement.reason for judgement in judgements if isinstance(judgement, Abstained)),
        errored=Counter(judgement.reason for judgement in judgements if isinstance(judgement, Errored)),
        stopped=stopped,
        waiting=skipped,
        tokens=Tokens(**{kind: _sum(paid, kind) for kind in Tokens.model_fields}),
        cost_usd=cost,
        saved_usd=stopped * cost / len(paid) if cost is not None else None,
        unverified_quotes=sum(judgement.unverified_quotes for judgement in judgements if isinstance(judgement, Judged)),
    )


def _sum(paid: Iterable[Judged | Abstained | Errored], kind: str) -> int | None:
    known = [
        number for judgement in paid if judgement.tokens and (number := getattr(judgement.tokens, kind)) is not None
    ]
    return sum(known) if known else None


def tally_lines(counts: JudgeTally) -> list[str]:
    """Put the counts in words, a line for the answers and, where models were asked, one for what they used."""
    parts = [f"judged {counts.judged}"]
    parts += [f"{name} {_listed(reasons)}" for name, reasons in _groups(counts) if reasons]
    saved = f" (about {money(counts.saved_usd)} saved)" if counts.saved_usd else ""
    if counts.stopped:
        parts.append(f"stopped by the gates {counts.stopped}{saved}")
    lines = [", ".join(parts)]
    tokens = counts.tokens
    if tokens.input is not None or tokens.output is not None:
        used = [
            f"{_number(tokens.input)} tokens in ({_number(tokens.cached)} cached)",
            f"{_number(tokens.output)} out ({_number(tokens.reasoning)} reasoning)",
            "cost not known" if counts.cost_usd is None else f"{money(counts.cost_usd)} in all",
        ]
        lines.append(", ".join(used))
    if counts.unverified_quotes:
        lines.append(f"{counts.unverified_quotes} quotes are not in what was sent; the claims they carried count less")
    return lines


def _groups(counts: JudgeTally) -> list[tuple[str, Mapping[str, int]]]:
    return [("abstained", counts.abstained), ("judge error", counts.errored), ("not asked", counts.waiting)]


def _listed(reasons: Mapping[str, int]) -> str:
    listed = ", ".join(
        f"{reason} {count}" for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    )
    return f"{sum(reasons.values())} ({listed})"


def _number(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def money(usd: float) -> str:
    """Write US dollars with as many digits as tell something."""
    return f"${usd:.2f}" if usd >= 1 or not usd else f"${usd:.4f}"
