"""Owns the worker processes: starts one, talks to it, keeps the clock, and leaves nothing behind."""

import contextlib
import json
import os
import secrets
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from judge.bench.errors import InterpreterError
from judge.bench.process.sandbox import WorkerSandbox
from judge.bench.results import FaultKind

_INSIDE = Path(__file__).resolve().parents[1] / "inside"
WORKER = _INSIDE / "worker.py"
INSPECTOR = _INSIDE / "inspector.py"
STDERR_TAIL = 4096
REPLY_MARGIN = 1024 * 1024
_PEEK_MS = 200
_EXIT_GRACE_S = 0.5
_REAP_S = 10.0
_SIGNALLED = 128  # how bubblewrap, like a shell, says that a signal ended what it ran

# Everything else, keys and tokens above all, stays out of the untrusted process.
_PASSED_ON = (
    "PATH",
    "LD_LIBRARY_PATH",
    "TZ",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "CUDA_HOME",
    "CUDA_PATH",
    "TORCH_CUDA_ARCH_LIST",
)


class WorkerFault(Exception):
    """A worker that did not answer as it should; it cannot be used any further."""

    def __init__(self, kind: FaultKind, message: str, *, missing: str = "") -> None:
        super().__init__(message)
        self.kind: FaultKind = kind
        self.message = message
        self.missing = missing


@dataclass(frozen=True, kw_only=True)
class WorkerReply:
    """What a worker answered, and how long that took by the parent's clock."""

    fields: Mapping[str, object]
    wall_ns: int

    def integer(self, name: str) -> int:
        """Return a field that must be a whole number."""
        value = self.fields.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise WorkerFault("protocol", f"the reply's {name!r} is {value!r}, not a number")
        return value

    def integers(self, name: str) -> tuple[int, ...]:
        """Return a field that must be a list of whole numbers."""
        value = self.fields.get(name)
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            raise WorkerFault("protocol", f"the reply's {name!r} is {str(value)[:80]}, not numbers")
        return tuple(value)

    def flag(self, name: str) -> bool:
        """Return a field that must be true or false."""
        value = self.fields.get(name)
        if not isinstance(value, bool):
            raise WorkerFault("protocol", f"the reply's {name!r} is {value!r}, not true or false")
        return value


def scrubbed_environment(source: Mapping[str, str], *, home: Path, hash_seed: int) -> dict[str, str]:
    """Return the environment of a worker: an allow-list, a home of its own, fixed randomness."""
    environment = {name: source[name] for name in _PASSED_ON if name in source}
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME"):
        environment[name] = str(home)
    environment["LANG"] = environment["LC_ALL"] = "C.UTF-8"
    environment["PYTHONHASHSEED"] = str(hash_seed)
    environment["PYTHONSAFEPATH"] = "1"  # as -P, which interpreters before 3.11 refuse
    return environment


