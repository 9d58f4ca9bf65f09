"""How often a rule calls a patch faster that is so by a known amount: our rule beside those of other tools.

    python tests/benchmarks/timing_power.py --trials 20
    python tests/benchmarks/timing_power.py --trials 20 --torch-python PATH

The work is a loop of equal units; a candidate has 2 % or 5 % fewer of them, or the same number. Each
trial runs every rule on the same pair of trees, quiet and beside neighbours that keep all cores busy
in bursts. The table has, for each rule, the share of trials called improved and the median wall time.
What has been run so far is kept in --samples, and the table is made from all of it.

The rules of others are written down here as their documentation has them: base first, then the patch,
each in processes of its own, not pinned.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean, median, variance

from judge.bench import Measured, Options, Variant, compare, fingerprint, measure
from judge.bench.analysis.stats import student_quantile

UNITS = 10_000  # so that 2 % and 5 % are whole numbers of units
EFFECTS = (0, 2, 5)

LIBRARY = """
def work(data):
    total = 0
    for unit in range({units}):
        total += data[unit & 255] * unit
    return total % 7
"""
TORCH_LIBRARY = """
import torch
torch.set_num_threads(1)
def work(data):
    for unit in range({units} // 100):
        data = torch.add(data, 1.0)
    return data[0].item()
"""
BENCHMARK = """
from library import work
def setup():
    return list(range(256))
def experiment(data):
    work(data)
"""
TORCH_BENCHMARK = """
import torch
from library import work
def setup():
    return torch.zeros(1024)
def experiment(data):
    work(data)
"""

# Each child prints seconds per call, as the tool it stands for takes them.
CHILD = """
import json, sys, time
tree, benchmark, rule = sys.argv[1:]
sys.path.insert(0, tree)
names = {}
exec(open(benchmark).read(), names)
data, call, clock = names["setup"](), names["experiment"], time.perf_counter
def timed(loops):
    start = clock()
    for _ in range(loops):
        call(data)
    return (clock() - start) / loops
def loops_for(seconds):
    loops = 1
    while timed(loops) * loops < seconds:
        loops *= 2
    return loops
if rule == "iso":
    for _ in range(5): call(data)
    found = [timed(1) for _ in range(20)]
elif rule == "minimum":
    found = [timed(1) for _ in range(100)]
elif rule == "pytest-benchmark":
    end, found = clock() + 1.0, []
    while clock() < end or len(found) < 5: found.append(timed(1))
elif rule == "pyperf":
    loops = loops_for(0.1)
    found = [timed(loops) for _ in range(4)][1:]
else:
    from torch.utils.benchmark import Timer
    found = list(Timer("call(data)", globals={"call": call, "data": data}).blocked_autorange(min_run_time=0.5).times)
print(json.dumps(found))
"""

NEIGHBOUR = """
import random, time
while True:
    end = time.perf_counter() + random.uniform(0.005, 0.1)
    while time.perf_counter() < end: pass
    time.sleep(random.uniform(0.0, 0.05))
"""

Trees = tuple[Path, Path, Path]
Rule = Callable[[Trees, str], bool]


def child(tree: Path, benchmark: Path, rule: str, python: str) -> list[float]:
    """Run one process of another tool's rule."""
    done = subprocess.run(
        [python, "-s", "-B", "-c", CHILD, str(tree), str(benchmark), rule], capture_output=True, text=True, check=True
    )
    return [float(value) for value in json.loads(done.stdout)]


def iso_bench(trees: Trees, python: str) -> bool:
    """Mean of 20 calls after 5 for warm-up, 5 % (ISO-Bench's generated scripts)."""
    base, candidate, benchmark = trees
    return fmean(child(base, benchmark, "iso", python)) > 1.05 * fmean(child(candidate, benchmark, "iso", python))


def minimum(trees: Trees, python: str) -> bool:
    """Minimum of 100 calls, 2 % (timeit's advice with a usual threshold)."""
    base, candidate, benchmark = trees
    return min(child(base, benchmark, "minimum", python)) > 1.02 * min(child(candidate, benchmark, "minimum", python))


def pytest_benchmark(trees: Trees, python: str) -> bool:
    """One second of rounds, at least 5; `--benchmark-compare-fail` on the minimum, with 2 %."""
    base, candidate, benchmark = trees
    rule = "pytest-benchmark"
    return min(child(base, benchmark, rule, python)) > 1.02 * min(child(candidate, benchmark, rule, python))


def pyperf(trees: Trees, python: str) -> bool:
    """Ten processes of three 0.1 s values after one for warm-up; pyperf's two-sided t-test at 95 %."""
    base, candidate, benchmark = trees
    base_s, candidate_s = (
        [v for _ in range(10) for v in child(tree, benchmark, "pyperf", python)] for tree in (base, candidate)
    )
    pooled = (variance(base_s) + variance(candidate_s)) / 2
    score = (fmean(base_s) - fmean(candidate_s)) / math.sqrt(2 * pooled / len(base_s))
    return score > student_quantile(0.025, 2 * len(base_s) - 2)


def torch_benchmark(trees: Trees, python: str) -> bool:
    """`Timer.blocked_autorange` on each side; faster if the quartiles do not overlap (its `Compare` greys out less)."""
    base, candidate, benchmark = trees
    base_s, candidate_s = (sorted(child(tree, benchmark, "torch", python)) for tree in (base, candidate))
    return base_s[len(base_s) // 4] > candidate_s[(3 * len(candidate_s)) // 4]


def ours(trees: Trees, python: str) -> bool:
    """The rule of this package with its default options."""
    base, candidate, benchmark = trees
    variants = [Variant(name="base", tree=base), Variant(name="candidate", tree=candidate)]
    comparison = compare(measure(variants, Options(benchmark=benchmark, python=Path(python), memory_bytes=None)))
    assert isinstance(comparison, Measured), comparison
    return comparison.status == "improved"


RULES: dict[str, Rule] = {
    "ours": ours,
    "mean of 20, 5 %": iso_bench,
    "minimum of 100, 2 %": minimum,
    "pytest-benchmark": pytest_benchmark,
    "pyperf": pyperf,
}


@contextmanager
def neighbours(noisy: bool) -> Iterator[None]:
    """Keep two processes for each core busy in bursts meanwhile."""
    count = 2 * (os.cpu_count() or 1) if noisy else 0
    started = [subprocess.Popen([sys.executable, "-c", NEIGHBOUR]) for _ in range(count)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def make_trees(folder: Path, effect: int, *, torch: bool) -> Trees:
    """Write a base, a candidate that is faster by exactly `effect` % of its units, and a benchmark."""
    paths = []
    for name, units in (("base", UNITS * (100 + effect) // 100), ("candidate", UNITS)):
        path = folder / f"{'torch-' if torch else ''}{name}-{effect}"
        path.mkdir()
        text = (TORCH_LIBRARY if torch else LIBRARY).format(units=units)
        (path / "library.py").write_text(text, encoding="utf-8")
        paths.append(path)
    benchmark = folder / f"{'torch-' if torch else ''}benchmark-{effect}.py"
    benchmark.write_text(TORCH_BENCHMARK if torch else BENCHMARK, encoding="utf-8")
    return paths[0], paths[1], benchmark


def run(options: argparse.Namespace) -> None:
    """Take the trials, one line of samples each."""
    plans = [(name, rule, options.python, False) for name, rule in RULES.items() if options.rules in name]
    if options.torch_python:
        torch_rules = {"ours on torch": ours, "torch.utils.benchmark": torch_benchmark}
        plans += [(n, rule, options.torch_python, True) for n, rule in torch_rules.items() if options.rules in n]
    states = {"quiet": [False], "noisy": [True], "both": [False, True]}[options.state]
    with tempfile.TemporaryDirectory() as folder, options.samples.open("a", encoding="utf-8") as kept:
        trees = {(e, t): make_trees(Path(folder), e, torch=t) for e in EFFECTS for t in {plan[3] for plan in plans}}
        for trial in range(options.trials):
            for noisy in states:
                with neighbours(noisy):
                    for name, rule, python, torch in random.sample(plans, len(plans)):
                        for effect in options.effects:
                            started = time.perf_counter()
                            claimed = rule(trees[effect, torch], python)
                            seconds = time.perf_counter() - started
                            row = {
                                "rule": name,
                                "effect": effect,
                                "noisy": noisy,
                                "claimed": claimed,
                                "wall_s": seconds,
                            }
                            kept.write(json.dumps(row | {"load": os.getloadavg()[0]}) + "\n")
                            kept.flush()
            print(f"trial {trial + 1} of {options.trials}", file=sys.stderr)


def table(samples: Path) -> None:
    """Print the shares of all samples that were kept."""
    cells: dict[tuple[str, bool, int], list[dict[str, float]]] = defaultdict(list)
    for line in samples.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        cells[row["rule"], row["noisy"], row["effect"]].append(row)
    rules = list(dict.fromkeys(name for name, _, _ in cells))
    print(f"{fingerprint().get('cpu')}, {os.cpu_count()} cores\n")
    print("rule                   neighbours    trials  improved at +0 %   +2 %   +5 %   wall time   load")
    for name in rules:
        for noisy in (False, True):
            by_effect = [cells[name, noisy, effect] for effect in EFFECTS]
            rows = [row for cell in by_effect for row in cell]
            if not rows:
                continue
            shares = [f"{100 * fmean(row['claimed'] for row in cell):.0f} %" if cell else "-" for cell in by_effect]
            trials = "/".join(str(len(cell)) for cell in by_effect)
            wall, load = (median(row[figure] for row in rows) for figure in ("wall_s", "load"))
            state = "noisy" if noisy else "quiet"
            claims = f"{shares[0]:>16} {shares[1]:>6} {shares[2]:>6}"
            print(f"{name:22} {state:10} {trials:>9} {claims} {wall:9.1f} s {load:6.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--trials", type=int, default=20, help="trials of each rule, effect and state; 0: only the table"
    )
    parser.add_argument("--effects", type=int, nargs="+", default=list(EFFECTS), help="percent; of %(default)s")
    parser.add_argument("--state", choices=["quiet", "noisy", "both"], default="both")
    parser.add_argument("--rules", default="", help="only rules whose name contains this")
    # What is installed in development mode makes every start of this environment's interpreter slow.
    plain = getattr(sys, "_base_executable", sys.executable)
    parser.add_argument("--python", default=plain, help="interpreter of the timed code for all rules")
    parser.add_argument(
        "--torch-python", help="interpreter with torch: adds torch work and torch.utils.benchmark's rule"
    )
    parser.add_argument("--samples", type=Path, default=Path("timing_power.jsonl"), help="where trials are kept")
    options = parser.parse_args()
    run(options)
    table(options.samples)


if __name__ == "__main__":
    main()
