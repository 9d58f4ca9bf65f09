"""What the engine adds to a 50 us function: its figure beside that of a bare `perf_counter_ns` loop.

    python tests/benchmarks/timing_overhead.py

The bare loop runs in a process of its own on the same core, in turns with our sessions. Where a process
has put code and data changes what the same loop takes by up to 10 % (T. Mytkowicz et al., "Producing Wrong
Data Without Doing Anything Obviously Wrong!", 2009), so one bare loop has loaded the benchmark as our
workers do, and another has not: the first shows what timing adds, the second what the place in memory does.
The last part builds an object of about 5 us in `setup`, which must not count, and inside the function, which must.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import fmean, median, stdev

from judge.bench import Options, Ran, Variant, measure
from judge.bench.runner import WORKER
from judge.bench.stats import typical
from judge.bench.student import upper_quantile

LIBRARY = """
class Config:
    def __init__(self):
        self.table = {number: str(number) for number in range(35)}

def work(size):
    total = 0
    for number in range(size):
        total += number * number
    return total
"""
OUTSIDE = """
from library import Config, work
def setup():
    return Config(), SIZE
def experiment(data):
    return work(data[1])
"""
INSIDE = """
from library import Config, work
def setup():
    return None, SIZE
def experiment(data):
    Config()
    return work(data[1])
"""
BARE = """
import gc, json, os, sys
from time import perf_counter_ns as clock
tree, benchmark, core, inside = sys.argv[1:]
sys.path.insert(0, inside or tree)
if core != "any": os.sched_setaffinity(0, {int(core)})
if inside:
    import worker
    loaded = worker.Worker()
    loaded.load(dict(
        tree=tree, paths=[tree], benchmark=benchmark, function="experiment", module="", keep=None, modules=[],
        has_setup=True, takes_data=True, data_names=[], filled_names=[], limit=10**6, device="cpu",
    ))
    loaded.setup(dict(seed=1))
    call, data = loaded.function, loaded.arguments[0]
else:
    names = {}
    exec(open(benchmark).read(), names)
    call, data = names["experiment"], names["setup"]()
found = []
for _ in range(11):
    gc.collect()
    gc.disable()
    parts = []
    for _ in range(8):
        start = clock()
        for _ in range(12):
            call(data)
        parts.append((clock() - start) / 12)
    gc.enable()
    found.append(parts)
print(json.dumps(found))
"""
PAIRS = 12
FORKS = 4


def bare(tree: Path, benchmark: Path, core: object, *, loaded_as_ours: bool) -> float:
    """Return the nanoseconds per call of plain loops, from as many processes as ours and reduced as ours are."""
    inside = str(WORKER.parent) if loaded_as_ours else ""
    called = [sys.executable, "-s", "-B", "-c", BARE, str(tree), str(benchmark), str(core), inside]
    found: list[float] = []
    for _ in range(2 * FORKS):
        printed = subprocess.run(called, capture_output=True, text=True, check=True).stdout
        found += [typical(parts) for parts in json.loads(printed)[1:]]
    return median(found)


def engine(tree: Path, benchmark: Path) -> tuple[float, object]:
    """Return our figure, and the core it was taken on."""
    options = Options(benchmark=benchmark, forks=FORKS, min_rounds=10, max_rounds=10)
    session = measure([Variant(name="base", tree=tree)], options)
    forks = [side.forks for side in session.variants.values() if isinstance(side, Ran)]
    assert len(forks) == 2, session
    samples = [typical(parts) for side in forks for fork in side for parts in fork.ns_per_call]
    return median(samples), session.machine["timed_on_core"]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        (tree / "library.py").write_text(LIBRARY, encoding="utf-8")
        paths = {}
        for name, text in (("outside", OUTSIDE), ("inside", INSIDE)):
            paths[name] = Path(folder) / f"{name}.py"
            paths[name].write_text(text.replace("SIZE", "1400"), encoding="utf-8")
        rows = []
        for number in range(PAIRS):
            ours, core = engine(tree, paths["outside"])
            alike, plain = (bare(tree, paths["outside"], core, loaded_as_ours=same) for same in (True, False))
            inside, _ = engine(tree, paths["inside"])
            rows.append((ours, alike, plain, inside))
            print(f"{number + 1}: engine {ours:.0f} ns, bare loop {alike:.0f} ns, in a process of another layout "
                  f"{plain:.0f} ns, object inside {inside:.0f} ns", flush=True)  # fmt: skip
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for label, logs in (
        ("engine over bare loop", [math.log(ours / alike) for ours, alike, _, _ in rows]),
        ("bare loop over one of another layout", [math.log(alike / plain) for _, alike, plain, _ in rows]),
        ("object inside over outside", [math.log(inside / ours) for ours, _, _, inside in rows]),
    ):
        half = upper_quantile(0.025, len(logs) - 1) * stdev(logs) / math.sqrt(len(logs))
        centre = fmean(logs)
        print(f"{label}: {100 * math.expm1(centre):+.2f} % "
              f"[{100 * math.expm1(centre - half):+.2f}, {100 * math.expm1(centre + half):+.2f}]")  # fmt: skip


if __name__ == "__main__":
    main()
