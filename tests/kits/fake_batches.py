"""The batch endpoints of both providers for the fake server: files, batches, message batches, results.

Results come from the server's own script and answers, so that a batch line can hold any fault a live reply can.
By hand: `python tests/kits/fake_batches.py --port 8000 --batch-seconds 5`.
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qs

from fake_llm import Call, FakeLlm, make, parser
from fake_replies import Reply

Outcome = Literal["done", "error", "expired", "canceled", "left-out"]
Step = Literal["upload", "create", "list", "look", "results"]


@dataclass(kw_only=True)
class FakeBatch:
    """One batch as the server holds it.

    Attributes:
        id: its name.
        provider: "openai" or "anthropic".
        requests: its lines.
        metadata: what OpenAI's caller attached.
        created_at: seconds since 1970.
        ready_at: when it ends; None is when the test says so.
        failed: why it was refused after it was created.
        lines: its results, made when it ends.
    """

    id: str
    provider: str
    requests: list[dict[str, Any]]
    metadata: dict[str, str] = field(default_factory=dict)
    created_at: float
    ready_at: float | None
    failed: str | None = None
    lines: list[dict[str, Any]] | None = None

    @property
    def names(self) -> list[str]:
        """The `custom_id`s of its lines."""
        return [request["custom_id"] for request in self.requests]


class FakeBatches:
    """Serves the endpoints; give `routes` to a `FakeLlm`, and that to `serve`.

    Attributes:
        batches: all that were created, oldest first.
        outcome: says how a line ends, by its number in the batch; called once for each.
        on: called before each step is carried out, and with `after=True` before its response leaves; may return a
            response to send instead (after the step, one that breaks off breaks off the real one), and may kill whoever
            asked.
        calls: the steps that were asked for, in order.
    """

    def __init__(self, seconds: float | None = None, *, shuffle: int = 1, now: Callable[[], float] = time.time) -> None:
        """End batches after some seconds; None is when `end` is called."""
        self.seconds = seconds
        self.batches: list[FakeBatch] = []
        self.files: dict[str, bytes] = {}
        self.outcome: Callable[[int], Outcome] = lambda number: "done"
        self.on: Callable[[Step, bool], Reply | None] = lambda step, after: None
        self.calls: list[Step] = []
        self.page = 2
        """Batches on one page of a list at the most, so that every list has several."""
        self._dice = random.Random(shuffle)
        self._now = now
        self._server: FakeLlm | None = None

    def serve(self, server: FakeLlm) -> None:
        """Answer the message requests of batches as this server would."""
        self._server = server

    def end(self) -> None:
        """End all batches that are open."""
        for batch in self.batches:
            batch.ready_at = 0.0

    def questions(self) -> dict[str, int]:
        """Count by question how often it was put into a batch; the first 12 characters of a name are the batch's."""
        counts: dict[str, int] = {}
        for batch in self.batches:
            for name in batch.names:
                counts[name[13:]] = counts.get(name[13:], 0) + 1
        return counts

    def routes(self, call: Call) -> Reply | None:
        """Answer what belongs to the batch endpoints."""
        if call.path == "/batches-made":
            return Reply(body=self.questions())
        for method, pattern, step, serve in _ROUTES:
            if call.method == method and (match := re.fullmatch(pattern, call.path)):
                self.calls.append(step)
                before = self.on(step, False)
                made = before or serve(self, call, *match.groups())
                after = None if before else self.on(step, True)
                if after and after.act == "reset-mid-body":
                    return replace(made, act=after.act)
                return after or made
        return None

    # OpenAI

    def _upload(self, call: Call) -> Reply:
        boundary = re.search(r"boundary=([^;]+)", call.headers["content-type"])
        assert boundary is not None
        parts = call.data.split(b"--" + boundary[1].strip('"').encode())
        bodies = {
            re.search(rb'name="([^"]+)"', head)[1].decode(): body.removesuffix(b"\r\n")  # type: ignore[index]  # or it is no form
            for head, _, body in (part.partition(b"\r\n\r\n") for part in parts[1:-1])
        }
        assert bodies["purpose"] == b"batch", bodies.keys()
        return Reply(body=self._file("file-in", bodies["file"]))

    def _file(self, kind: str, data: bytes) -> dict[str, Any]:
        name = f"{kind}-{len(self.files) + 1}"
        self.files[name] = data
        return {
            "id": name,
            "object": "file",
            "bytes": len(data),
            "created_at": int(self._now()),
            "filename": f"{name}.jsonl",
            "purpose": "batch",
            "status": "processed",
        }

    def _content(self, call: Call, name: str) -> Reply:
        if name not in self.files:
            return _missing("No such File object")
        return Reply(body=self.files[name], headers={"content-type": "application/octet-stream"})

    def _create_openai(self, call: Call) -> Reply:
        body = json.loads(call.data)
        if body["input_file_id"] not in self.files:
            return _missing("No such File object")
        requests = [json.loads(line) for line in self.files[body["input_file_id"]].splitlines()]
        assert body["completion_window"] == "24h"
        assert all(set(line) == {"custom_id", "method", "url", "body"} for line in requests)
        assert {line["url"] for line in requests} == {body["endpoint"]}
        return self._created("openai", requests, body.get("metadata") or {})

    def _created(self, provider: str, requests: list[dict[str, Any]], metadata: dict[str, str]) -> Reply:
        names = [request["custom_id"] for request in requests]
        assert len(set(names)) == len(names), "names within a batch must differ"
        assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in names)
        now = self._now()
        batch = FakeBatch(
            id=f"{'batch' if provider == 'openai' else 'msgbatch'}_{len(self.batches) + 1}",
            provider=provider,
            requests=requests,
            metadata=metadata,
            created_at=now,
            ready_at=None if self.seconds is None else now + self.seconds,
        )
        self.batches.append(batch)
        return Reply(body=self._show(batch))

    def _list_openai(self, call: Call) -> Reply:
        listed, more = self._listed("openai", call, "after")
        return Reply(body={"object": "list", "data": listed, "has_more": more})

    def _show_openai(self, batch: FakeBatch) -> dict[str, Any]:
        lines = self._results(batch)
        good = [line for line in lines or [] if line["response"] and line["response"]["status_code"] == 200]
        bad = [line for line in lines or [] if line not in good]
        status = "in_progress" if lines is None else "completed"
        if lines and any((line["error"] or {}).get("code") == "batch_expired" for line in lines):
            status = "expired"
        files = [self._kept(batch, kind, part) for kind, part in (("file-out", good), ("file-err", bad))]
        return {
            "id": batch.id,
            "object": "batch",
            "endpoint": batch.requests[0]["url"],
            "errors": {"object": "list", "data": [{"code": "invalid", "message": batch.failed}]}
            if batch.failed
            else None,
            "input_file_id": "file-in-1",
            "completion_window": "24h",
            "status": "failed" if batch.failed else status,
            "output_file_id": files[0],
            "error_file_id": files[1],
            "created_at": int(batch.created_at),
            "request_counts": {"total": len(batch.requests), "completed": len(good), "failed": len(bad)},
            "metadata": batch.metadata,
        }

    def _kept(self, batch: FakeBatch, kind: str, lines: list[dict[str, Any]]) -> str | None:
        """There is no file where there are no lines."""
        if not lines:
            return None
        name = f"{kind}-{batch.id}"
        self.files[name] = b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)
        return name

    # Anthropic

    def _create_anthropic(self, call: Call) -> Reply:
        requests = json.loads(call.data)["requests"]
        assert all(set(line) == {"custom_id", "params"} for line in requests)
        return self._created("anthropic", requests, {})

    def _list_anthropic(self, call: Call) -> Reply:
        listed, more = self._listed("anthropic", call, "after_id")
        ends = {"first_id": listed[0]["id"], "last_id": listed[-1]["id"]} if listed else {}
        return Reply(body={"data": listed, "has_more": more, **ends})

    def _show_anthropic(self, batch: FakeBatch) -> dict[str, Any]:
        lines = self._results(batch)
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        counts["processing" if lines is None else "succeeded"] = len(batch.requests)
        for line in lines or []:
            if (kind := line["result"]["type"]) != "succeeded":
                counts["succeeded"] -= 1
                counts[kind] += 1
        created = datetime.fromtimestamp(batch.created_at, UTC)
        url = f"{self._server.url if self._server else ''}/v1/messages/batches/{batch.id}/results"
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "in_progress" if lines is None else "ended",
            "request_counts": counts,
            "created_at": created.isoformat().replace("+00:00", "Z"),
            "expires_at": datetime.fromtimestamp(batch.created_at + 86_400, UTC).isoformat(),
            "ended_at": None if lines is None else created.isoformat(),
            "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": None if lines is None else url,
        }

    def _results_anthropic(self, call: Call, name: str) -> Reply:
        batch = self._find(name)
        lines = self._results(batch) if batch else None
        if lines is None:
            return _missing("no results")
        data = b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)
        return Reply(body=data, headers={"content-type": "application/x-jsonl"})

    # Both

    def _look(self, call: Call, name: str) -> Reply:
        batch = self._find(name)
        return Reply(body=self._show(batch)) if batch else _missing(f"no batch {name}")

    def _find(self, name: str) -> FakeBatch | None:
        return next((batch for batch in self.batches if batch.id == name), None)

    def _show(self, batch: FakeBatch) -> dict[str, Any]:
        return self._show_openai(batch) if batch.provider == "openai" else self._show_anthropic(batch)

    def _listed(self, provider: str, call: Call, after: str) -> tuple[list[dict[str, Any]], bool]:
        query = parse_qs(call.query)
        newest = [batch for batch in reversed(self.batches) if batch.provider == provider]
        if after in query:
            newest = newest[[batch.id for batch in newest].index(query[after][0]) + 1 :]
        size = min(int(query.get("limit", ["20"])[0]), self.page)
        return [self._show(batch) for batch in newest[:size]], len(newest) > size

    def _results(self, batch: FakeBatch) -> list[dict[str, Any]] | None:
        """Make the results when the batch ends; None before. Their order is anybody's guess."""
        if batch.ready_at is None or self._now() < batch.ready_at or batch.failed:
            return None
        if batch.lines is None:
            make_line = self._line_openai if batch.provider == "openai" else self._line_anthropic
            made = [make_line(number, request) for number, request in enumerate(batch.requests)]
            batch.lines = [line for line in made if line is not None]
            self._dice.shuffle(batch.lines)
        return batch.lines

    def _line_openai(self, number: int, request: Mapping[str, Any]) -> dict[str, Any] | None:
        line: dict[str, Any] = {"id": f"batch_req_{number}", "custom_id": request["custom_id"]}
        match self.outcome(number):
            case "left-out":
                return None
            case "expired" | "canceled" as end:
                code = "batch_expired" if end == "expired" else "batch_cancelled"
                return {**line, "response": None, "error": {"code": code, "message": "not executed in time"}}
            case "error":
                body = {"error": {"type": "invalid_request_error", "code": None, "message": "something is wrong"}}
                return {**line, "response": {"status_code": 400, "request_id": "r", "body": body}, "error": None}
        assert self._server is not None
        reply = self._server.produce(request["url"], request["body"])
        response = {"status_code": reply.status, "request_id": "r", "body": json.loads(reply.data)}
        return {**line, "response": response, "error": None}

    def _line_anthropic(self, number: int, request: Mapping[str, Any]) -> dict[str, Any] | None:
        name = request["custom_id"]
        match self.outcome(number):
            case "left-out":
                return None
            case "expired" | "canceled" as end:
                return {"custom_id": name, "result": {"type": end}}
            case "error":
                inner = {"type": "invalid_request_error", "message": "something is wrong"}
                error = {"type": "error", "error": inner, "request_id": "r"}
                return {"custom_id": name, "result": {"type": "errored", "error": error}}
        assert self._server is not None
        reply = self._server.produce("/v1/messages", request["params"])
        body = json.loads(reply.data)
        kind = {"type": "succeeded", "message": body} if reply.status == 200 else {"type": "errored", "error": body}
        return {"custom_id": name, "result": kind}


