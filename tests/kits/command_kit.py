"""The command line for the tests, as a user runs it: real arguments, files, output and exit codes."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess

from forked import Forked

JUDGE = [sys.executable, "-P", "-c", "from judge.cli import main; main()"]
"""The command that starts it anew, for tests that interrupt it, kill it or look at the process."""


def judge(
    *args: str | Path, cwd: Path, env: Mapping[str, str] | None = None, timeout_s: float = 240
) -> CompletedProcess[str]:
    """Run it to its end in a process of its own, forked from one that has imported it: it costs no start-up.

    Args:
        args: what stands behind `judge`.
        cwd: the folder that it is started in.
        env: its whole environment; that of the tests if it is left out.
        timeout_s: how long it may take.
    """
    words = [str(word) for word in args]
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = Forked(_main, words, str(cwd), dict(os.environ if env is None else env), str(out), str(err))
        code = process.wait(timeout_s)
        return CompletedProcess(words, code, out.read_text("utf-8"), err.read_text("utf-8"))


def _main(words: Sequence[str], cwd: str, env: Mapping[str, str], out: str, err: str) -> None:
    """Be the process: its folder, environment and streams, then the command line."""
    from judge.cli import main

    for number, name, flags in (
        (0, os.devnull, os.O_RDONLY), (1, out, os.O_WRONLY | os.O_CREAT), (2, err, os.O_WRONLY | os.O_CREAT)
    ):  # fmt: skip
        opened = os.open(name, flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdout, sys.stderr = (open(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))  # noqa: SIM115
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["judge", *words]
    main()
