"""OpenAI's models, and whatever speaks OpenAI's Chat Completions at an address of one's own."""

from __future__ import annotations

from judge.llm.options import JudgingOptions
from judge.llm.providers.model import Model, open_model

SPEC = "openai:MODEL"
SCOPE = "a model's opinion: quotes checked, facts given, not calibrated here"
HELP = "a model of OpenAI (key in OPENAI_API_KEY), or of a compatible server with --base-url"


def open_judge(argument: str, options: JudgingOptions) -> Model:
    """Name the model: by the Responses API at OpenAI, by Chat Completions, which all servers speak, elsewhere.

    Raises:
        UsageError: the address is none.
    """
    return open_model("openai", argument, "openai-responses" if options.base_url is None else "openai-chat", options)
