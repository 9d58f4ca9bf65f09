"""What both providers' batch APIs share: their shape as we use it, one way to call them, one way to read results."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from judge.llm.providers.call_failed import CallFailed
from judge.llm.providers.client import Client
from judge.llm.providers.failures import raised
from judge.llm.providers.json_shapes import brief, decode, mapping
from judge.llm.providers.retry import BATCH_CALLS, Sleep, retrying, should_repeat, should_retry
from judge.llm.reply import Failure

_MOST_LINE = 64 << 20
"""Bytes of one line of results; no reply of a model comes near it."""

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class BatchStatus:
    """How a batch stands.

    Attributes:
        state: `open` has no results yet; `ended` has all it will ever have; `refused` was never taken up.
        detail: the provider's own word for it, and its reasons.
        sources: where its results are.
    """

    state: Literal["open", "ended", "refused"]
    detail: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BatchMatches:
    """What a search for a batch brought: names of those that are it, and of those of which it is too early to tell."""

    certain: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BatchQuery:
    """A batch that may have arrived or not.

    Attributes:
        intent: our own name for it.
        mark: what the name of each of its lines begins with.
        requests: how many lines it has.
        since: it cannot have been created before, seconds since 1970.
        known: names of batches that are others.
    """

    intent: str
    mark: str
    requests: int
    since: float
    known: frozenset[str]


class BatchApi(Protocol):
    """One provider's batch API: a module of this package."""

    MOST_REQUESTS: int
    MOST_BYTES: int

    def request_line(self, custom_id: str, body: Mapping[str, Any], endpoint: str) -> dict[str, Any]:
        """Return one question as a line of the provider's batch format, named by its `custom_id`."""

    def read_result(self, line: Mapping[str, Any]) -> dict[str, Any] | Failure | None:
        """Read a line of results: the reply's body, or why there is none; None if it is no line of this provider."""

    async def send(self, calls: BatchCalls, intent: str, lines: Sequence[bytes], sending: Callable[[], None]) -> str:
        """Send a batch and return the provider's name for it; `sending` is called just before it is created.

        Raises:
            CallFailed: it was refused, or it is not known whether it arrived (`retry.certainly_not_done` tells).
        """

    async def find(self, calls: BatchCalls, query: BatchQuery) -> BatchMatches:
        """Search for a batch whose name is not known."""

    async def fetch_status(self, calls: BatchCalls, batch_id: str) -> BatchStatus:
        """Ask how a batch stands."""

    def results(self, calls: BatchCalls, source: str) -> AsyncGenerator[dict[str, Any]]:
        """Yield the decoded lines of one source of results, in any order."""


@dataclass(frozen=True, kw_only=True)
class BatchCalls:
    """Makes the calls that manage batches: each within a limit, tried again where that is safe.

    Attributes:
        client: what they go through.
        sleep: waits a number of seconds between tries.
    """

    client: Client
    sleep: Sleep = asyncio.sleep

    async def read(self, make: Callable[[], Awaitable[Any]]) -> Mapping[str, Any]:
        """Make a call that changes nothing, or nothing that matters if it happens twice; return the decoded body.

        Raises:
            CallFailed: there is no proper response.
        """
        return await self.again(lambda: self._once(make))

    async def create(self, make: Callable[[], Awaitable[Any]]) -> Mapping[str, Any]:
        """Make a call that must not happen twice: tried again only if it was certainly not carried out.

        Raises:
            CallFailed: there is no proper response.
        """
        return await self.again(lambda: self._once(make), when=should_repeat)

    async def again(
        self, work: Callable[[], Awaitable[_T]], *, when: Callable[[CallFailed], bool] = should_retry
    ) -> _T:
        """Do something that may fail in passing, as often as the retry policy says."""

        async def attempt() -> _T:  # tenacity awaits only what is declared so
            return await work()

        return await retrying(BATCH_CALLS, again=when, sleep=self.sleep)(attempt)

    async def _once(self, make: Callable[[], Awaitable[Any]]) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(self.client.timeout_s):
                data: bytes = (await make()).http_response.content
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said in our words and without the key
            raise self._failed(error) from None
        try:
            body = decode(data)
        except ValueError as error:
            raise CallFailed("not-an-api-response", f"no JSON: {brief(str(error))}", retry=True) from None
        if not isinstance(body, dict) or not isinstance(body.get("id", body.get("data")), str | list):
            raise CallFailed("not-an-api-response", "neither an object with an id nor a list", retry=True)
        return body

    async def lines(
        self, open_stream: Callable[[], AbstractAsyncContextManager[Any]]
    ) -> AsyncGenerator[dict[str, Any]]:
        """Yield the decoded objects of a file of JSON lines as it comes in.

        The SDKs' own readers split at other characters than line feeds, too, or make objects of their own of a line.

        Raises:
            CallFailed: it does not come in whole, or is something else.
        """
        rest = b""
        try:
            async with open_stream() as response:
                async for chunk in response.http_response.aiter_bytes():
                    *whole, rest = (rest + chunk).split(b"\n")
                    for line in whole:
                        if result := _object(line):
                            yield result
                    if len(rest) > _MOST_LINE:
                        raise CallFailed("not-an-api-response", "a line of results has no end", retry=False)
        except (CallFailed, GeneratorExit, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - as above
            raise self._failed(error) from None
        if result := _object(rest):
            yield result

    def _failed(self, error: Exception) -> CallFailed:
        if isinstance(error, TimeoutError):
            return CallFailed("timeout", f"no whole reply within {self.client.timeout_s:g} s", retry=True)
        failed = raised(error, self.client.module)
        failed.message = self.client.scrub(failed.message)
        failed.args = (f"{failed.reason}: {failed.message}",)
        return failed


def _object(line: bytes) -> dict[str, Any]:
    if not line.strip():
        return {}
    try:
        return dict(mapping(decode(line)))
    except ValueError:
        raise CallFailed("not-an-api-response", f"a line of results is no JSON: {line[:80]!r}", retry=True) from None