_ROUTES: tuple[tuple[str, str, Step, Callable[..., Reply]], ...] = (
    ("POST", r"/v1/files", "upload", FakeBatches._upload),
    ("GET", r"/v1/files/([^/]+)/content", "results", FakeBatches._content),
    ("POST", r"/v1/batches", "create", FakeBatches._create_openai),
    ("GET", r"/v1/batches", "list", FakeBatches._list_openai),
    ("GET", r"/v1/batches/([^/]+)", "look", FakeBatches._look),
    ("POST", r"/v1/messages/batches", "create", FakeBatches._create_anthropic),
    ("GET", r"/v1/messages/batches", "list", FakeBatches._list_anthropic),
    ("GET", r"/v1/messages/batches/([^/]+)", "look", FakeBatches._look),
    ("GET", r"/v1/messages/batches/([^/]+)/results", "results", FakeBatches._results_anthropic),
)


def _missing(message: str) -> Reply:
    return Reply(status=404, body={"error": {"type": "not_found_error", "message": message}})


@contextlib.contextmanager
def batch_server(batches: FakeBatches | None = None, **options: Any) -> Iterator[tuple[FakeLlm, FakeBatches]]:
    """Run a fake server that takes batches, in a thread of this process; options are those of `FakeLlm`."""
    batches = batches or FakeBatches()
    with FakeLlm(routes=batches.routes, **options) as server:
        batches.serve(server)
        yield server, batches


def main() -> None:
    """Serve until killed; the first line of output is the address."""
    arguments = parser()
    arguments.add_argument("--batch-seconds", type=float, default=0.0, help="seconds that a batch takes")
    given = arguments.parse_args()
    batches = FakeBatches(given.batch_seconds)
    server = make(given)
    server.routes = batches.routes
    batches.serve(server)
    with server:
        print(json.dumps({"url": server.url}), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)


if __name__ == "__main__":
    main()
