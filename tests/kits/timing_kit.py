"""Sources of small libraries and a benchmark, shared by the tests of the timing engine."""

import time
from collections.abc import Callable, Collection

from judge.bench import Crashed, SessionResult

SLOW = """
def work(numbers):
    for _ in range(3):
        total = 0
        for number in numbers:
            total += number * number
    return total
"""
FAST = """
def work(numbers):
    total = 0
    for number in numbers:
        total += number * number
    return total
"""
BENCHMARK = """
import random
from library import work

def setup():
    return [random.randrange(1000) for _ in range(500)]

def experiment(data):
    return work(data)
"""

Bench = Callable[..., SessionResult]
_RETRIES = 2


def wait_for(condition: Callable[[], bool], *, limit_s: float = 60.0) -> bool:
    """Wait until something holds, or a limit that no busy neighbour reaches; say whether it holds."""
    deadline = time.monotonic() + limit_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def undisturbed(session: Callable[[], SessionResult], *, but_for: Collection[str] = ()) -> SessionResult:
    """Time, and again where a busy neighbour spoilt it: a variant whose clock or budget is at fault.

    `but_for` are variants that are meant to be caught by these.
    """
    result = session()
    for _ in range(_RETRIES):
        honest = [variant for name, variant in result.variants.items() if name not in but_for]
        if not any(isinstance(variant, Crashed) and variant.kind in ("clock", "budget") for variant in honest):
            break
        result = session()
    return result
