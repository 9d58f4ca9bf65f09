"""Lint rule missing-synchronise."""

import re
from collections.abc import Iterable

import libcst as cst

from judge.static_checks.benchmark_lint.lint_rule import LintHit, LintRule
from judge.static_checks.benchmark_lint.script import Script, constant, walk

_CLOCKS = frozenset(f"time.{name}" for name in ("time", "perf_counter", "perf_counter_ns", "monotonic", "time_ns"))
_DEVICE = re.compile(r"""["'](cuda|xpu|mps)(:\d+)?["']""")


def check(script: Script) -> Iterable[LintHit]:
    """Find functions that read the host's clock twice, in a file that uses a device, and never wait for it."""
    if not _uses_device(script):
        return
    for function in script.functions.values():
        calls = list(script.calls(function.body))
        clocks = [call for call, name in calls if name in _CLOCKS]
        if len(clocks) >= 2 and not any(name.rpartition(".")[2] in ("synchronize", "item") for _, name in calls):
            yield LintHit(clocks[0], "reads the clock without torch.cuda.synchronize(): only the launch is timed")


def _uses_device(script: Script) -> bool:
    for node in walk(script.module):
        if isinstance(node, cst.SimpleString) and _DEVICE.fullmatch(constant(node)):
            return True
        if isinstance(node, cst.Attribute) and script.name(node).startswith("torch.cuda"):
            return True
    return False


RULE = LintRule(
    code="missing-synchronise",
    summary="The script times work on a device by the host's clock and does not wait for the device.",
    why="Kernels run beside the host: without a wait the clock stops when the work has been handed over. The figures "
    "that we report wait for the whole device; those that such a script prints are too small.",
    bad="""\
import time
import torch

def setup():
    return torch.ones(1000, device="cuda")

def experiment(data):
    return data * 2

def run_test():
    data = setup()
    start = time.perf_counter()
    experiment(data)
    return time.perf_counter() - start
""",
    good="""\
import time
import torch

def setup():
    return torch.ones(1000, device="cuda")

def experiment(data):
    return data * 2

def run_test():
    data = setup()
    torch.cuda.synchronize()
    start = time.perf_counter()
    experiment(data)
    torch.cuda.synchronize()
    return time.perf_counter() - start
""",
    check=check,
)
