"""What both SDKs share: one client with our limits, one way to send, one way to check what came back."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from judge.llm.providers.call_failed import CallFailed
from judge.llm.providers.failures import TooLarge, raised
from judge.llm.providers.json_shapes import brief, decode
from judge.llm.reply import Failure, Reply

MOST_BYTES = 32 << 20
"""A response is read up to here: no reply of a model comes near it."""

NO_KEY = "none"
"""Sent to servers of one's own where no key is set."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """An open SDK client; its key is hidden from what is printed.

    Attributes:
        sdk: the SDK's asynchronous client.
        module: the SDK.
        timeout_s: limit of one call, seconds.
        key: the key, to keep it out of everything that is written down.
    """

    sdk: Any
    module: ModuleType
    timeout_s: float
    key: str

    def __repr__(self) -> str:
        return f"Client({self.module.__name__}, {self.sdk.base_url})"

    async def close(self) -> None:
        """Close its connections."""
        await self.sdk.close()

    def scrub(self, message: str) -> str:
        """Take the key out of a text that others wrote."""
        return message.replace(self.key, "[key]") if _secret(self.key) else message


def _secret(key: str) -> bool:
    return len(key) >= 8 and key != NO_KEY


def open_sdk(
    module: ModuleType, kind: str, *, key: str, base_url: str, timeout_s: float, most_bytes: int | None
) -> Client:
    """Open the asynchronous client `kind` of an SDK with no retries of its own and limited responses."""
    hooks = [_limit_to(most_bytes)] if most_bytes is not None else []
    transport = module.DefaultAsyncHttpxClient(event_hooks={"response": hooks}, timeout=timeout_s)
    sdk = getattr(module, kind)(api_key=key, base_url=base_url, max_retries=0, timeout=timeout_s, http_client=transport)
    return Client(sdk=sdk, module=module, timeout_s=timeout_s, key=key)


def _limit_to(most_bytes: int) -> Callable[[Any], Awaitable[None]]:
    """Return a hook that is called before a body is read, for good and bad statuses alike, and limits it."""

    async def limit(response: Any) -> None:
        library = importlib.import_module(type(response).__module__.partition(".")[0])  # httpx2; httpx in old SDKs
        inner = response.stream

        class Limited(library.AsyncByteStream):  # type: ignore[misc, name-defined]
            async def __aiter__(self) -> AsyncIterator[bytes]:
                size = 0
                async for chunk in inner:
                    size += len(chunk)
                    if size > most_bytes:
                        raise TooLarge(f"the response is longer than {most_bytes:,} bytes")
                    yield chunk

            async def aclose(self) -> None:
                await inner.aclose()

        response.stream = Limited()

    return limit


async def exchange(
    client: Client,
    create: Callable[..., Awaitable[Any]],
    body: Mapping[str, Any],
    needs: tuple[str, ...],
    read: Callable[[object], Reply | Failure],
) -> bytes:
    """Make one call and return the body as it came, once it is known to be a reply of the protocol.

    Args:
        client: what the call goes through.
        create: the SDK's method, with the raw response.
        body: what is sent.
        needs: keys that the method insists on. The others go as `extra_body`, which the SDK adds as they are: the
            same bytes, without a walk through the whole schema for each call.
        read: the protocol's reader.

    Raises:
        CallFailed: there is no reply; the exception of the SDK is not chained, since it may quote the key.
    """
    named = {key: body[key] for key in needs}
    rest = {key: value for key, value in body.items() if key not in named}
    failed: CallFailed
    try:
        # The SDK's own limit is one for each read; this one also ends a body that trickles in.
        # Without a timeout in the call Anthropic's refuses one with a large limit before it is sent.
        async with asyncio.timeout(client.timeout_s):
            raw = await create(**named, extra_body=rest, timeout=client.timeout_s)
            data: bytes = raw.http_response.content
    except TimeoutError:
        failed = CallFailed("timeout", f"no whole reply within {client.timeout_s:g} s", retry=True)
    except Exception as error:  # noqa: BLE001 - whatever it is, this one question has no answer, and it says why
        failed = raised(error, client.module)
    else:
        return _checked(client, data, read)
    failed.message = client.scrub(failed.message)
    failed.args = (f"{failed.reason}: {failed.message}",)
    raise failed  # outside the handlers, so that the SDK's exception is not its context


def _checked(client: Client, data: bytes, read: Callable[[object], Reply | Failure]) -> bytes:
    if _secret(client.key):
        data = data.replace(client.key.encode(), b"[key]")
    try:
        reply = read(decode(data))
    except ValueError as error:
        start = brief(data[:400].decode("utf-8", "replace"), 80)
        message = f"status 200, but no JSON ({brief(str(error), 80)}); it begins {start!r}"
        raise CallFailed("not-an-api-response", message, retry=True) from None
    if isinstance(reply, Failure):
        raise CallFailed.of(reply)
    return data
