"""What the engine adds to a 50 us function: its figure beside that of a bare `perf_counter_ns` loop.

    python tests/benchmarks/timing_overhead.py

A bare loop and our worker's own samples take turns in one process, on the same function and data: where a
process has put code and data changes what the same loop takes by up to 10 % (T. Mytkowicz et al., "Producing
Wrong Data Without Doing Anything Obviously Wrong!", 2009), and only so is that out of the comparison. A bare loop in
a process that has not loaded our worker, and whole sessions, show how much it is. The last part builds an object
of about 4 us in `setup`, which must not count, and inside the function, which must.
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
from judge.bench.analysis.stats import student_quantile, typical
from judge.bench.process.worker_process import WORKER

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
def plain():
    parts = []
    for _ in range(8):
        start = clock()
        for _ in range(12):
            call(data)
        parts.append((clock() - start) / 12)
    return parts
found = {"bare": [], "ours": []}
for _ in range(11):
    gc.collect()
    gc.disable()
    found["bare"].append(plain())
    gc.enable()
    if inside:
        loaded.prepare(dict(loops=12, parts=8, fresh=False))
        found["ours"].append([ns / 12 for ns in loaded.sample({})["ns"]])
print(json.dumps(found))
"""
PAIRS = 12
FORKS = 4


def loops(tree: Path, benchmark: Path, core: object, *, loaded_as_ours: bool) -> dict[str, float]:
    """Return the nanoseconds per call of plain loops and of our samples, from as many processes as a session has."""
    inside = str(WORKER.parent) if loaded_as_ours else ""
    called = [sys.executable, "-s", "-B", "-c", BARE, str(tree), str(benchmark), str(core), inside]
    parts_ns: dict[str, list[float]] = {"bare": [], "ours": []}
    for _ in range(2 * FORKS):
        printed = json.loads(subprocess.run(called, capture_output=True, text=True, check=True).stdout)
        for name, samples in parts_ns.items():
            samples += [typical(parts) for parts in printed[name][1:]]
    return {name: median(samples) for name, samples in parts_ns.items() if samples}


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
            session, core = engine(tree, paths["outside"])
            alike = loops(tree, paths["outside"], core, loaded_as_ours=True)
            other = loops(tree, paths["outside"], core, loaded_as_ours=False)["bare"]
            built, _ = engine(tree, paths["inside"])
            rows.append((alike["ours"], alike["bare"], other, session, built))
            print(
                f"{number + 1}: ours {alike['ours']:.0f} ns, bare loop {alike['bare']:.0f} ns; of another layout "
                f"{other:.0f} ns; session {session:.0f} ns, object inside {built:.0f} ns",
                flush=True,
            )
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for label, above, below in (
        ("ours over a bare loop in the same process", 0, 1),
        ("bare loop over one of another layout", 1, 2),
        ("session over a bare loop of another layout", 3, 2),
        ("object inside over outside", 4, 3),
    ):
        logs = [math.log(row[above] / row[below]) for row in rows]
        half = student_quantile(0.025, len(logs) - 1) * stdev(logs) / math.sqrt(len(logs))
        centre = fmean(logs)
        print(f"{label}: {100 * math.expm1(centre):+.2f} % "
              f"[{100 * math.expm1(centre - half):+.2f}, {100 * math.expm1(centre + half):+.2f}]")  # fmt: skip


if __name__ == "__main__":
    main()
