"""OpenAI's models, and whatever speaks OpenAI's Chat Completions at an address of one's own."""

from __future__ import annotations

from judge.llm import options
from judge.llm.options import Effort
from judge.llm.providers.batch_api import BatchApi
from judge.llm.providers.interface import WireProtocol
from judge.llm.providers.openai import batch, chat, responses

SPEC = "openai:MODEL"
HELP = "a model of OpenAI (key in OPENAI_API_KEY), or of a compatible server with --base-url"
SCOPE = "a model's opinion: quotes checked, facts given, not calibrated here"
KEY_VARIABLE = "OPENAI_API_KEY"
DISTRIBUTION = "openai"
EFFORTS: frozenset[Effort] = frozenset(options.EFFORTS)
CACHE_WRITE_FACTOR = 1.0
PROTOCOLS: tuple[WireProtocol, ...] = (responses, chat)
BATCH_API: BatchApi = batch


def choose_protocol(base_url: str | None) -> WireProtocol:
    """Return the Responses API at OpenAI, Chat Completions, which all servers speak, elsewhere."""
    return responses if base_url is None else chat
