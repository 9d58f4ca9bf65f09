"""How models are asked: everything the command line can set, in one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
EFFORTS: tuple[Effort, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, kw_only=True)
class Price:
    """US dollars for a million tokens."""

    input: float
    output: float
    cached: float | None = None


@dataclass(frozen=True, kw_only=True)
class JudgingOptions:
    """How the models are asked.

    Attributes:
        votes: samples for each model; the order of the two changes alternates between them.
        pack: name of the prompt pack.
        base_url: address of a compatible server; None is the provider's own.
        effort: reasoning effort, None leaves it to the provider.
        max_output_tokens: limit of one reply, hidden reasoning included; asked once more with twice as many
            where a reply was cut off.
        context_tokens: what the model can read; None takes it from the price library, or 128,000.
        concurrency: calls in flight at a time.
        timeout_s: limit of one call, seconds.
        deadline_s: limit of one question with all its tries and waits, seconds.
        max_cost: US dollars that this run may spend; None is no limit.
        price: overrides the price library, and names the price of a model it does not know.
        cache: file of kept replies; None keeps them in memory only.
        batch: send questions through the provider's batch API instead of one by one.
    """

    votes: int = 1
    pack: str = "logic-1"
    base_url: str | None = None
    effort: Effort | None = None
    max_output_tokens: int = 16_000
    context_tokens: int | None = None
    concurrency: int = 8
    timeout_s: float = 600.0
    deadline_s: float = 1800.0
    max_cost: float | None = None
    price: Price | None = None
    cache: Path | None = None
    batch: bool = False
