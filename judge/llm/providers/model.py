"""Names a model of a provider, and how it is reached."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from judge.errors import UsageError
from judge.llm.inquiry import Inquiry
from judge.llm.options import EFFORTS, JudgingOptions
from judge.llm.providers.batch_api import BatchApi
from judge.llm.providers.client import MOST_BYTES, NO_KEY, Client
from judge.llm.providers.discovery import all_protocols, all_providers
from judge.llm.providers.interface import WireProtocol


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model and the way to it; holds no key.

    Attributes:
        provider: name of the provider whose SDK and key are used.
        name: the model as the provider calls it.
        protocol: name of the protocol.
        base_url: address of a compatible server; None is the provider's own.
    """

    provider: str
    name: str
    protocol: str
    base_url: str | None = None

    @property
    def spec(self) -> str:
        """The model as `--judge` names it."""
        return f"{self.provider}:{self.name}"

    @property
    def identity(self) -> str:
        """What an answer of this model depends on besides the question and the options."""
        return " ".join((self.protocol, self.base_url or self.provider, self.name))

    @property
    def wire_protocol(self) -> WireProtocol:
        """The protocol that it is asked in."""
        return all_protocols()[self.protocol]

    @property
    def batch_api(self) -> BatchApi:
        """How it is asked in batches."""
        return all_providers()[self.provider].BATCH_API

    def key(self) -> str:
        """Return the key from the environment.

        Raises:
            UsageError: there is none and the provider needs one, or it is no key.
        """
        variable = all_providers()[self.provider].KEY_VARIABLE
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
        return self.wire_protocol.open_client(
            key=key, base_url=self.base_url, timeout_s=timeout_s, most_bytes=most_bytes
        )


def open_model(provider: str, name: str, options: JudgingOptions) -> Model:
    """Name a model; no key is needed for that, only for asking it (`Model.key`).

    Raises:
        UsageError: the address is none, or the provider's API does not know such an effort.
    """
    known = all_providers()[provider]
    if options.effort is not None and options.effort not in known.EFFORTS:
        efforts = ", ".join(effort for effort in EFFORTS if effort in known.EFFORTS)
        raise UsageError(f"--judge {provider}:{name}: no effort {options.effort!r} there; it knows {efforts}")
    base_url = _address(options.base_url)
    return Model(provider=provider, name=name, protocol=known.choose_protocol(base_url).NAME, base_url=base_url)


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


def batch_line(model: Model, inquiry: Inquiry, sample: int, options: JudgingOptions) -> dict[str, Any]:
    """Return one question as a line of the provider's batch format, named by its `custom_id`."""
    protocol = model.wire_protocol
    body = protocol.body(inquiry, model=model.name, max_output_tokens=options.max_output_tokens, effort=options.effort)
    return model.batch_api.request_line(inquiry.custom_id(sample), body, protocol.ENDPOINT)
