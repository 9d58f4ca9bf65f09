"""The wires: one file for each protocol, with a pure `body()` and `read()`, and a client that sends.

Replies are never parsed by the SDKs, which lose a reply that they cannot parse (and what it cost): the body as it
came is decoded here, so that live replies, batch results, stored replies and replayed lines have one reader.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from judge.core.judgement import Tokens
from judge.errors import UsageError
from judge.llm.inquiry import Inquiry
from judge.llm.options import Effort, JudgingOptions
from judge.llm.providers.anthropic import messages as anthropic_messages
from judge.llm.providers.client import MOST_BYTES, NO_KEY, Client
from judge.llm.providers.failures import CallFailed, refused
from judge.llm.providers.json_shapes import decode, mapping, text, word
from judge.llm.providers.openai import chat as openai_chat
from judge.llm.providers.openai import responses as openai_responses
from judge.llm.reply import Failure, Reply

__all__ = [
    "KEYS",
    "MOST_BYTES",
    "WIRES",
    "CallFailed",
    "Client",
    "Model",
    "Provider",
    "Wire",
    "batch_line",
    "decode",
    "find_reader",
    "open_model",
    "refused",
    "wire_of",
]

Provider = Literal["openai", "anthropic"]
Reader = Callable[[object], Reply | Failure]


class Wire(Protocol):
    """One protocol: a module of this folder."""

    NAME: str
    BATCH_URL: str

    def body(self, inquiry: Inquiry, *, model: str, max_output_tokens: int, effort: Effort | None) -> dict[str, Any]:
        """Return exactly what is sent."""

    def read(self, payload: object) -> Reply | Failure:
        """Bring decoded JSON of any shape to our form; never raises."""

    def open_client(
        self, *, key: str, base_url: str | None, timeout_s: float, most_bytes: int | None = MOST_BYTES
    ) -> Client:
        """Open a client whose responses may have `most_bytes` (None: any number); imports the SDK."""

    async def send(self, client: Client, body: Mapping[str, Any]) -> bytes:
        """Send one question and return the reply as it came, of which `read` makes a `Reply`.

        Raises:
            CallFailed: there is no reply.
        """


WIRES: Mapping[str, Wire] = {wire.NAME: wire for wire in (openai_responses, openai_chat, anthropic_messages)}

KEYS: Mapping[Provider, str] = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
"""The environment variable that holds the key of each provider."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model and the way to it; holds no key.

    Attributes:
        provider: whose SDK and key are used.
        name: the model as the provider calls it.
        wire: name of the protocol.
        base_url: address of a compatible server; None is the provider's own.
    """

    provider: Provider
    name: str
    wire: str
    base_url: str | None = None

    @property
    def spec(self) -> str:
        """The model as `--judge` names it."""
        return f"{self.provider}:{self.name}"

    @property
    def identity(self) -> str:
        """What an answer of this model depends on besides the question and the options."""
        return " ".join((self.wire, self.base_url or self.provider, self.name))

    def key(self) -> str:
        """Return the key from the environment.

        Raises:
            UsageError: there is none and the provider needs one, or it is no key.
        """
        variable = KEYS[self.provider]
        key = os.environ.get(variable, "").strip()
        if not key and self.base_url is None:
            raise UsageError(
                f"--judge {self.spec}: no key; set {variable}, or name a server that needs none with --base-url"
            )
        if not key.isascii() or not key.isprintable():
            raise UsageError(f"{variable}: holds characters that no key has")  # they would be quoted in errors
        return key or NO_KEY

    def open_client(self, *, timeout_s: float, most_bytes: int | None = MOST_BYTES) -> Client:
        """Open a client for calls of at most `timeout_s` seconds and responses of `most_bytes`; imports the SDK.

        Raises:
            UsageError: there is no key.
        """
        key = self.key()
        return wire_of(self).open_client(key=key, base_url=self.base_url, timeout_s=timeout_s, most_bytes=most_bytes)


def open_model(provider: Provider, name: str, wire: str, options: JudgingOptions) -> Model:
    """Name a model; no key is needed for that, only for asking it (`Model.key`).

    Raises:
        UsageError: the address is none.
    """
    return Model(provider=provider, name=name, wire=wire, base_url=_address(options.base_url))


_FORM = "write it as http://HOST:PORT/v1"


def _address(base_url: str | None) -> str | None:
    if base_url is None:
        return None
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise UsageError(f"--base-url {base_url!r}: {_FORM}") from None
    if not usable:
        raise UsageError(f"--base-url {base_url!r}: {_FORM}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError("--base-url: holds a password or a query; a key belongs into the environment")
    return base_url.rstrip("/")


def wire_of(model: Model) -> Wire:
    """Return the wire of a model."""
    return WIRES[model.wire]


def batch_line(model: Model, inquiry: Inquiry, sample: int, options: JudgingOptions) -> dict[str, Any]:
    """Return one question as a line of the provider's batch format, named by its `custom_id`."""
    wire = wire_of(model)
    body = wire.body(inquiry, model=model.name, max_output_tokens=options.max_output_tokens, effort=options.effort)
    custom_id = inquiry.custom_id(sample)
    if model.provider == "anthropic":
        return {"custom_id": custom_id, "params": body}
    return {"custom_id": custom_id, "method": "POST", "url": wire.BATCH_URL, "body": body}


def find_reader(payload: object) -> Reader:
    """Return the reader of a reply whose wire is not known, found by the reply's own shape."""
    found = mapping(payload)
    if isinstance(found.get("text"), str) and "judge" in found:
        return _by_hand
    if found.get("object") == "response" or "output" in found:
        return openai_responses.read
    if found.get("object") == "chat.completion" or "choices" in found:
        return openai_chat.read
    return anthropic_messages.read  # of what is no reply at all, every reader says the same


def _by_hand(payload: object) -> Reply | Failure:
    """An answer that did not come from a provider: its text, and the name of whoever gave it."""
    found = mapping(payload)
    return Reply(
        text=text(found.get("text")), stop="end", detail="by hand", model=word(found.get("judge")), tokens=Tokens()
    )
