"""Timing on a real GPU: skips, with the reason, where there is none. Nobody has run these yet."""

from pathlib import Path

import pytest
from gpu_kit import torch_python, why_no_cuda
from timing_kit import Bench

from judge.bench import Measured, NotMeasured, Same, SessionResult, compare

pytestmark = [pytest.mark.gpu, pytest.mark.slow, pytest.mark.timing]

SETUP = """
import torch
from library import work

def setup():
    return torch.randn(1 << 24, device="cuda")

def experiment(data):
    return work(data)
"""
CHAIN = "import torch\ndef work(a):\n    return torch.relu(a * 2 + 1) * 0.5\n"
FUSED = """
import torch
def work(a):
    return torch.mul(a, 2).add_(1).relu_().mul_(0.5)
"""
LEAK = """
import torch
side = torch.cuda.Stream()
def work(a):
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        return torch.relu(a * 2 + 1) * 0.5
"""
WAITS = LEAK.replace("        return torch", "        out = torch") + (
    "    torch.cuda.current_stream().wait_stream(side)\n    return out\n"
)
PATCHES = """
import torch
torch.cuda.synchronize = lambda *rest: None
torch._C._cuda_synchronize = lambda *rest: None
torch.cuda.Event.elapsed_time = lambda *rest: 0.001
torch.cuda.Event.record = lambda *rest: None
torch.Tensor.fill_ = lambda tensor, value: tensor
"""
LAZY = """
import torch
class Tensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        args = [torch.relu(arg.input * 2 + 1) * 0.5 if isinstance(arg, cls) else arg for arg in args]
        return function(*args, **(kwargs or {}))
def work(a):
    out = torch.Tensor._make_subclass(Tensor, torch.empty_like(a))
    out.input = a
    return out
"""
UNWRITTEN = "import torch\ncalls = 0\ndef work(a):\n    global calls\n    calls += 1\n" + (
    "    return torch.relu(a * 2 + 1) * 0.5 if calls == 1 else torch.empty_like(a)\n"
)
MATMUL = """
import torch
from library import work

def setup():
    return torch.randn(4096, 4096, device="cuda").bfloat16(), torch.randn(4096, 4096, device="cuda").bfloat16()

def experiment(data):
    return work(*data)
"""
TRITON = """
import torch, triton
import triton.language as tl

@triton.jit
def kernel(x, out, n, block: tl.constexpr):
    offsets = tl.program_id(0) * block + tl.arange(0, block)
    value = tl.load(x + offsets, mask=offsets < n) * 2 + 1
    tl.store(out + offsets, tl.maximum(value, 0.0) * 0.5, mask=offsets < n)

def work(a):
    out = torch.empty_like(a)
    kernel[(triton.cdiv(a.numel(), 1024),)](a, out, a.numel(), block=1024)
    return out
"""


@pytest.fixture
def on_gpu(bench: Bench) -> Bench:
    if why_no_cuda():
        pytest.skip(why_no_cuda())
    python = torch_python()
    assert python is not None

    def run(sources: dict[str, str], *, benchmark: str = SETUP, **changes: object) -> SessionResult:
        options: dict[str, object] = {"forks": 4, "min_rounds": 5, "max_rounds": 5, "budget_s": 120.0}
        return bench(sources, benchmark=benchmark, python=Path(python), device="cuda", **(options | changes))

    return run


def measured(session: SessionResult, name: str = "candidate") -> Measured:
    comparison = compare(session, candidate=name)
    assert isinstance(comparison, Measured), comparison
    return comparison


def test_fewer_passes_over_memory_are_improved_and_a_copy_is_not(on_gpu: Bench) -> None:
    """Four kernels, each with a tensor of its own, against the same in place; the same code twice makes no claim."""
    session = on_gpu({"base": CHAIN, "human": CHAIN, "candidate": FUSED})
    assert measured(session).status == "improved", measured(session)
    assert measured(session, "human").status in ("neutral", "inconclusive"), measured(session, "human")
    assert session.outputs["candidate"].status == "same", session.outputs
    assert session.machine["device"] == "cuda"
    assert session.machine["gpu"]


def test_a_triton_kernel_is_improved(on_gpu: Bench) -> None:
    """One kernel for all; it is compiled before anything is timed."""
    pytest.importorskip("triton", reason="the tests' own interpreter has no Triton")
    session = on_gpu({"base": CHAIN, "candidate": TRITON}, benchmark=SETUP.replace("1 << 24", "1 << 26"))
    assert measured(session).status == "improved", measured(session)
    assert session.outputs["candidate"].status == "same", session.outputs


def test_half_of_a_product_of_matrices_is_twice_as_fast(on_gpu: Bench) -> None:
    """Two bfloat16 products against one: about 2x by events, and within what the peers' rule gives."""
    twice = "def work(a, b):\n    a @ b\n    return a @ b\n"
    session = on_gpu({"base": twice, "candidate": "def work(a, b):\n    return a @ b\n"}, benchmark=MATMUL)
    comparison = measured(session)
    assert comparison.speedup == pytest.approx(2.0, rel=0.15), comparison
    assert session.outputs["candidate"] == Same(how="equal")


def test_a_stream_that_nobody_waits_for(on_gpu: Bench) -> None:
    """HACKS.md row 14: found by the wait for the whole device; a twin that waits is timed and not accused."""
    session = on_gpu({"base": CHAIN, "twin": WAITS, "candidate": LEAK})
    comparison = compare(session)
    assert isinstance(comparison, NotMeasured), comparison
    assert "stream that was not waited for" in comparison.reason
    assert measured(session, "twin").status != "improved"


def test_patched_events_waits_and_flushes_change_nothing(on_gpu: Bench) -> None:
    """HACKS.md rows 13, 17 and 19."""
    session = on_gpu({"base": CHAIN, "candidate": PATCHES + CHAIN})
    assert measured(session).status != "improved", measured(session)


@pytest.mark.parametrize("cheat", [LAZY, UNWRITTEN], ids=["lazy", "unwritten"])
def test_a_result_that_is_not_there_is_changed(on_gpu: Bench, cheat: str) -> None:
    """HACKS.md rows 16, 28 and 30: computed when it is read, or never written."""
    session = on_gpu({"base": CHAIN, "candidate": cheat})
    assert session.outputs["candidate"].status == "changed", session.outputs
