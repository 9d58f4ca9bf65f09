"""A few worker processes for CPU work on hostile input: a crash or a hang costs one task, and names it.

Not concurrent.futures: its pool breaks as a whole when a worker dies and cannot say on which task,
and its workers import the caller's main script again.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import selectors
import signal
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from judge.static_checks.source.parser_process import describe_exit

TASK_TIMEOUT_S = 300.0
_HEADER = struct.Struct("!Q")

Task = TypeVar("Task")


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerDied:
    """A worker crashed or ran past its limit on a task; nothing is known about that task."""

    why: str


class WorkerPool(Generic[Task]):
    """Runs a function over tasks in `jobs` processes, each of which handles one task at a time.

    Tasks come in groups that share something costly to open: a worker takes a group of its own
    while there is one, and then helps with what is left of the others.
    """

    def __init__(
        self, make_handler: Callable[[], Callable[[Task], Any]], jobs: int, *, timeout_s: float = TASK_TIMEOUT_S
    ) -> None:
        """Handle tasks with what `make_handler()` returns; it is pickled, and called once in each worker."""
        self._make_handler = make_handler
        self._jobs = max(1, jobs)
        self._timeout_s = timeout_s

    def run(self, groups: Sequence[Sequence[Task]]) -> Iterator[tuple[Task, Any]]:
        """Yield (task, result or `WorkerDied`) as they come; every task is answered exactly once."""
        queues = _Queues(groups)
        workers = [_Worker(self._make_handler) for _ in range(min(self._jobs, len(queues)))]
        try:
            while True:
                for worker in workers:
                    if not worker.busy and (task := queues.take(worker)) is not None:
                        worker.send(task, time.monotonic() + self._timeout_s)
                busy = [worker for worker in workers if worker.busy]
                if not busy:
                    return
                for worker in _ready(busy):
                    yield worker.collect(self._timeout_s)
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

    def __init__(self, make_handler: Callable[[], Callable[[Any], Any]]) -> None:
        self._setup = pickle.dumps(make_handler)
        self._task: Any = None
        self.busy = False
        self.deadline = 0.0
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def out(self) -> int:
        assert self._child is not None and self._child.stdout is not None
        return self._child.stdout.fileno()

    def send(self, task: Any, deadline: float) -> None:
        self._task, self.busy, self.deadline = task, True, deadline
        try:
            if self._child is None:
                self._child = subprocess.Popen(
                    [sys.executable, "-P", "-c", "from judge.lib.worker_pool import serve; serve()"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    bufsize=0,
                )
                _send(self._child.stdin, self._setup, deadline)
            _send(self._child.stdin, pickle.dumps(task), deadline)
        except (BrokenPipeError, TimeoutError):
            pass  # `collect` finds the process dead, or late, and says so

    def collect(self, timeout_s: float) -> tuple[Any, Any]:
        """Return (task, result) once `out` is readable or the deadline has passed."""
        task, self._task, self.busy = self._task, None, False
        assert self._child is not None
        if time.monotonic() >= self.deadline:
            self.close()
            return task, WorkerDied(why=f"no answer within {timeout_s:g} s")
        try:
            answer = _read(self._child.stdout)
        except EOFError:
            return task, WorkerDied(why=self._post_mortem())
        try:
            kind, result = pickle.loads(answer)
        except Exception as error:  # noqa: BLE001 - whatever unpickling runs into, the task has no answer
            return task, WorkerDied(why=f"the answer cannot be read ({type(error).__name__}: {error})")
        return task, WorkerDied(why=result) if kind == "error" else result

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
    handler = pickle.loads(_read(requests))()
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


def _send(stream: Any, content: bytes, deadline: float) -> None:
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
