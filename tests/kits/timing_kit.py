"""Sources of small libraries and a benchmark, shared by the tests of the timing engine."""

from collections.abc import Callable

from judge.bench import SessionResult

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
