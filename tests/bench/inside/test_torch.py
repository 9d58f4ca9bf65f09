"""The real torch on the CPU: runs where the tests' interpreter has torch, or an environment variable names one."""

import subprocess
from pathlib import Path

import pytest
from gpu_kit import TORCH_PYTHON, torch_python, why_no_cuda
from support import ROOT
from timing_kit import Bench

from judge.bench import Changed, DeviceError, Measured, Same, SessionResult, compare, plausibility_flags

pytestmark = [
    pytest.mark.skipif(torch_python() is None, reason=f"no torch here, and {TORCH_PYTHON} names no Python that has it"),
    pytest.mark.slow,
    pytest.mark.timing,
]
SETUP = """
import torch
from library import work
torch.set_num_threads(1)

def setup():
    return torch.randn(200, 200), torch.randn(200, 200)

def experiment(data):
    return work(*data)
"""
BASE = "import torch\ndef work(a, b):\n    for _ in range(6):\n        out = a @ b\n    return out\n"
FASTER = "import torch\ndef work(a, b):\n    return a @ b\n"
LAZY = """
import torch
class Tensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        plain = [arg.inputs[0] @ arg.inputs[1] if isinstance(arg, cls) else arg for arg in args]
        return function(*plain, **(kwargs or {}))
    def detach(self):
        return self.inputs[0] @ self.inputs[1]
def work(a, b):
    out = torch.Tensor._make_subclass(Tensor, torch.empty(200, 200))
    out.inputs = a, b
    return out
"""
EAGER = """
import torch
class Tensor(torch.Tensor):
    pass
def work(a, b):
    for _ in range(6):
        out = (a @ b).as_subclass(Tensor)
    return out
"""
UNWRITTEN = """
import torch
seen = set()
def work(a, b):
    key = a[0, 0].item()
    if key in seen:
        return torch.empty(200, 200)
    seen.add(key)
    return a @ b
"""


def python() -> Path:
    interpreter = torch_python()
    assert interpreter is not None
    return interpreter


def timed(bench: Bench, sources: dict[str, str], **changes: object) -> SessionResult:
    options: dict[str, object] = {"forks": 3, "min_rounds": 5, "max_rounds": 5, "budget_s": 120, "python": python()}
    return bench(sources, **({"benchmark": SETUP, "device": "cpu"} | options | changes))


def test_tensors_are_compared_and_a_faster_one_is_improved(bench: Bench) -> None:
    """Six matrix products against one: improved, and the outputs are the same."""
    session = timed(bench, {"base": BASE, "candidate": FASTER})
    comparison = compare(session)
    assert isinstance(comparison, Measured), comparison
    assert comparison.status == "improved", comparison
    assert session.outputs["candidate"] == Same(how="equal")


@pytest.mark.skipif(not why_no_cuda(), reason="this machine has a GPU, and auto takes it")
def test_auto_runs_on_the_cpu_and_says_so(bench: Bench) -> None:
    """Without a GPU the same benchmark is timed on the CPU, with a note; asking for CUDA names the reason."""
    session = timed(bench, {"base": BASE}, device="auto", forks=2)
    assert session.machine["device"] == "cpu"
    assert any("uses torch" in note and "on the CPU" in note for note in session.notes), session.notes
    with pytest.raises(DeviceError, match=r"is a build without CUDA|sees no CUDA|NVIDIA driver"):
        timed(bench, {"base": BASE}, device="cuda")


@pytest.mark.parametrize(
    ("dtype", "by", "status"),
    [("float32", 1e-7, "same"), ("float32", 1e-3, "changed"), ("bfloat16", 5e-3, "same"), ("bfloat16", 0.1, "changed")],
)
def test_tolerance_goes_by_the_dtype(bench: Bench, dtype: str, by: float, status: str) -> None:
    """What bfloat16 cannot hold is the same there and a change in float32."""
    source = f"import torch\ndef work(a, b):\n    return (a.double() * FACTOR).to(torch.{dtype})\n"
    sources = {"base": source.replace("FACTOR", "1"), "candidate": source.replace("FACTOR", str(1 + by))}
    session = timed(bench, sources, forks=2)
    assert session.outputs["candidate"].status == status, session.outputs