class WorkerProcess:
    """One worker in a session of its own, inside a sandbox if it has one, asked one thing at a time."""

    def __init__(
        self,
        *,
        python: str,
        home: Path,
        hash_seed: int,
        reply_limit: int,
        script: Path = WORKER,
        sandbox: WorkerSandbox | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._nonce = secrets.token_hex(16)
        self._number = 0
        self._reply_limit = reply_limit + REPLY_MARGIN
        self._stderr = b""
        self._errors_open = True
        self._can_pause = False
        self._paused = False
        argv = [python, "-s", "-B", str(script)]
        try:
            self._process = subprocess.Popen(
                sandbox.wrap(argv, home=home) if sandbox else argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=home,
                env=scrubbed_environment(os.environ, home=home, hash_seed=hash_seed) | dict(environment or {}),
                start_new_session=True,
                bufsize=0,
            )
        except OSError as error:
            raise InterpreterError(f"cannot start {python!r} ({error.strerror}): give the target's Python") from error
        self.pid = self._process.pid
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._requests = self._process.stdin
        self._replies = self._process.stdout.fileno()
        self._errors = self._process.stderr.fileno()
        self._poll = select.poll()
        self._poll.register(self._replies, select.POLLIN)
        self._poll.register(self._errors, select.POLLIN)

    def hello(self, *, timeout_s: float, memory: int | None, core: int | None) -> WorkerReply:
        """Introduce the session's nonce, confine the worker and learn what it is."""
        self._send(json.dumps({"nonce": self._nonce}))
        reply = self.ask("hello", timeout_s=timeout_s, memory=memory, core=core)
        # A stopped worker whose parent dies would stay for ever, unless the kernel ends it.
        self._can_pause = reply.flag("dies_with_parent")
        if self._sandbox:  # the sandbox had closed the network before the worker tried
            reply = replace(reply, fields={**reply.fields, "network": "loopback only"})
        return reply

    def ask(self, op: str, *, timeout_s: float, **arguments: object) -> WorkerReply:
        """Send one request and return its checked reply."""
        self.resume()
        if self._poll.poll(0):
            self._drain()
        self._number += 1
        text = json.dumps({"n": self._number, "op": op, **arguments})
        started = time.perf_counter_ns()
        self._send(text)
        line = self._read_line(op, time.monotonic() + timeout_s, timeout_s)
        wall_ns = time.perf_counter_ns() - started
        return WorkerReply(fields=self._checked(line, op), wall_ns=wall_ns)

    def pause(self) -> None:
        """Stop the whole group: threads it left running must not slow the other variants."""
        if self._can_pause and not self._paused:
            self._paused = True
            self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the group go on."""
        if self._paused:
            self._paused = False
            self._signal(signal.SIGCONT)

    def close(self) -> None:
        """Kill the whole group and reap the worker; safe to call twice."""
        if self._process.returncode is None:
            # The leader is not reaped yet, so its number cannot belong to anybody else.
            self._signal(signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=_REAP_S)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _send(self, text: str) -> None:
        try:
            self._requests.write(text.encode("ascii") + b"\n")
        except OSError:
            raise self._gone("start") from None

    def _drain(self) -> None:
        """Read what came unasked: nothing may come on the reply pipe."""
        for handle, _ in self._poll.poll(0):
            chunk = os.read(handle, 65536)
            if handle == self._errors:
                self._note_stderr(chunk)
            elif chunk:
                raise WorkerFault("protocol", "the worker wrote a reply that nobody asked for")
            else:
                raise self._gone("waiting")

    def _read_line(self, op: str, deadline: float, timeout_s: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            left_ms = (deadline - time.monotonic()) * 1000
            if left_ms <= 0:
                raise WorkerFault("timeout", f"no answer to {op!r} within {timeout_s:.3g} s")
            ready = self._poll.poll(min(left_ms, _PEEK_MS))
            if not ready and self._has_exited():
                raise self._gone(op)
            for handle, _ in ready:
                chunk = os.read(handle, 65536 if handle == self._errors else 1024 * 1024)
                if handle == self._errors:
                    self._note_stderr(chunk)
                    continue
                if not chunk:
                    raise self._gone(op)
                chunks.append(chunk)
                size += len(chunk)
                if b"\n" in chunk:
                    return b"".join(chunks)
                if size > self._reply_limit:
                    raise WorkerFault("protocol", f"the reply to {op!r} is over {size} bytes long")

    def _note_stderr(self, chunk: bytes) -> None:
        if chunk:
            self._stderr = (self._stderr + chunk)[-STDERR_TAIL:]
        elif self._errors_open:
            self._errors_open = False
            self._poll.unregister(self._errors)

    def _has_exited(self) -> bool:
        # WNOWAIT: looking must not reap, see close().
        ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return ended is not None

    def _gone(self, op: str) -> WorkerFault:
        """Describe a worker whose pipe is closed."""
        deadline = time.monotonic() + _EXIT_GRACE_S
        while not self._has_exited():
            if time.monotonic() > deadline:
                return WorkerFault("protocol", f"the worker closed its pipe during {op!r}")
            time.sleep(0.005)
        with contextlib.suppress(BlockingIOError):
            os.set_blocking(self._errors, False)
            self._note_stderr(os.read(self._errors, 65536))
        ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        status = ended.si_status if ended else 0
        by_itself = ended is not None and ended.si_code == os.CLD_EXITED
        if by_itself and self._sandbox and status - _SIGNALLED in signal.valid_signals():
            by_itself, status = False, status - _SIGNALLED
        if by_itself:
            kind: FaultKind = "exit"
            text = f"the process left with status {status} during {op!r}"
        else:
            kind = "killed"
            text = f"the process was ended by {signal.Signals(status).name} during {op!r}"
        tail = self._stderr.decode("utf-8", "replace").strip()
        return WorkerFault(kind, f"{text}: {tail[-500:]}" if tail else text)

    def _checked(self, line: bytes, op: str) -> Mapping[str, object]:
        text, _, rest = line.partition(b"\n")
        try:
            reply = json.loads(text)
        except (ValueError, RecursionError):
            raise WorkerFault("protocol", f"the reply to {op!r} is not JSON: {text[:80]!r}") from None
        if not isinstance(reply, dict) or reply.get("nonce") != self._nonce or reply.get("n") != self._number or rest:
            raise WorkerFault("protocol", f"the reply to {op!r} is forged: {text[:80]!r}")
        error, fields = reply.get("error"), reply.get("ok")
        if isinstance(error, dict):
            raise _raised(error)
        if not isinstance(fields, dict):
            raise WorkerFault("protocol", f"the reply to {op!r} says neither ok nor error")
        return fields


def _raised(error: Mapping[str, object]) -> WorkerFault:
    kind: FaultKind = "memory" if error.get("type") in ("MemoryError", "OutOfMemoryError") else "raised"
    where = f" ({error.get('where')})" if error.get("where") else ""
    missing = error.get("missing")
    return WorkerFault(kind, f"{error.get('message')}{where}", missing=missing if isinstance(missing, str) else "")
