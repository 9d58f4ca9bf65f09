"""Grades a case as the command line does, in a process of its own that writes all logs there are."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from forked import Forked

from judge.cli import main


def start_grading(case: Path, folder: Path, *, key: str, base_url: str) -> Forked:
    """Start to grade with models of both providers; all that is written stands in `folder`, the output in `output`."""
    return Forked(_grade, case, folder, key, base_url)


def _grade(case: Path, folder: Path, key: str, base_url: str) -> None:
    for stream in (1, 2):
        os.dup2(os.open(folder / "output", os.O_WRONLY | os.O_APPEND | os.O_CREAT), stream)
    os.environ.update(OPENAI_API_KEY=key, ANTHROPIC_API_KEY=key, OPENAI_LOG="debug", ANTHROPIC_LOG="debug")
    logging.basicConfig(level=logging.DEBUG, force=True)
    os.chdir(folder)
    sys.argv = ["judge", "grade", str(case), "--judge", "openai:some-model", "--judge", "anthropic:some-model"]
    sys.argv += ["--base-url", base_url, "--time", "none", "--jobs", "1"]
    sys.argv += ["--out", str(folder / "out"), "--cache", str(folder / "kept.db")]
    main()
