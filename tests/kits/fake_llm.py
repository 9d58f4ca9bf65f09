"""A server on loopback that speaks the protocols of OpenAI and Anthropic, to which the real SDKs talk in the tests.

By hand: `python tests/kits/fake_llm.py --port 8000 --latency 0.2 --mix 0.3`, then
`OPENAI_API_KEY=x judge grade ... --judge openai:some-model --base-url http://127.0.0.1:8000/v1`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import math
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from fake_replies import GOOD, PATHS, Answer, Reply, Request, cover_all, faults_of, reply_to

Script = Callable[[Request], str | None]
"""Names the fault of a request; None or "ok" is none."""

UNKNOWN_KEY = "wrong-key"
"""The key that the server refuses."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """Any HTTP request, for further endpoints."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Event:
    """One message request and what became of it.

    Attributes:
        number: its place in the order of arrival.
        protocol: the protocol.
        question: digest of what the model reads (see `Request.question`).
        max_output_tokens: the limit of the reply.
        fault: what went wrong, "ok" if nothing.
        status: HTTP status, 0 if none was sent.
        paid: whether a model worked for it.
        delivered: whether the whole of a paid reply was handed to a connection that was still open.
        cached: tokens that came from the emulated prompt cache.
    """

    number: int
    protocol: str
    question: str
    max_output_tokens: int
    fault: str
    status: int
    paid: bool
    delivered: bool
    cached: int


@dataclass
class Ledger:
    """What the server saw and did.

    Attributes:
        requests: message requests that arrived whole.
        events: those that were dealt with, in the order in which they ended.
        open_now: requests being answered.
        most_open: the most that were at any time.
        keys: API keys that were sent.
    """

    requests: int = 0
    events: list[Event] = field(default_factory=list)
    open_now: int = 0
    most_open: int = 0
    keys: set[str] = field(default_factory=set)

    def delivered(self) -> Counter[str]:
        """Count the delivered replies by question."""
        return Counter(event.question for event in self.events if event.delivered)

    def usable(self) -> Counter[str]:
        """Count the delivered replies with a good answer by question: any beyond the first was paid in vain."""
        good = {"ok", *GOOD}
        return Counter(event.question for event in self.events if event.delivered and event.fault in good)


