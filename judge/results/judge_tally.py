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
    found = list(judgements)
    answered = [one for one in found if isinstance(one, Judged | Abstained | Errored)]
    paid = [one for one in answered if one.tokens is not None]
    costs = [one.cost_usd for one in paid]
    known = [cost for cost in costs if cost is not None]
    cost = sum(known) if paid and len(known) == len(costs) else None
    skipped = Counter(one.reason for one in found if isinstance(one, NotAsked))
    stopped = skipped.pop("gates-failed", 0)
    return JudgeTally(
        judged=sum(isinstance(one, Judged) for one in found),
        abstained=Counter(one.reason for one in found if isinstance(one, Abstained)),
        errored=Counter(one.reason for one in found if isinstance(one, Errored)),
        stopped=stopped,
        waiting=skipped,
        tokens=Tokens(**{kind: _sum(paid, kind) for kind in Tokens.model_fields}),
        cost_usd=cost,
        saved_usd=stopped * cost / len(paid) if cost is not None else None,
        unverified_quotes=sum(one.unverified_quotes for one in found if isinstance(one, Judged)),
    )


def _sum(paid: Iterable[Judged | Abstained | Errored], kind: str) -> int | None:
    known = [number for one in paid if one.tokens and (number := getattr(one.tokens, kind)) is not None]
    return sum(known) if known else None


def tally_lines(found: JudgeTally) -> list[str]:
    """Put the counts in words, a line for the answers and, where models were asked, one for what they used."""
    parts = [f"judged {found.judged}"]
    parts += [f"{name} {_listed(reasons)}" for name, reasons in _groups(found) if reasons]
    saved = f" (about {money(found.saved_usd)} saved)" if found.saved_usd else ""
    if found.stopped:
        parts.append(f"stopped by the gates {found.stopped}{saved}")
    lines = [", ".join(parts)]
    tokens = found.tokens
    if tokens.input is not None or tokens.output is not None:
        used = [
            f"{_number(tokens.input)} tokens in ({_number(tokens.cached)} cached)",
            f"{_number(tokens.output)} out ({_number(tokens.reasoning)} reasoning)",
            "cost not known" if found.cost_usd is None else f"{money(found.cost_usd)} in all",
        ]
        lines.append(", ".join(used))
    if found.unverified_quotes:
        lines.append(f"{found.unverified_quotes} quotes are not in what was sent; the claims they carried count less")
    return lines


def _groups(found: JudgeTally) -> list[tuple[str, Mapping[str, int]]]:
    return [("abstained", found.abstained), ("judge error", found.errored), ("not asked", found.waiting)]


def _listed(reasons: Mapping[str, int]) -> str:
    said = ", ".join(
        f"{reason} {count}" for reason, count in sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
    )
    return f"{sum(reasons.values())} ({said})"


def _number(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def money(usd: float) -> str:
    """Write US dollars with as many digits as tell something."""
    return f"${usd:.2f}" if usd >= 1 or not usd else f"${usd:.4f}"
