from collections.abc import Sequence
from pathlib import Path

import pytest
from gpu_kit import BUSY_GPU, write_smi

from judge.bench.contract import Contract, Function, function_contract
from judge.bench.options import Options
from judge.bench.process.gpu import Gpu, GpuWatch, ask_nvidia_smi, candidates, read_gpus, slowdowns
from judge.bench.session.device_choice import DeviceChoice, refusal, wants_gpu

IDLE = Gpu(name="GPU-b", facts={"index": "1", "uuid": "GPU-b", "utilization_percent": "0", "memory_used_mib": "10"})
USED = Gpu(name="GPU-a", facts={"index": "0", "uuid": "GPU-a"}, processes=("1",))
FULL = Gpu(name="GPU-c", facts={"index": "2", "uuid": "GPU-c", "utilization_percent": "0", "memory_used_mib": "900"})
GPUS = (USED, IDLE, FULL)


def contract(*, modules: tuple[str, ...] = (), names_cuda: bool = False) -> Contract:
    return Contract(
        path=Path("b.py"),
        function="f",
        takes_data=True,
        has_check_equivalence=False,
        modules=modules,
        names_cuda=names_cuda,
    )


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, ["GPU-b", "GPU-c", "GPU-a"]),
        ("2,0", ["GPU-c", "GPU-a"]),
        ("GPU-c", ["GPU-c"]),
        ("", []),
        ("0,-1,2", ["GPU-a"]),
        ("MIG-123", ["MIG-123"]),
        ("7", ["7"]),
    ],
)
def test_the_idlest_gpu_that_the_caller_may_use(visible: str | None, expected: list[str]) -> None:
    """Free of other processes, then little used, then empty; CUDA_VISIBLE_DEVICES is kept to as CUDA reads it."""
    assert [gpu.name for gpu in candidates(GPUS, visible)] == expected
    assert [gpu.name for gpu in candidates((), None)] == ["0"], "without nvidia-smi the first one is taken"


def test_nvidia_smi_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts, processes and what holds the clock down, under the older name of that field too; absent is left out."""
    monkeypatch.setenv("PATH", write_smi(tmp_path))
    first, second = read_gpus()
    assert (first.name, first.processes, second.processes) == (BUSY_GPU, ("4711",), ())
    assert "persistence" not in first.facts, "it said [N/A]"
    assert second.facts["persistence"] == "Enabled"
    assert slowdowns(first) == []
    assert slowdowns(second) == ["power cap", "temperature (software)"]


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 9\n", "#!/bin/sh\necho no devices were found\n", "no program\n"])
def test_an_nvidia_smi_that_fails_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """No crash: the GPU is only known less well."""
    monkeypatch.setenv("PATH", write_smi(tmp_path, text))
    assert read_gpus() == ()
    assert read_gpus(lambda arguments: "") == ()


def test_no_nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where there is none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ask_nvidia_smi(["-L"]) == ""


def smi(clock: int) -> str:
    return f"1, GPU-b, N, 1, 10, 1, 0, {clock}, 1, 1, 1, Default, Enabled"


def test_a_clock_that_drifts_is_noted() -> None:
    """The clock after the first processes against the one at the end; the idle one before does not count."""
    clocks = iter([1900, 1500])
    watch = GpuWatch(idle=IDLE, ask=lambda arguments: _answer(arguments, clocks))
    watch.look()
    watch.look()
    assert watch.notes() == [], "it was read a moment ago"
    watch.looked_at -= 100
    watch.look()
    assert any("1900 MHz" in note and "1500 MHz" in note for note in watch.notes())
    assert set(watch.facts()) == {"gpu_warm", "gpu_last"}
    assert any("other processes" in note for note in GpuWatch(idle=USED).notes())
    busy = Gpu(name="GPU-b", facts={"utilization_percent": "80"})
    assert any("busy" in note for note in GpuWatch(idle=busy).notes())
    assert GpuWatch(idle=None).notes() == []


def _answer(arguments: Sequence[str], clocks: object) -> str:
    return smi(next(clocks)) if "clocks.sm" in arguments[0] else ""  # type: ignore[call-overload]  # an iterator


def test_what_could_run_on_a_gpu() -> None:
    """By what the benchmark imports, or that it speaks of CUDA at all."""
    assert wants_gpu(contract(modules=("numpy", "torch"))) == "uses torch"
    assert wants_gpu(contract(names_cuda=True)) == "speaks of CUDA"
    assert wants_gpu(contract(modules=("numpy",))) == ""
    assert wants_gpu(None) == ""


def test_a_function_of_the_tree_tells_by_its_module(tmp_path: Path) -> None:
    """What the module imports is read, not run."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "kernels.py").write_text("import torch, os\nraise SystemExit\n", encoding="utf-8")
    function = Function(module="package.kernels", name="run")
    assert function_contract(function, [tmp_path]).modules == ("package", "torch")
    assert function_contract(function).modules == ("package",)


def test_when_the_targets_torch_is_asked() -> None:
    """Only where the benchmark may use a GPU and there may be one, or where a GPU was asked for."""
    path = Path("b.py")
    auto, cpu, cuda = (Options(benchmark=path, device=device) for device in ("auto", "cpu", "cuda"))
    assert refusal(auto, "uses torch", driver=True) == ""
    assert "no sign of an NVIDIA driver" in refusal(auto, "uses torch", driver=False)
    assert "does not use a GPU" in refusal(auto, "", driver=True)
    assert "asked for" in refusal(cpu, "uses torch", driver=True)
    assert refusal(cuda, "", driver=False) == ""


def test_cuda_has_no_limit_of_address_space() -> None:
    """CUDA reserves more of it than there is memory; on the CPU the limit holds."""
    assert DeviceChoice(device="cuda").memory(100) is None
    assert DeviceChoice().memory(100) == 100
