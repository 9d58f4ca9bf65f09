"""The protocol of timing on a GPU, against a stand-in for torch (tests/kits/stand_in_torch): nothing here is a proof
that it works on a real one; that is what test_gpu.py is for."""

from pathlib import Path

import pytest
from gpu_kit import BENCHMARK, IDLE_GPU, stand_in_python, write_smi
from timing_kit import Bench

from judge.bench import Crashed, DeviceError, Measured, NotMeasured, SessionResult, Variant, compare, measure
from judge.bench.options import Options
from judge.bench.process.cpu import release, try_lock

pytestmark = pytest.mark.timing

BASE = "import torch\ndef work(numbers):\n    torch.kernel(400)\n    return sum(numbers)\n"
FASTER = BASE.replace("400", "100")
LEAK = """
import torch
side = torch.cuda.Stream()
def work(numbers):
    with torch.cuda.stream(side):
        torch.kernel(400)
    return sum(numbers)
"""
WAITS = LEAK.replace("400", "100").replace("    ret", "    torch.cuda.current_stream().wait_stream(side)\n    ret")
PATCHES = """
import torch
torch.cuda.synchronize = torch._C._cuda_synchronize = lambda *rest: None
torch.cuda.Event.elapsed_time = torch._C._CudaEventBase.elapsed_time = lambda *rest: 0.001
torch.cuda.Event.record = torch._C._CudaEventBase.record = lambda *rest: None
torch.cuda.current_stream = torch._C._cuda_getCurrentStream = lambda *rest: torch.cuda.Stream()
torch.Tensor.fill_ = lambda *rest: None
"""
QUICK: dict[str, object] = {"forks": 3, "min_rounds": 5, "max_rounds": 5, "sample_s": 0.002, "budget_s": 60.0}


