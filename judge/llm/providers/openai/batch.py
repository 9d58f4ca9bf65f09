"""OpenAI's batch API: a file of requests, a batch over it, one file of replies and a separate one of errors."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from judge.llm.providers.batch_api import BatchCalls, BatchMatches, BatchQuery, BatchStatus
from judge.llm.providers.failures import refused
from judge.llm.providers.json_shapes import brief, mapping, sequence, text
from judge.llm.reply import Failure, FailureReason

MOST_REQUESTS = 50_000
MOST_BYTES = 190 * 10**6
"""The limit is 200 MB."""

_METADATA = "patch_verdict_batch"
_OPEN = frozenset({"validating", "in_progress", "finalizing", "cancelling"})
_ENDED = frozenset({"completed", "expired", "cancelled"})
_NOT_DONE: Mapping[str, FailureReason] = {"batch_expired": "expired", "batch_cancelled": "canceled"}
_MAX_MESSAGE = 300
_PAGE = 100


def request_line(custom_id: str, body: Mapping[str, Any], endpoint: str) -> dict[str, Any]:
    """Return one question as a line of the file of requests."""
    return {"custom_id": custom_id, "method": "POST", "url": endpoint, "body": body}


def read_result(line: Mapping[str, Any]) -> dict[str, Any] | Failure | None:
    """Read `{"custom_id": ..., "response": {"status_code": 200, "body": {...}}, "error": null}` and its like."""
    response, error = line.get("response"), line.get("error")
    if isinstance(response, dict):
        body, status = response.get("body"), response.get("status_code")
        if status == 200 and isinstance(body, dict):
            return body
        return refused(status if isinstance(status, int) else None, body).failure
    if error:
        code = error.get("code") if isinstance(error, dict) else None
        return Failure(reason=_NOT_DONE.get(str(code), "failed"), message=_error_message(error))
    return None


def _error_message(error: object) -> str:
    inner = error.get("error", error) if isinstance(error, dict) else error
    message = inner.get("message") if isinstance(inner, dict) else None
    text = message if isinstance(message, str) else json.dumps(inner, default=str)
    return text if len(text) <= _MAX_MESSAGE else f"{text[:_MAX_MESSAGE]} ..."


async def send(calls: BatchCalls, intent: str, lines: Sequence[bytes], sending: Callable[[], None]) -> str:
    """Upload the requests and create a batch over them; a file without a batch costs nothing."""
    sdk, limit = calls.client.sdk, calls.client.timeout_s
    name, data = f"patch-verdict-{intent}.jsonl", b"\n".join(lines) + b"\n"
    upload = sdk.files.with_raw_response.create
    file = await calls.read(lambda: upload(file=(name, data), purpose="batch", timeout=limit))
    url = _url(lines[0])
    sending()
    create = sdk.batches.with_raw_response.create
    made = await calls.create(
        lambda: create(
            input_file_id=str(file["id"]),
            endpoint=url,
            completion_window="24h",
            metadata={_METADATA: intent},
            timeout=limit,
        )
    )
    return str(made["id"])


async def find(calls: BatchCalls, query: BatchQuery) -> BatchMatches:
    """Search the list of batches, newest first, for our own name in the metadata."""
    page = calls.client.sdk.batches.with_raw_response.list
    certain: list[str] = []
    after: dict[str, str] = {}
    while True:
        listing = await calls.read(partial(page, limit=_PAGE, timeout=calls.client.timeout_s, **after))
        batches = [mapping(batch) for batch in sequence(listing.get("data"))]
        certain += [
            text(batch.get("id")) for batch in batches if mapping(batch.get("metadata")).get(_METADATA) == query.intent
        ]
        oldest = min((batch.get("created_at") or 0 for batch in batches), default=0)
        if not listing.get("has_more") or not batches or oldest < query.since:
            return BatchMatches(certain=tuple(reversed(certain)))
        after = {"after": text(batches[-1].get("id"))}


async def fetch_status(calls: BatchCalls, batch_id: str) -> BatchStatus:
    """Ask how a batch stands; one that expired or was cancelled has the results that it came to."""
    retrieve = calls.client.sdk.batches.with_raw_response.retrieve
    batch = await calls.read(lambda: retrieve(batch_id, timeout=calls.client.timeout_s))
    status = text(batch.get("status"))
    counts = mapping(batch.get("request_counts"))
    done, total = counts.get("completed", 0), counts.get("total", 0)
    if status == "failed":
        errors = [mapping(error) for error in sequence(mapping(batch.get("errors")).get("data"))]
        reasons = "; ".join(text(error.get("message")) or text(error.get("code")) for error in errors)
        return BatchStatus(state="refused", detail=brief(reasons or "no reason was given"))
    if status in _ENDED:
        files = (text(batch.get("output_file_id")), text(batch.get("error_file_id")))
        return BatchStatus(state="ended", detail=status, sources=tuple(file for file in files if file))
    word = status if status in _OPEN else f"status {status!r}"
    return BatchStatus(state="open", detail=brief(f"{word}, {done} of {total} done"))


def results(calls: BatchCalls, source: str) -> AsyncGenerator[dict[str, Any]]:
    """Yield the lines of a file of replies or of errors."""
    content = calls.client.sdk.files.with_streaming_response.content
    return calls.lines(lambda: content(source, timeout=calls.client.timeout_s))


def _url(line: bytes) -> str:
    return str(json.loads(line)["url"])
