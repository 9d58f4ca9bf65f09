"""Anthropic's models."""

from __future__ import annotations

from judge.llm.options import Effort
from judge.llm.providers.anthropic import batch, messages
from judge.llm.providers.batch_api import BatchApi
from judge.llm.providers.interface import WireProtocol

SPEC = "anthropic:MODEL"
HELP = "a model of Anthropic (key in ANTHROPIC_API_KEY); --base-url goes to a compatible server"
SCOPE = "a model's opinion: quotes checked, facts given, not calibrated here"
KEY_VARIABLE = "ANTHROPIC_API_KEY"
DISTRIBUTION = "anthropic"
EFFORTS: frozenset[Effort] = frozenset({"low", "medium", "high", "xhigh", "max"})
CACHE_WRITE_FACTOR = 1.25
"""What it writes to its five-minute cache (its pricing page)."""
PROTOCOLS: tuple[WireProtocol, ...] = (messages,)
BATCH_API: BatchApi = batch


def choose_protocol(base_url: str | None) -> WireProtocol:
    """Return the Messages API, at every address."""
    return messages
