"""Starts a real inference server with a tiny model made on the spot, or finds the one that the environment names."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tiny_model import write_tiny_model

CONTEXT = 32_768
"""Tokens, which are bytes to the tiny model."""

_WAIT_S = 60.0
_XLLAMACPP = """
import sys, time, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.hostnames = sys.argv[1], ["127.0.0.1"]
params.port, params.n_ctx = map(int, sys.argv[2:])
params.n_parallel, params.warmup = 1, False
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)
sys.stdin.read()
"""


class ServerAbsent(RuntimeError):
    """There is no real inference server here; the message says what to set or install."""


@dataclass(frozen=True, kw_only=True)
class RealServer:
    """A server that runs.

    Attributes:
        base_url: where its API begins.
        tiny: whether it serves our tiny model, so that it is known what comes.
    """

    base_url: str
    tiny: bool


@contextmanager
def real_server(folder: Path) -> Iterator[RealServer]:
    """Give `$JUDGE_TEST_SERVER` (address of a running one, with /v1), or start llama.cpp's server in `folder`.

    That is `$LLAMA_SERVER` or `llama-server` on the path, or the package xllamacpp where it is installed, which holds
    the same server.

    Raises:
        ServerAbsent: none of them is there.
    """
    if given := os.environ.get("JUDGE_TEST_SERVER"):
        yield RealServer(base_url=given.rstrip("/"), tiny=False)
        return
    port = _free_port()
    command = _command(write_tiny_model(folder / "tiny.gguf"), port)
    with (folder / "server.log").open("wb") as log:
        # One compute thread: two wait for one another at every step, for ages where the machine is busy.
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", child, folder / "server.log")
            yield RealServer(base_url=f"http://127.0.0.1:{port}/v1", tiny=True)
        finally:
            child.kill()
            child.communicate()


def _command(model: Path, port: int) -> list[str]:
    binary = os.environ.get("LLAMA_SERVER") or shutil.which("llama-server")
    if binary:
        options = ["-m", str(model), "--host", "127.0.0.1", "--port", str(port), "-c", str(CONTEXT)]
        return [binary, *options, "-np", "1", "-t", "1", "--no-warmup"]
    if importlib.util.find_spec("xllamacpp"):
        return [sys.executable, "-P", "-c", _XLLAMACPP, str(model), str(port), str(CONTEXT)]
    raise ServerAbsent(
        "no real inference server: put llama-server on the path or in LLAMA_SERVER, "
        "or install xllamacpp, or set JUDGE_TEST_SERVER to http://HOST:PORT/v1"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, child: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _WAIT_S
    while child.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=5) as reply:
                if reply.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"the server did not come up:\n{log.read_text('utf-8', 'replace')[-2000:]}")
