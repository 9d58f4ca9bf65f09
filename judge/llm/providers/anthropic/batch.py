"""Anthropic's message batches: requests in one call, results in any order; a batch can be told by its results only."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any

from judge.llm.providers.batch_api import BatchCalls, BatchMatches, BatchQuery, BatchStatus
from judge.llm.providers.failures import refused
from judge.llm.providers.json_shapes import brief, mapping, sequence, text
from judge.llm.reply import Failure

MOST_REQUESTS = 100_000
MOST_BYTES = 240 * 10**6
"""The limit is 256 MB."""

_PAGE = 100


def request_line(custom_id: str, body: Mapping[str, Any], endpoint: str) -> dict[str, Any]:
    """Return one question as a line of a batch."""
    return {"custom_id": custom_id, "params": body}


def read_result(line: Mapping[str, Any]) -> dict[str, Any] | Failure | None:
    """Read `{"custom_id": ..., "result": {"type": "succeeded", "message": {...}}}` and its like."""
    result = line.get("result")
    if not isinstance(result, dict):
        return None
    match result.get("type"):
        case "succeeded" if isinstance(message := result.get("message"), dict):
            return message
        case "expired":
            return Failure(reason="expired", message="the batch ended before the request was taken up")
        case "canceled":
            return Failure(reason="canceled", message="the batch was cancelled before the request was taken up")
        case "errored":
            return refused(None, result.get("error")).failure
    return Failure(reason="not-an-api-response", message=f"a result of an unknown type {result.get('type')!r}")


async def send(calls: BatchCalls, intent: str, lines: Sequence[bytes], sending: Callable[[], None]) -> str:
    """Create a batch of the requests."""
    create = calls.client.sdk.messages.batches.with_raw_response.create
    requests = [json.loads(line) for line in lines]
    sending()
    made = await calls.create(lambda: create(requests=requests, timeout=calls.client.timeout_s))
    return str(made["id"])


async def find(calls: BatchCalls, query: BatchQuery) -> BatchMatches:
    """Search the list of batches, newest first, for one of the same size whose results bear our mark.

    There is no metadata, so a batch that has not ended cannot be told from another one of the same size.
    """
    certain, possible = [], []
    async for batch in _created_since(calls, query.since):
        name = text(batch.get("id"))
        if name in query.known or _size(batch) != query.requests:
            continue
        if batch.get("processing_status") != "ended":
            possible.append(name)
        elif batch.get("results_url") and await _bears(calls, name, query.mark):
            certain.append(name)
    return BatchMatches(certain=tuple(reversed(certain)), possible=tuple(reversed(possible)))


async def _created_since(calls: BatchCalls, since: float) -> AsyncIterator[Mapping[str, Any]]:
    page = calls.client.sdk.messages.batches.with_raw_response.list
    after: dict[str, str] = {}
    while True:
        listing = await calls.read(partial(page, limit=_PAGE, timeout=calls.client.timeout_s, **after))
        batches = [mapping(batch) for batch in sequence(listing.get("data"))]
        for batch in batches:
            if _time(batch.get("created_at")) < since:
                return
            yield batch
        if not listing.get("has_more") or not batches:
            return
        after = {"after_id": text(batches[-1].get("id"))}


async def _bears(calls: BatchCalls, name: str, mark: str) -> bool:
    """Every line of a batch bears the mark, so that the first one tells."""
    async with aclosing(results(calls, name)) as lines:
        async for line in lines:
            return text(line.get("custom_id")).startswith(mark)
    return False


def _size(batch: Mapping[str, Any]) -> int:
    return sum(number for number in mapping(batch.get("request_counts")).values() if isinstance(number, int))


def _time(value: object) -> float:
    """Read a time; what cannot be read may be any time, so it is taken for now."""
    try:
        return datetime.fromisoformat(text(value)).timestamp()
    except ValueError:
        return float("inf")


async def fetch_status(calls: BatchCalls, batch_id: str) -> BatchStatus:
    """Ask how a batch stands."""
    retrieve = calls.client.sdk.messages.batches.with_raw_response.retrieve
    batch = await calls.read(lambda: retrieve(batch_id, timeout=calls.client.timeout_s))
    status = text(batch.get("processing_status"))
    if status == "ended":
        # A month later the results are gone, and there is no address of them any more.
        return BatchStatus(state="ended", detail=status, sources=(batch_id,) if batch.get("results_url") else ())
    return BatchStatus(state="open", detail=brief(f"{status or 'no status'}, {_size(batch)} requests"))


def results(calls: BatchCalls, source: str) -> AsyncGenerator[dict[str, Any]]:
    """Yield the results of a batch."""
    return calls.lines(lambda: _stream(calls, source))


@asynccontextmanager
async def _stream(calls: BatchCalls, source: str) -> AsyncGenerator[Any]:
    """Open the results; older SDKs have no streaming response for them, but their decoder holds one unread."""
    decoder = await calls.client.sdk.messages.batches.results(source, timeout=calls.client.timeout_s)
    try:
        yield decoder
    finally:
        await decoder.http_response.aclose()
