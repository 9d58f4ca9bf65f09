"""Asks questions in a process of its own, to be killed at any moment: prints a line for each question that is done."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asking_kit import Nap, make_model, make_options
from inquiry_kit import make_inquiry

from judge.llm.calls.asking import Asker
from judge.llm.calls.exchange import Exchange
from judge.llm.calls.money import Budget
from judge.llm.calls.store import Store


@dataclass(frozen=True)
class Address:
    """Where the fake server is."""

    url: str


@dataclass(frozen=True, kw_only=True)
class Child:
    """Such a process, and the file that it writes to: a pipe that nobody reads would hold it up."""

    process: subprocess.Popen[bytes]
    output: Path

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def report(self) -> dict[int, dict[str, Any]]:
        """Wait until it is done, and return what it says of each question."""
        assert self.process.wait(120) == 0, self.output.read_text()
        lines = [json.loads(line) for line in self.output.read_text().splitlines()]
        return {line["number"]: line for line in lines}


def start(url: str, kept: Path, *, wire: str, questions: int, concurrency: int) -> Child:
    """Start such a process."""
    arguments = [url, str(kept), wire, str(questions), str(concurrency)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with tempfile.NamedTemporaryFile(dir=kept.parent, suffix=".jsonl", delete=False) as output:
        process = subprocess.Popen(
            [sys.executable, "-P", __file__, *arguments], stdout=output, stderr=subprocess.STDOUT, env=env
        )
    return Child(process=process, output=Path(output.name))


async def _ask(arguments: argparse.Namespace) -> None:
    # A limit that a test would notice if it waited for it.
    options = make_options(concurrency=arguments.concurrency, timeout_s=600.0, deadline_s=3600.0, cache=arguments.kept)
    model = make_model(Address(arguments.url), arguments.wire)
    with Store(options.cache) as store:
        asker = Asker(model, options, store, Budget(None), sleep=Nap())

        async def one(number: int) -> None:
            found = await asker.ask(make_inquiry(number), 0)
            assert isinstance(found, Exchange)
            line = {
                "number": number,
                "answer": found.answer.model_dump() if found.answer else None,
                "reason": found.failure.reason if found.failure else None,
                "cached": found.cached,
                "lost": found.lost,
            }
            print(json.dumps(line), flush=True)

        await asyncio.gather(*(one(number) for number in range(arguments.questions)))
        await asker.close()


def main() -> None:
    """Ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("kept", type=Path)
    parser.add_argument("wire")
    parser.add_argument("questions", type=int)
    parser.add_argument("concurrency", type=int)
    asyncio.run(_ask(parser.parse_args()))


if __name__ == "__main__":
    main()