def test_a_lazy_tensor_is_read_as_it_is(bench: Bench) -> None:
    """HACKS.md row 16: a subclass that would compute when it is read is not asked to; its eager twin is the same."""
    twin = EAGER.replace("range(6)", "range(1)")
    session = timed(bench, {"base": EAGER, "twin": twin, "candidate": LAZY})
    assert session.outputs["candidate"].status != "same", session.outputs
    assert session.outputs["twin"].status == "same", session.outputs
    against_plain = timed(bench, {"base": BASE, "candidate": LAZY}, forks=2)
    assert isinstance(against_plain.outputs["candidate"], Changed), "a class of that name is not torch's"


def test_memory_that_nobody_wrote_shows(bench: Bench) -> None:
    """HACKS.md rows 28 and 30: freed blocks are filled with NaN, so an old result does not come back by chance."""
    session = timed(bench, {"base": BASE, "candidate": UNWRITTEN})
    assert isinstance(session.outputs["candidate"], Changed), session.outputs


SPOILED = """
import importlib.util, sys, torch
spec = importlib.util.spec_from_file_location("arrays", sys.argv[1])
arrays = importlib.util.module_from_spec(spec)
spec.loader.exec_module(arrays)
stale = []
for _ in range(8):
    old = torch.full((100, 100), 7.0)
    blocks = arrays.array_blocks([old, {"a": 1}])
    del old
    if sys.argv[2] == "spoil":
        arrays.spoil(blocks)
    new = torch.empty(100, 100)
    stale.append(int((new == 7).sum()))
    del new
print(max(stale))
"""


def test_freed_blocks_are_spoiled() -> None:
    """An allocator hands out what was freed, with what it held, but not after `spoil`."""
    file = ROOT / "bench" / "inside" / "arrays.py"

    def stale(how: str) -> int:
        done = subprocess.run(
            [python(), "-c", SPOILED, str(file), how], capture_output=True, text=True, check=True, timeout=60
        )
        return int(done.stdout)

    assert stale("leave") > 5_000, "else this proves nothing"
    assert stale("spoil") < 100, "the rims of blocks at most"


def test_precision_given_up_within_the_tolerance_asks_for_a_look(bench: Bench) -> None:
    """HACKS.md row 31: small outputs pass the absolute tolerance; the error against float64 shows half precision."""
    small = "import torch\ndef work(a, b):\n    return (a * 1e-3) @ (b * 1e-3)\n"
    half = small.replace("(a * 1e-3) @ (b * 1e-3)", "((a * 1e-3).bfloat16() @ (b * 1e-3).bfloat16()).to(a.dtype)")
    order = small.replace("(a * 1e-3) @ (b * 1e-3)", "(a @ b) * 1e-6")
    benchmark = SETUP.replace("torch.randn(200, 200)", "0.1 * torch.randn(200, 200)")
    session = timed(bench, {"base": small, "twin": order, "candidate": half}, benchmark=benchmark, forks=2)
    assert session.outputs["candidate"] == Same(how="tolerance"), session.outputs
    for name, expected in (("candidate", True), ("twin", False)):
        comparison = compare(session, candidate=name)
        assert isinstance(comparison, Measured)
        assert ("less-precise" in [flag.code for flag in plausibility_flags(session, comparison, name)]) is expected
    assert session.precision["candidate"].error > 1e-3


def test_numpy_too(bench: Bench) -> None:
    """The same for numpy's float32, without torch being loaded."""
    benchmark = """
import numpy
from library import work
def setup():
    return numpy.random.rand(9000).astype("float32")
def experiment(data):
    return work(data)
"""
    base = "def work(a):\n    return a * 1e-6\n"
    half = """
import numpy
def work(a):
    return (a * 1e-3).astype("float16").astype(a.dtype) * numpy.float32(1e-3)
"""
    stale = """
import numpy
calls = 0
def work(a):
    global calls
    calls += 1
    return a * 1e-6 if calls == 1 else numpy.empty(9000, "float32")
"""
    session = timed(bench, {"base": base, "candidate": half, "stale": stale}, benchmark=benchmark)
    assert session.outputs["candidate"] == Same(how="tolerance"), session.outputs
    assert session.precision["candidate"].lost, session.precision
    assert isinstance(session.outputs["stale"], Changed), session.outputs
