"""Keeps one isolated parser process alive, with a limit on every answer; a crash costs one answer."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from judge.static_checks.source.python import NotParsed, PythonSource, SyntaxFault
from judge.static_checks.source.slices import Slice, changed_slices, whole

ANSWER_TIMEOUT_S = 20.0


Outcome = SyntaxFault | NotParsed | None
"""None means that the text parses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """What the built-in grammar, the built-in compiler and libcst said, in this order of trust."""

    grammar: Outcome
    compiled: Outcome
    libcst: Outcome


class ParserHost:
    """Parses untrusted Python in a child process."""

    def __init__(self, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        """Nothing is started before the first question."""
        self.timeout_s = timeout_s
        self._child: subprocess.Popen[bytes] | None = None
        self._buffer = b""

    def parse(self, source: PythonSource, lines: Iterable[int] | None = None) -> Parsed:
        """Parse all of a file with the built-in grammar, and its changed statements with the others.

        The grammar is asked in this process, as it raises where libcst crashes.

        Args:
            source: the file.
            lines: 1-based numbers of the changed lines; None has everything compiled and read by libcst.
        """
        match source.parsed:
            case NotParsed() as unknown:
                return Parsed(grammar=unknown, compiled=unknown, libcst=unknown)
            case SyntaxFault() as fault:
                libcst = self._ask(_request((whole(source.content),), compiling=False), "libcst")
                return Parsed(grammar=fault, compiled=None, libcst=libcst)
            case tree:
                parts = (whole(source.content),) if lines is None else changed_slices(tree, source.content, lines)
        if not parts:
            return Parsed(grammar=None, compiled=None, libcst=None)
        compiled = self._ask(_request(parts, compiling=True), "compile")
        libcst = compiled if isinstance(compiled, NotParsed) else self._ask(None, "libcst")
        return Parsed(grammar=None, compiled=compiled, libcst=libcst)

    def close(self) -> None:
        """End the child process."""
        if self._child is None:
            return
        self._child.kill()
        self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            if stream:
                with contextlib.suppress(OSError):  # what the dead child did not read is flushed once more
                    stream.close()
        self._child = None
        self._buffer = b""

    def _ask(self, request: dict[str, object] | None, key: str) -> Outcome:
        try:
            child = self._child or self._start()
            assert child.stdin is not None
            if request is not None:
                child.stdin.write(json.dumps(request).encode() + b"\n")
                child.stdin.flush()
            answer = json.loads(self._line(child))[key]
        except TimeoutError:
            self.close()
            return NotParsed(why=f"the parser did not answer within {self.timeout_s:g} s")
        except (OSError, EOFError, ValueError, KeyError):
            return NotParsed(why=self._post_mortem())
        return SyntaxFault(**answer) if answer else None

    def _start(self) -> subprocess.Popen[bytes]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "LANG") if name in os.environ}
        self._child = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("parser_child.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=kept, cwd=tempfile.gettempdir(),
        )  # fmt: skip
        return self._child

    def _line(self, child: subprocess.Popen[bytes]) -> bytes:
        assert child.stdout is not None
        deadline = time.monotonic() + self.timeout_s
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                chunk = os.read(child.stdout.fileno(), 1 << 16)
                if not chunk:
                    raise EOFError
                self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _post_mortem(self) -> str:
        child = self._child
        code = None
        if child is not None:
            try:
                code = child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                code = None
        self.close()
        return "the parser stopped answering" if code is None else f"the parser {describe_exit(code)}"


def describe_exit(code: int) -> str:
    """Say what a return code of `subprocess` means; a negative one is a signal, and not each has a name."""
    if code >= 0:
        return f"ended with exit code {code}"
    known = -code in set(signal.Signals)
    return f"was killed by {signal.Signals(-code).name if known else f'signal {-code}'}"


def _request(parts: Iterable[Slice], *, compiling: bool) -> dict[str, object]:
    return {"parts": [(part.line, part.text, part.nested) for part in parts], "compile": compiling}