@pytest.fixture
def on_gpu(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Time with device `cuda` under an interpreter that has the stand-in."""
    monkeypatch.setenv("PATH", write_smi(tmp_path / "bin"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def run(sources: dict[str, str], **changes: object) -> SessionResult:
        options = {"benchmark": BENCHMARK, "device": "cuda", "python": stand_in_python(tmp_path)} | QUICK | changes
        return bench(sources, **options)

    return run


def test_a_faster_kernel_is_improved_and_its_copy_is_not(on_gpu: Bench) -> None:
    """Events tell 500 us from 200 us, each from a cold cache; the same code is not improved."""
    session = on_gpu({"base": BASE, "human": BASE, "candidate": FASTER})
    comparison, twin = compare(session), compare(session, candidate="human")
    assert isinstance(comparison, Measured), comparison
    assert comparison.status == "improved", comparison
    assert comparison.baseline_ms == pytest.approx(0.5, rel=0.1), "the cache is cold before every call"
    assert comparison.candidate_ms == pytest.approx(0.2, rel=0.2)
    assert twin.status != "improved", twin
    assert session.outputs["candidate"].status == "same"


def test_the_record_names_the_gpu_and_its_state(on_gpu: Bench) -> None:
    """The idler GPU was taken; driver, clocks and what held them down are kept; address space has no limit."""
    session = on_gpu({"base": BASE, "candidate": BASE}, forks=2)
    machine = session.machine
    assert machine["device"] == "cuda"
    assert machine["torch"] == "0.0 (stand-in)"
    gpu = machine["gpu"]
    assert isinstance(gpu, dict)
    assert (gpu["uuid"], gpu["name"], gpu["driver"], gpu["clock_mhz"]) == (IDLE_GPU, "Stand-in 1", "999.1", "1500")
    assert isinstance(machine["gpu_last"], dict)
    assert "none" in str(machine["memory_limit"])
    assert any("held down" in note and "power cap, temperature" in note for note in session.notes), session.notes


def test_a_stream_that_nobody_waits_for_is_a_false_clock(on_gpu: Bench) -> None:
    """HACKS.md row 14: the leak breaks with its own words and is not timed; a twin that waits is, and is faster."""
    session = on_gpu({"base": BASE, "twin": WAITS, "candidate": LEAK}, but_for=("candidate",))
    comparison, twin = compare(session), compare(session, candidate="twin")
    assert isinstance(comparison, NotMeasured), comparison
    assert comparison.kind == "clock"
    assert "stream that was not waited for" in comparison.reason
    assert isinstance(twin, Measured), twin
    assert twin.speedup > 1.5, twin


def test_patched_events_waits_and_flushes_change_nothing(on_gpu: Bench) -> None:
    """HACKS.md rows 13, 17 and 19: what times was bound before the target's code ran."""
    comparison = compare(on_gpu({"base": BASE, "candidate": PATCHES + BASE}))
    assert isinstance(comparison, Measured), comparison
    assert comparison.status != "improved", comparison
    assert comparison.candidate_ms == pytest.approx(0.5, rel=0.1)


def test_single_calls_are_timed_by_events_too(on_gpu: Bench) -> None:
    """A call on changed input waits for the device; a launch alone would seem to take no time."""
    session = on_gpu({"base": BASE, "candidate": FASTER})
    assert all(ns > 300_000 for fork in session.varied["base"] for ns in fork), session.varied


def test_fresh_data_for_every_call(on_gpu: Bench) -> None:
    """Calls that change their input get their own, also on a GPU."""
    changing = BASE.replace("return", "numbers.append(1)\n    return")
    comparison = compare(on_gpu({"base": changing, "candidate": changing.replace("400", "100")}))
    assert comparison.status == "improved", comparison


def test_an_error_of_the_gpu_is_the_variants_own(on_gpu: Bench) -> None:
    """What raises on the device raises in the variant; out of memory is named so."""
    raising = "class OutOfMemoryError(RuntimeError): ...\ndef work(numbers):\n    raise OutOfMemoryError('x')\n"
    session = on_gpu({"base": BASE, "candidate": raising}, forks=2)
    crash = session.variants["candidate"]
    assert isinstance(crash, Crashed)
    assert crash.kind == "memory"


def test_auto_takes_the_gpu_where_torch_sees_one(on_gpu: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """`auto` asks the target's torch; where no GPU is shown to it, the same benchmark runs on the CPU and says so."""
    assert on_gpu({"base": BASE}, device="auto", forks=2).machine["device"] == "cuda"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    session = on_gpu({"base": BASE}, device="auto", forks=2)
    assert session.machine["device"] == "cpu"
    assert any("uses torch" in note and "on the CPU" in note and "sees no CUDA" in note for note in session.notes)
    with pytest.raises(DeviceError, match="sees no CUDA device"):
        on_gpu({"base": BASE})


def test_a_session_waits_for_the_gpu_and_says_so(on_gpu: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One session at a time: another one waits with a message, and gives up after its limit."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    held = try_lock(f"gpu-{IDLE_GPU}")
    assert held is not None
    messages: list[str] = []
    with pytest.raises(DeviceError, match="other sessions held the GPU"):
        on_gpu({"base": BASE}, device_timeout_s=0.6, progress=messages.append)
    assert any("waiting for the GPU" in text for text in messages)
    release(held)
    assert on_gpu({"base": BASE}, forks=2).machine["device"] == "cuda"


def test_a_gpu_for_one_process_is_refused(on_gpu: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variants live side by side, which an exclusive compute mode forbids: said at once, with the next step."""
    text = (tmp_path / "bin" / "nvidia-smi").read_text(encoding="utf-8").replace("Default", "Exclusive_Process")
    monkeypatch.setenv("PATH", write_smi(tmp_path / "bin", text))
    with pytest.raises(DeviceError, match="Exclusive_Process"):
        on_gpu({"base": BASE})


def test_the_command_of_a_gpu_program_sees_the_callers_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that times itself is told of the GPUs that the caller was told of, and of one GPU with `cuda`."""
    from judge.bench import Command

    monkeypatch.setenv("PATH", write_smi(tmp_path / "bin"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,0")
    (tmp_path / "tree").mkdir()
    script = "import os, json; print(json.dumps({'ms': 1 + len(os.environ.get('CUDA_VISIBLE_DEVICES', '-'))}))"
    command = Command(argv=("python3", "-c", script), metric="ms", better="lower")
    for device, length in (("auto", 3), ("cuda", len(IDLE_GPU)), ("cpu", 0)):
        options = Options(benchmark=command, forks=2, device=device)  # type: ignore[arg-type]  # the three there are
        session = measure([Variant(name="base", tree=tmp_path / "tree")], options)
        ran = session.variants["base"]
        assert not isinstance(ran, Crashed), ran
        assert ran.forks[0].ns_per_call == ((1.0 + length,),), device
