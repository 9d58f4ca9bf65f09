"""What a provider of models is: a folder beside this file whose `provider.py` says all there is to say about it.

A module there satisfies `Provider`; its protocols and its batch API are modules too, usually of the same folder.
Replies are never parsed by the SDKs, which lose a reply that they cannot parse (and what it cost): the body as it
came is decoded here, so that live replies, batch results, stored replies and replayed lines have one reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from judge.llm.inquiry import Inquiry
from judge.llm.options import Effort
from judge.llm.providers.batch_api import BatchApi
from judge.llm.providers.client import MOST_BYTES, Client
from judge.llm.reply import Failure, Reply


class WireProtocol(Protocol):
    """One protocol: a module with a pure `body()` and `read()`, and a client that sends.

    Attributes:
        NAME: its name in records and kept replies; unlike that of any other provider's.
        ENDPOINT: the path that its questions are sent to.
    """

    NAME: str
    ENDPOINT: str

    def body(self, inquiry: Inquiry, *, model: str, max_output_tokens: int, effort: Effort | None) -> dict[str, Any]:
        """Return exactly what is sent."""

    def recognises(self, payload: Mapping[str, Any]) -> bool:
        """Whether a decoded reply of unknown origin has the shape of this protocol's."""

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


class Provider(Protocol):
    """One provider: the module `provider.py` of its folder.

    Attributes:
        SPEC: `NAME:MODEL`, as `--judge` takes it; the price library knows the provider by the same name.
        HELP: a line of help.
        SCOPE: how far the word of its models goes.
        KEY_VARIABLE: the environment variable that holds the key.
        DISTRIBUTION: the distribution that its SDK is installed from.
        EFFORTS: the reasoning efforts that its API knows.
        CACHE_WRITE_FACTOR: input tokens written to its cache cost this multiple of the input price.
        PROTOCOLS: what its models are asked in.
        BATCH_API: how they are asked in batches.
    """

    SPEC: str
    HELP: str
    SCOPE: str
    KEY_VARIABLE: str
    DISTRIBUTION: str
    EFFORTS: frozenset[Effort]
    CACHE_WRITE_FACTOR: float
    PROTOCOLS: tuple[WireProtocol, ...]
    BATCH_API: BatchApi

    def choose_protocol(self, base_url: str | None) -> WireProtocol:
        """Return what a model is asked in at an address; None is the provider's own."""
