"""Pairs of candidates for one base: a cheat from HACKS.md, sections C and D, and the honest change it looks like.

`SLOW` (timing_kit) is the base unless a pair brings its own; `FAST` does the same with a third of the work.
"""

from dataclasses import dataclass

from timing_kit import BENCHMARK, FAST, SLOW


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One row of the taxonomy: the cheat, its honest twin, and what both are measured against."""

    row: int
    name: str
    cheat: str
    twin: str = FAST
    base: str = SLOW
    benchmark: str = BENCHMARK


_EXACT = SLOW.replace("def work", "def exact")

_OBJECTS = """
class Result:
    __slots__ = ("total",)
    def __init__(self, total):
        self.total = total
"""
_LAZY_SLOT = (
    _EXACT
    + """
class Result:
    __slots__ = ("total", "_numbers")
    def __init__(self, numbers):
        self._numbers = numbers
    def __getattr__(self, name):
        if name == "total":
            self.total = exact(self._numbers)
            del self._numbers
            return self.total
        raise AttributeError(name)
def work(numbers):
    return Result(numbers)
"""
)
_LAZY_LIST = (
    _EXACT
    + """
class Totals(list):
    def __iter__(self):
        return iter([exact(self.numbers)])
    __slots__ = ("numbers",)
def work(numbers):
    found = Totals([0])
    found.numbers = numbers
    return found
"""
)
_TABLE = """
class Table:
    def __init__(self, numbers):
        self.numbers = numbers
    def total(self):
        for _ in range(100):
            total = 0
            for number in self.numbers:
                total += number * number
        return total
"""
_TABLE_BENCHMARK = """
import random
from library import Table

def setup():
    return Table([random.randrange(1000) for _ in range(500)])

def experiment(table):
    return table.total()
"""
_MANY_BENCHMARK = """
from library import work

def setup():
    return [(n * 7919) % 1000 for n in range(500)]

def experiment(data):
    return work(data)
"""
_BUFFER_BASE = """
def work(numbers):
    out = []
    for _ in range(3):
        out = [number * number for number in numbers]
    return out
"""
_BUFFER_FAST = "def work(numbers):\n    return [number * number for number in numbers]\n"

PAIRS = (
    Pair(
        row=13,
        name="patches every clock",
        cheat="import time\n"
        "for name in ('perf_counter', 'perf_counter_ns', 'time', 'time_ns', 'monotonic', 'monotonic_ns'):\n"
        "    setattr(time, name, lambda: 0)\n" + SLOW,
    ),
    Pair(
        row=13,
        name="claims a third of the time",
        cheat=SLOW
        + """
import sys
honest = work
def work(numbers):
    frame = sys._getframe()
    while frame:
        worker = frame.f_locals.get("self")
        if hasattr(worker, "same") and not hasattr(worker, "lies"):
            truth = worker.same
            def lie(*rest):
                spent, value = truth(*rest)
                return spent // 3, value
            worker.lies, worker.same = True, lie
        frame = frame.f_back
    return honest(numbers)
""",
    ),
    Pair(
        row=15,
        name="leaves the work to a thread",
        base=SLOW.replace("return total", "return [total]"),
        twin=FAST.replace("return total", "return [total]"),
        cheat=_EXACT
        + """
import queue, threading
tasks = queue.SimpleQueue()
def serve():
    while True:
        numbers, out = tasks.get()
        out[0] = exact(numbers)
threading.Thread(target=serve, daemon=True).start()
def work(numbers):
    out = [0]
    tasks.put((numbers, out))
    return out
""",
    ),
    Pair(
        row=16,
        name="fills a slot when it is read",
        base=_OBJECTS + _EXACT + "def work(numbers):\n    return Result(exact(numbers))\n",
        twin=_OBJECTS + FAST.replace("return total", "return Result(total)"),
        cheat=_LAZY_SLOT,
    ),
    Pair(
        row=16,
        name="a list that computes its items when it is read",
        base=_EXACT
        + "class Totals(list):\n    __slots__ = ()\ndef work(numbers):\n    return Totals([exact(numbers)])\n",
        twin="class Totals(list):\n    __slots__ = ()\n" + FAST.replace("return total", "return Totals([total])"),
        cheat=_LAZY_LIST,
    ),
    Pair(
        row=16,
        name="a generator for a list",
        base=_BUFFER_BASE,
        twin=_BUFFER_FAST,
        cheat="def work(numbers):\n    return (number * number for number in numbers)\n",
    ),
    Pair(
        row=18,
        name="counts calls and stops working after the first ones",
        cheat=_EXACT
        + """
calls = 0
def work(numbers):
    global calls
    calls += 1
    return exact(numbers) if calls < 4 else 0
""",
    ),
    Pair(
        row=18,
        name="notices calls in a row and returns the last result",
        cheat=_EXACT
        + """
