"""A few worker processes for CPU work on hostile input: a crash or a hang costs one task, and names it.

A handler that cannot be made at all is no fault of a task: the first such worker stops the pool with the cause.

Not concurrent.futures: its pool breaks as a whole when a worker dies and cannot say on which task,
and its workers import the caller's main script again.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import select
import selectors
import signal
import struct
import subprocess
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from judge.static_checks.source.parser_process import describe_exit

TASK_TIMEOUT_S = 300.0
OPENING_TIMEOUT_S = 300.0
_HEADER = struct.Struct("!Q")

Task = TypeVar("Task")


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerDied:
    """A worker crashed or ran past its limit on a task; nothing is known about that task."""

    why: str


class HandlerNotOpened(RuntimeError):
    """A worker could not make its handler, so that no task can be handled; the message names the cause."""


class WorkerPool(Generic[Task]):
    """Runs a function over tasks in `jobs` processes, each of which handles one task at a time.

    Tasks come in groups that share something costly to open: a worker takes a group of its own
    while there is one, and then helps with what is left of the others.
    """

    def __init__(
        self,
        make_handler: Callable[[], Callable[[Task], Any]],
        jobs: int,
        *,
        timeout_s: float = TASK_TIMEOUT_S,
        opening_timeout_s: float = OPENING_TIMEOUT_S,
    ) -> None:
        """Handle tasks with what `make_handler()` returns; it is pickled, and called once in each worker.

        Args:
            timeout_s: limit for one task.
            opening_timeout_s: limit for making a handler, which no task is charged for.
        """
        self._make_handler = make_handler
        self._jobs = max(1, jobs)
        self._timeout_s = timeout_s
        self._opening_timeout_s = opening_timeout_s

    def run(self, groups: Sequence[Sequence[Task]]) -> Iterator[tuple[Task, Any]]:
        """Yield (task, result or `WorkerDied`) as they come; every task is answered exactly once.

        Raises:
            HandlerNotOpened: a worker could not make its handler.
        """
        queues = _Queues(groups)
        workers = [
            _Worker(self._make_handler, self._timeout_s, self._opening_timeout_s)
            for _ in range(min(self._jobs, len(queues)))
        ]
        try:
            while True:
                for worker in workers:
                    if not worker.busy and (task := queues.take(worker)) is not None:
                        worker.give(task)
                busy = [worker for worker in workers if worker.busy]
                if not busy:
                    return
                for worker in _ready(busy):
                    if (answer := worker.collect()) is not None:
                        yield answer
        finally:
            for worker in workers:
                worker.close()


class _Queues:
    """Hands out tasks, so that workers share a group only when no untouched one is left."""

    def __init__(self, groups: Sequence[Sequence[Any]]) -> None:
        self._fresh = deque(deque(group) for group in groups if group)
        self._started: dict[int, deque[Any]] = {}
        self._count = sum(len(group) for group in groups)

    def __len__(self) -> int:
        return self._count

    def take(self, worker: _Worker) -> Any | None:
        own = self._started.get(id(worker))
        if not own:
            own = self._fresh.popleft() if self._fresh else max(self._started.values(), key=len, default=None)
            if not own:
                return None
            self._started[id(worker)] = own
        return own.popleft()


class _Worker:
    """One child process and the task it is at."""

    def __init__(
        self, make_handler: Callable[[], Callable[[Any], Any]], timeout_s: float, opening_timeout_s: float
    ) -> None:
        self._setup = pickle.dumps(make_handler)
        self._timeout_s, self._opening_timeout_s = timeout_s, opening_timeout_s
        self._task: Any = None
        self.busy = False
        self._opened = False
        self.deadline = 0.0
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def out(self) -> int:
        assert self._child is not None and self._child.stdout is not None
        return self._child.stdout.fileno()

    def give(self, task: Any) -> None:
        """Take a task on; a worker that has yet to open its handler is sent the task once it has."""
        self._task, self.busy = task, True
        if self._child is None:
            self._opened = False
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-c", "from judge.lib.worker_pool import serve; serve()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
            self._send(self._setup, self._opening_timeout_s)
        else:
            self._send(pickle.dumps(task), self._timeout_s)

    def _send(self, content: bytes, timeout_s: float) -> None:
        assert self._child is not None
        self.deadline = time.monotonic() + timeout_s
        with contextlib.suppress(BrokenPipeError, TimeoutError):  # `collect` finds the process dead, or late
            _write_until(self._child.stdin, content, self.deadline)

    def collect(self) -> tuple[Any, Any] | None:
        """Return (task, result) once `out` is readable or the deadline has passed; None if the task only starts now.

        Raises:
            HandlerNotOpened: there is no handler that the task could be given to.
        """
        reply = self._reply()
        if not self._opened:
            self._check_opened(reply)
            self._opened = True
            self._send(pickle.dumps(self._task), self._timeout_s)
            return None
        task, self._task, self.busy = self._task, None, False
        if isinstance(reply, WorkerDied):
            return task, reply
        kind, result = reply
        return task, WorkerDied(why=result) if kind == "error" else result

    def _check_opened(self, reply: Any) -> None:
        if isinstance(reply, WorkerDied):
            raise HandlerNotOpened(f"no worker can start: {reply.why}")
        kind, result = reply
        if kind == "error":
            why, trace = result
            error = HandlerNotOpened(f"no worker can start: {why}")
            error.add_note(f"In the worker:\n{trace}")
            raise error

    def _reply(self) -> Any:
        """Return what the child says, or how it died."""
        assert self._child is not None
        if time.monotonic() >= self.deadline and not select.select([self.out], [], [], 0)[0]:
            self.close()
            limit = self._timeout_s if self._opened else self._opening_timeout_s
            return WorkerDied(why=f"no answer within {limit:g} s")
        try:
            content = _read(self._child.stdout)
        except EOFError:
            return WorkerDied(why=self._post_mortem())
        try:
            return pickle.loads(content)
        except Exception as error:  # noqa: BLE001 - whatever unpickling runs into, the task has no answer
            return WorkerDied(why=f"the answer cannot be read ({type(error).__name__}: {error})")

    def _post_mortem(self) -> str:
        assert self._child is not None
        try:
            code = self._child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.close()
            return "the worker process stopped answering"
        self.close()
        return f"the worker process {describe_exit(code)}"

    def close(self) -> None:
        if self._child is None:
            return
        self._child.terminate()  # lets `serve` delete its temporary files
        try:
            self._child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            if stream:
                with contextlib.suppress(OSError):  # what the dead child did not read is flushed once more
                    stream.close()
        self._child = None


def serve() -> None:
    """Be a worker: read the handler's maker, then tasks, and answer each; ends when the input does."""
    # A ^C of the terminal reaches the whole group; only the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    with open(os.devnull, "r+b") as null:  # noqa: PTH123 - what a library prints must not reach the protocol
        os.dup2(null.fileno(), 0)
        os.dup2(null.fileno(), 1)
    setup = _read(requests)
    try:
        handler = pickle.loads(setup)()
    except Exception as error:  # noqa: BLE001 - reported, and raised again by the pool
        _write(replies, pickle.dumps(("error", (f"{type(error).__name__}: {error}", traceback.format_exc()))))
        return
    _write(replies, pickle.dumps(("opened", None)))
    # Syntax trees are many objects and no cycles: looking for cycles so often is a third of all time.
    gc.set_threshold(200_000, 20, 100)
    try:
        while True:
            try:
                task = pickle.loads(_read(requests))
            except EOFError:
                return
            try:
                answer = pickle.dumps(("result", handler(task)))
            except Exception as error:  # noqa: BLE001 - reported as the worker's own failure
                answer = pickle.dumps(("error", f"{type(error).__name__}: {error}"))
            _write(replies, answer)
    finally:
        close = getattr(handler, "close", None)
        if close:
            close()


def _ready(busy: list[_Worker]) -> list[_Worker]:
    with selectors.DefaultSelector() as selector:
        for worker in busy:
            if worker.deadline > 0:
                selector.register(worker.out, selectors.EVENT_READ, worker)
        wait = max(0.0, min(worker.deadline for worker in busy) - time.monotonic())
        readable = [key.data for key, _ in selector.select(wait)]
    now = time.monotonic()
    return readable or [worker for worker in busy if worker.deadline <= now]


def _write_until(stream: Any, content: bytes, deadline: float) -> None:
    """Write to a worker, which need not be reading; raise TimeoutError at the deadline."""
    os.set_blocking(stream.fileno(), False)
    data = memoryview(_HEADER.pack(len(content)) + content)
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_WRITE)
        while data:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            data = data[os.write(stream.fileno(), data) :]


def _write(stream: Any, content: bytes) -> None:
    data = memoryview(_HEADER.pack(len(content)) + content)
    while data:
        data = data[stream.write(data) :]
    stream.flush()


def _read(stream: Any) -> bytes:
    return _exactly(stream, _HEADER.unpack(_exactly(stream, _HEADER.size))[0])


def _exactly(stream: Any, count: int) -> bytes:
    parts = []
    while count:
        part = stream.read(count)
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
