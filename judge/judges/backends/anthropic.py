"""Anthropic's models."""

from __future__ import annotations

from judge.errors import UsageError
from judge.llm.options import JudgingOptions
from judge.llm.providers.anthropic.messages import EFFORTS
from judge.llm.providers.model import Model, open_model

SPEC = "anthropic:MODEL"
SCOPE = "a model's opinion: quotes checked, facts given, not calibrated here"
HELP = "a model of Anthropic (key in ANTHROPIC_API_KEY); --base-url goes to a compatible server"


def open_judge(argument: str, options: JudgingOptions) -> Model:
    """Name the model.

    Raises:
        UsageError: the address is none, or the API does not know such an effort.
    """
    if options.effort is not None and options.effort not in EFFORTS:
        known = ", ".join(sorted(EFFORTS, key=("low", "medium", "high", "xhigh", "max").index))
        raise UsageError(f"--judge anthropic:{argument}: no effort {options.effort!r} there; it knows {known}")
    return open_model("anthropic", argument, "anthropic-messages", options)
