"""Measures how close judging comes to the ideal rate, concurrency / latency, and whether its memory stays flat.

The fake server of the tests answers in a process of its own after 200 ms; questions go the whole way that a graded
candidate's go: the judging stage, the panel, the asker, the real SDK, the store on disk (two commits for each call),
and the reading of the answer. The clock starts after 128 judgements, so that imports and connections are not counted.
The same calls by the SDK alone, before and after, say what the machine lets through at all.

    python tests/benchmarks/judging_throughput.py                     # 10,000 judgements: over a minute
    python tests/benchmarks/judging_throughput.py --judgements 2000 --characters 40000 --protocol anthropic-messages
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from judge.core.judgement import Judged
from judge.llm.calls.call_store import CallStore
from judge.llm.inquiry import Questionnaire
from judge.llm.options import Price
from judge.stages.judging import JudgingStage

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kits"))
from asking_kit import make_model, make_options
from fake_llm import started
from inquiry_kit import make_inquiry

WARM_UP = 128
SDK_CALLS = 960
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One stretch of judgements: how many since the start, seconds and processor seconds of this stretch, memory."""

    done: int
    count: int
    seconds: float
    cpu: float
    rss_mib: float


def rss_mib() -> float:
    """Return the memory of this process in MiB."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE / 2**20


def questionnaires(count: int, characters: int) -> Iterator[Questionnaire]:
    """Make questions one after the other, ten candidates to a case."""
    for number in range(count):
        inquiry = make_inquiry(number, case=str(number // 10), prefix=characters)
        yield Questionnaire(candidate=str(number), plain=(inquiry,))


def measure(arguments: argparse.Namespace, url: str, kept: Path) -> Iterator[Row]:
    """Judge, and yield a row for each 1,000."""
    options = make_options(
        concurrency=arguments.concurrency,
        cache=kept,
        price=Price(input=1.0, output=4.0),
        timeout_s=60.0,
        max_output_tokens=16_000,
    )
    address = argparse.Namespace(url=url)
    with JudgingStage[str]([make_model(address, arguments.protocol)], options) as stage:

        def finished() -> Iterator[int]:
            done = 0
            for each in questionnaires(WARM_UP + arguments.judgements + arguments.concurrency, arguments.characters):
                for _, judgement in stage.put(each.candidate, each):
                    assert isinstance(judgement, Judged), judgement
                    yield (done := done + 1)
            for _, judgement in stage.rest():
                assert isinstance(judgement, Judged), judgement
                yield (done := done + 1)

        began = cpu = 0.0
        last = 0
        for done in finished():
            if done == WARM_UP:
                began, cpu = time.perf_counter(), time.process_time()
            # The end is not counted: there are fewer questions left than may be in flight.
            counted = done - WARM_UP
            if (
                counted > 0
                and counted % arguments.every == 0
                and counted <= arguments.judgements - arguments.concurrency
            ):
                now, used = time.perf_counter(), time.process_time()
                yield Row(done=counted, count=counted - last, seconds=now - began, cpu=used - cpu, rss_mib=rss_mib())
                began, cpu, last = now, used, counted


async def sdk_alone(arguments: argparse.Namespace, url: str, count: int) -> float:
    """Return how many calls a second the bare SDK makes with as many in flight: no store, no retries, no reading."""
    model = make_model(argparse.Namespace(url=url), arguments.protocol)
    protocol, client = model.wire_protocol, model.open_client(timeout_s=60.0)
    slots = asyncio.Semaphore(arguments.concurrency)

    async def call(number: int) -> None:
        inquiry = make_inquiry(number, case="alone", prefix=arguments.characters)
        async with slots:
            await protocol.send(client, protocol.body(inquiry, model=model.name, max_output_tokens=16_000, effort=None))

    await asyncio.gather(*(call(number) for number in range(WARM_UP)))
    began = time.perf_counter()
    await asyncio.gather(*(call(number) for number in range(count)))
    took = time.perf_counter() - began
    await client.close()
    return count / took


def commits(folder: Path) -> list[float]:
    """Return how long each of 1,000 commits of the store takes, seconds."""
    times = []
    with CallStore(folder / "commits") as store:
        for number in range(500):
            for work in (
                lambda key: store.begin(key, 1, model="m", custom_id="c", max_output_tokens=1),
                lambda key: store.answer(key, 1, "x" * 8000),
            ):
                began = time.perf_counter()
                work(f"{number:064}")
                times.append(time.perf_counter() - began)
    return times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judgements", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds")
    parser.add_argument("--characters", type=int, default=0, help="of the part that a case's questions share")
    parser.add_argument("--protocol", default="openai-responses")
    parser.add_argument("--every", type=int, default=1000, help="judgements to a row")
    arguments = parser.parse_args()
    ideal = arguments.concurrency / arguments.latency

    table = Table("judgements", "per second", "of the ideal", "cpu ms each", "memory MiB")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        with started("--latency", str(arguments.latency), "--no-events") as server:
            alone = [asyncio.run(sdk_alone(arguments, server.url, SDK_CALLS))]
            for row in measure(arguments, server.url, Path(folder) / "kept"):
                rows.append(row)
                print(f"{row.done}", end=" ", flush=True, file=sys.stderr)
            alone.append(asyncio.run(sdk_alone(arguments, server.url, SDK_CALLS)))
        print(file=sys.stderr)
        times = sorted(commits(Path(folder)))
    for row in rows:
        rate = row.count / row.seconds
        cells = (f"{row.done:,}", f"{rate:.1f}", f"{rate / ideal:.3f}", f"{1e3 * row.cpu / row.count:.2f}")
        table.add_row(*cells, f"{row.rss_mib:.1f}")
    console = Console()
    console.print(table)
    rate = sum(row.count for row in rows) / sum(row.seconds for row in rows)
    load = os.getloadavg()[0]
    console.print(f"{arguments.protocol}, {arguments.concurrency} in flight, {arguments.latency:g} s latency: ", end="")
    console.print(f"{rate:.1f} per second, {rate / ideal:.3f} of the ideal {ideal:.0f}")
    before, after = (f"{each:.1f} ({each / ideal:.3f})" for each in alone)
    console.print(f"the SDK alone makes {before} calls per second before, {after} after")
    if len(rows) > 1:
        growth = rows[-1].rss_mib - rows[0].rss_mib
        console.print(f"memory grew by {growth:.1f} MiB from {rows[0].done:,} to {rows[-1].done:,} judgements")
    console.print(f"a commit takes {1e3 * statistics.median(times):.2f} ms (99 in 100: {1e3 * times[990]:.2f} ms)")
    console.print(f"load of the machine at the end: {load:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