class FakeLlm:
    """The server, in a thread of its own while used as a context manager.

    Args:
        script: names the fault of each request; called in the order of arrival.
        answer: makes the model's answers.
        latency_s: how long a model takes.
        routes: answers further endpoints, asked first; returns None for what is not its own.
        keep_events: whether to keep an event for each request; off for long runs.
    """

    def __init__(
        self,
        *,
        script: Script | None = None,
        answer: Answer = cover_all,
        latency_s: float = 0.0,
        port: int = 0,
        routes: Callable[[Call], Reply | None] | None = None,
        keep_events: bool = True,
    ) -> None:
        self.script: Script = script or (lambda request: None)
        self.answer = answer
        self.latency_s = latency_s
        self.held_from = math.inf
        """Requests from this number on get no reply until it is raised."""
        self.routes = routes
        self.ledger = Ledger()
        self.calls: deque[Call] = deque(maxlen=1000)
        """The last 1,000 message requests as they came, headers included."""
        self._keep = keep_events
        self._seen: Counter[str] = Counter()
        self._prefixes: set[str] = set()
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    # Use

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10), "the fake server did not start"
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive(), "the fake server did not stop"

    @property
    def url(self) -> str:
        """Address of the server: the `base_url` of Anthropic's SDK."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def v1(self) -> str:
        """The `base_url` of OpenAI's SDK."""
        return f"{self.url}/v1"

    def produce(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
        """Make the reply to one message request without HTTP, as a batch does it; the ledger notes it."""
        request, fault, cached = self._take(path, body, headers or {})
        reply = reply_to(request, fault, self.answer, cached=cached)
        self._note(request, fault, reply, cached, delivered=reply.paid)
        return reply

    # The server

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", self._port, backlog=512, limit=1 << 26)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; False ends the connection."""
        call = await _read_call(reader)
        reply = self.routes(call) if self.routes else None
        if reply is None and call.path not in PATHS:
            reply = self._other(call)
        if reply is not None:
            return await _send(writer, reply)
        return await self._message(call, reader, writer)

    async def _message(self, call: Call, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if self._keep:
            self.calls.append(call)
        ledger = self.ledger
        key = call.headers.get("x-api-key") or call.headers.get("authorization", "").removeprefix("Bearer ")
        ledger.keys.add(key)
        ledger.open_now += 1
        ledger.most_open = max(ledger.most_open, ledger.open_now)
        try:
            request, fault, cached = self._take(call.path, json.loads(call.data), call.headers)
            fault = "401" if key == UNKNOWN_KEY else fault
            reply = reply_to(request, fault, self.answer, cached=cached)
            while request.number >= self.held_from:
                await asyncio.sleep(0.005)
            if reply.act == "hang":
                self._note(request, fault, reply, cached, delivered=False)
                await reader.read(1)  # until the caller gives up
                return False
            if self.latency_s and reply.paid:
                await asyncio.sleep(self.latency_s)
            alive = not writer.is_closing() and not reader.at_eof()
            # Before the last byte leaves, so that whoever has read the reply finds it in the ledger.
            self._note(request, fault, reply, cached, delivered=alive and reply.paid and reply.act == "send")
            return await _send(writer, reply)
        finally:
            ledger.open_now -= 1

    def _take(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> tuple[Request, str, int]:
        number = self.ledger.requests
        self.ledger.requests += 1
        request = Request(number=number, seen=0, protocol=PATHS[path], body=body, headers=headers)
        question = request.question
        request = dataclasses.replace(request, seen=self._seen[question])
        self._seen[question] += 1
        cached = max((size for size, name in request.prefixes if name in self._prefixes), default=0)
        return request, self.script(request) or "ok", cached

    def _note(self, request: Request, fault: str, reply: Reply, cached: int, *, delivered: bool) -> None:
        if reply.paid:
            self._prefixes.update(name for _, name in request.prefixes)
        if self._keep:
            event = Event(
                number=request.number,
                protocol=request.protocol,
                question=request.question,
                max_output_tokens=request.max_output_tokens,
                fault=fault,
                status=reply.status if reply.act == "send" else 0,
                paid=reply.paid,
                delivered=delivered,
                cached=cached if reply.paid else 0,
            )
            self.ledger.events.append(event)

    def _other(self, call: Call) -> Reply:
        if call.path == "/ledger":
            events = [dataclasses.asdict(event) for event in self.ledger.events]
            open_now, most, keys = self.ledger.open_now, self.ledger.most_open, sorted(self.ledger.keys)
            whole = {"requests": self.ledger.requests, "events": events, "open_now": open_now, "most_open": most}
            return Reply(body={**whole, "keys": keys})
        if call.path == "/v1/models":
            return Reply(body={"object": "list", "data": [{"id": "fake-model", "object": "model"}]})
        return Reply(status=404, body={"error": {"type": "not_found_error", "message": f"no {call.path} here"}})


async def _read_call(reader: asyncio.StreamReader) -> Call:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (row.partition(":") for row in head[1:])}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        parts = []
        while size := int((await reader.readline()).strip(), 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        data = b"".join(parts)
    else:
        data = await reader.readexactly(int(headers.get("content-length", "0")))
    path, _, query = target.partition("?")
    return Call(method=method, path=path, query=query, headers=headers, data=data)


async def _send(writer: asyncio.StreamWriter, reply: Reply) -> bool:
    data = reply.data
    headers = {"content-type": "application/json", "request-id": "req_1", "x-request-id": "req_1", **reply.headers}
    rows = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {reply.status} X\r\n{rows}content-length: {len(data)}\r\n\r\n".encode()
    if reply.act == "send":
        writer.write(head + data)
        await writer.drain()
        return True
    if reply.act == "trickle":
        for at in range(len(head + data)):
            writer.write((head + data)[at : at + 1])
            await writer.drain()
            await asyncio.sleep(0.02)
        return True
    if reply.act == "reset-mid-body":
        writer.write(head + data[: len(data) // 2])
        await writer.drain()
        await asyncio.sleep(0.01)  # a reset at once would throw away what the other side has not read yet
    if reply.act != "close":
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort() if reply.act != "close" else writer.close()
    return False


# Scripts


def always(fault: str | None) -> Script:
    """Return a script in which every request meets the same fault."""
    return lambda request: fault


def first(*faults: str | None) -> Script:
    """Return a script in which the first tries of every question meet these faults in order, later ones none."""
    return lambda request: faults[request.seen] if request.seen < len(faults) else None


def mix(rate: float, seed: int = 0, faults: Sequence[str] = ()) -> Script:
    """Return a script in which a share `rate` of the requests meets a fault drawn at random.

    The draw depends on seed, question and number of the try only, so that it is the same in any order of arrival.
    """

    def draw(request: Request) -> str | None:
        dice = random.Random(f"{seed} {request.question} {request.seen}")
        return dice.choice(faults or faults_of(request.protocol)) if dice.random() < rate else None

    return draw


# As a process of its own


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A server in another process."""

    url: str
    process: subprocess.Popen[bytes]

    @property
    def v1(self) -> str:
        """The `base_url` of OpenAI's SDK."""
        return f"{self.url}/v1"

    def ledger(self) -> Ledger:
        """Ask for what it saw and did."""
        with urllib.request.urlopen(f"{self.url}/ledger", timeout=30) as response:
            ledger = json.load(response)
        events = [Event(**event) for event in ledger.pop("events")]
        return Ledger(events=events, keys=set(ledger.pop("keys")), **ledger)


@contextlib.contextmanager
def started(*arguments: str, module: str = "fake_llm") -> Iterator[Remote]:
    """Run the server (or another kit with the same arguments) in a process of its own."""
    home = Path(__file__).parent
    command = [sys.executable, "-P", str(home / f"{module}.py"), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(home)})
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, "the fake server did not start"
        yield Remote(url=json.loads(line)["url"], process=process)
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


def parser() -> argparse.ArgumentParser:
    """Return the arguments of the command line."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--port", type=int, default=0, help="0 takes a free one")
    made.add_argument("--latency", type=float, default=0.0, help="seconds that a model takes")
    made.add_argument("--mix", type=float, default=0.0, help="share of requests that meet a fault, drawn at random")
    made.add_argument("--seed", type=int, default=0, help="of that draw")
    made.add_argument("--faults", default="", help="comma-separated: draw from these only")
    made.add_argument("--first", default="", help="comma-separated faults of the first tries of every question")
    made.add_argument("--no-events", action="store_true", help="keep no event for each request")
    return made


def make(arguments: argparse.Namespace) -> FakeLlm:
    """Make the server that the arguments describe."""
    faults = tuple(filter(None, arguments.faults.split(",")))
    script = mix(arguments.mix, arguments.seed, faults)
    if arguments.first:
        script = first(*arguments.first.split(","))
    return FakeLlm(script=script, latency_s=arguments.latency, port=arguments.port, keep_events=not arguments.no_events)


def main() -> None:
    """Serve until killed; the first line of output is the address."""
    with make(parser().parse_args()) as server:
        print(json.dumps({"url": server.url}), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)


if __name__ == "__main__":
    main()