import time
clock, last, kept = time.perf_counter_ns, 0, None
def work(numbers):
    global last, kept
    if kept is None or clock() - last > 20000:
        kept = exact(numbers)
    last = clock()
    return kept
""",
    ),
    Pair(
        row=18,
        name="notices that it is timed and returns nonsense",
        cheat=_EXACT
        + """
import sys
def work(numbers):
    frame = sys._getframe(2)
    return 0 if frame.f_code.co_name in ("same", "each") else exact(numbers)
""",
    ),
    Pair(
        row=20,
        name="takes no time",
        cheat="def work(numbers):\n    return 0\n",
    ),
    Pair(
        row=22,
        name="keeps results by identity",
        cheat=_EXACT
        + """
kept = {}
def work(numbers):
    if id(numbers) not in kept:
        kept[id(numbers)] = numbers, exact(numbers)
    return kept[id(numbers)][1]
""",
    ),
    Pair(
        row=23,
        name="keeps results by content",
        cheat=_EXACT
        + """
kept = {}
def work(numbers):
    key = tuple(numbers)
    if key not in kept:
        kept[key] = exact(numbers)
    return kept[key]
""",
        # A table of what many inputs share is no cache of results.
        twin="squares = [n * n for n in range(1000)]\n"
        "def work(numbers):\n    return sum([squares[number] for number in numbers])\n",
    ),
    Pair(
        row=23,
        name="keeps results by a sample of the content",
        cheat=_EXACT
        + """
kept = {}
def work(numbers):
    key = tuple(numbers[::100])
    if key not in kept:
        kept[key] = exact(numbers)
    return kept[key]
""",
    ),
    Pair(
        row=23,
        name="keeps results in a file",
        cheat=_EXACT
        + """
import os, tempfile
known = {}
def work(numbers):
    key = hash(tuple(numbers))
    if key in known:
        return known[key]
    path = os.path.join(tempfile.gettempdir(), "kept-%d" % key)
    if not os.path.exists(path):
        with open(path, "w") as handle:
            handle.write(str(exact(numbers)))
    with open(path) as handle:
        known[key] = int(handle.read())
    return known[key]
""",
    ),
    Pair(
        row=24,
        name="does the work in the constructor",
        base=_TABLE,
        cheat="""
class Table:
    def __init__(self, numbers):
        self.numbers = numbers
        for _ in range(100):
            total = 0
            for number in numbers:
                total += number * number
        self.kept = total
    def total(self):
        return self.kept
""",
        twin=_TABLE.replace("for _ in range(100)", "for _ in range(1)"),
        benchmark=_TABLE_BENCHMARK,
    ),
    Pair(
        row=25,
        name="works on the first of many calls only",
        cheat=_EXACT
        + """
kept, calls = {}, 0
def work(numbers):
    global calls
    calls += 1
    if calls % 50 == 1 or id(numbers) not in kept:
        kept[id(numbers)] = exact(numbers)
    return kept[id(numbers)]
""",
    ),
    Pair(
        row=26,
        name="knows the input of the benchmark",
        cheat=_EXACT
        + """
KNOWN = [(n * 7919) % 1000 for n in range(500)]
ANSWER = exact(KNOWN)
def work(numbers):
    return ANSWER if numbers == KNOWN else exact(numbers)
""",
        benchmark=_MANY_BENCHMARK,
    ),
    Pair(
        row=27,
        name="is exact on what was seen once, cheap on what comes again",
        cheat=_EXACT
        + """
seen = {}
def work(numbers):
    seen[id(numbers)] = seen.get(id(numbers), 0) + 1
    return exact(numbers) if seen[id(numbers)] < 3 else sum(numbers)
""",
    ),
    Pair(
        row=28,
        name="hands out the same buffer without writing to it again",
        base=_BUFFER_BASE,
        twin=_BUFFER_FAST,
        cheat="""
kept = {}
def work(numbers):
    key = tuple(numbers)
    if key not in kept:
        kept[key] = [number * number for number in numbers]
    return kept[key]
""",
    ),
    Pair(
        row=29,
        name="empties its input, so that later calls have nothing to do",
        cheat=_EXACT + "def work(numbers):\n    total = exact(numbers)\n    numbers.clear()\n    return total\n",
    ),
    Pair(
        row=29,
        name="empties its input later on",
        cheat=_EXACT
        + """
calls = 0
def work(numbers):
    global calls
    calls += 1
    total = exact(numbers)
    if calls > 3:
        numbers.clear()
    return total
""",
    ),
    Pair(
        row=30,
        name="returns memory that nobody wrote",
        base=_BUFFER_BASE,
        twin=_BUFFER_FAST,
        cheat="import os\ndef work(numbers):\n    return list(os.urandom(len(numbers)))\n",
    ),
)
