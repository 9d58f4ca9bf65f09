"""Chooses CPU or GPU for a session: which and why, and what its workers must be told for that."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from judge.bench.contract import GPU_MODULES, Contract
from judge.bench.errors import DeviceError
from judge.bench.options import Options
from judge.bench.process.gpu import Gpu, candidates, driver_seen, gpu_facts, hold_gpu, read_gpus
from judge.bench.process.worker_process import INSPECTOR, WorkerFault, WorkerProcess

VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """What the target's torch says of CUDA: usable, or the reason why not."""

    usable: bool
    reason: str = ""
    torch: str = ""
    cuda: str = ""


@dataclass(frozen=True, kw_only=True)
class DeviceChoice:
    """Where the workers run. `note` is what a reader must know; `environment` comes on top of the workers' own."""

    device: Literal["cpu", "cuda"] = "cpu"
    note: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    gpu: Gpu | None = None
    accelerator: Accelerator | None = None

    def memory(self, limit: int | None) -> int | None:
        """Return the limit of address space: none with CUDA, which reserves more of it than there is memory."""
        return None if self.device == "cuda" else limit

    def facts(self) -> dict[str, object]:
        """Return what the record says of the device."""
        if self.gpu is None:
            return {"device": self.device}
        known: dict[str, object] = {"gpu": gpu_facts(self.gpu), "memory_limit": "none: CUDA reserves address space"}
        if self.accelerator is not None:
            known |= {"torch": self.accelerator.torch, "torch_cuda": self.accelerator.cuda}
        return {"device": self.device, **known}


def wants_gpu(contract: Contract | None) -> str:
    """Say by what a benchmark could run on a GPU; empty if by nothing that can be seen in its file."""
    if contract is None:
        return ""
    modules = sorted(GPU_MODULES.intersection(contract.modules))
    if modules:
        return f"uses {' and '.join(modules)}"
    return "speaks of CUDA" if contract.names_cuda else ""


def refusal(options: Options, wish: str, *, driver: bool) -> str:
    """Say why a session is on the CPU without a look at the target's torch; empty if that must be asked."""
    if options.device == "cuda":
        return ""
    if options.device == "cpu" or not wish:
        return "that was asked for" if options.device == "cpu" else "it does not use a GPU"
    return "" if driver else "there is no sign of an NVIDIA driver here"


@contextmanager
def hold_device(
    options: Options,
    contract: Contract | None,
    *,
    python: str,
    folder: Path,
    environment: Mapping[str, str],
    progress: Callable[[str], None],
) -> Iterator[DeviceChoice]:
    """Yield the device of a session, and hold its GPU if it has one; a command without `--device` is left alone.

    Raises:
        DeviceError: a GPU was asked for and cannot be used, with the reason.
    """
    if contract is None and options.device == "auto":
        yield DeviceChoice(environment={VISIBLE: environment[VISIBLE]} if VISIBLE in environment else {})
        return
    wish = wants_gpu(contract)
    why = refusal(options, wish, driver=driver_seen())
    if why:
        yield _on_cpu(wish, why)
        return
    gpus = candidates(read_gpus(), environment.get(VISIBLE))
    names = ",".join(gpu.name for gpu in gpus)
    accelerator = Accelerator(usable=True)
    if contract is not None:
        accelerator = _ask(options, python=python, home=folder / "accelerator", environment=_gpu_environment(names))
    if not accelerator.usable and options.device == "auto":
        yield _on_cpu(wish, accelerator.reason)
        return
    if not accelerator.usable:
        raise DeviceError(
            f"device 'cuda' cannot be used: {accelerator.reason} (for {python!r}); use device 'cpu' or 'auto'"
        )
    with hold_gpu(gpus, limit_s=options.device_timeout_s, progress=progress) as gpu:
        yield DeviceChoice(device="cuda", environment=_gpu_environment(gpu.name), gpu=gpu, accelerator=accelerator)


def _on_cpu(wish: str, why: str) -> DeviceChoice:
    note = f"the benchmark {wish}, and this session timed it on the CPU: {why}" if wish else ""
    # No GPU is shown: work that was sent there would not be waited for by the clock.
    return DeviceChoice(note=note, environment=_gpu_environment(""))


def _gpu_environment(names: str) -> dict[str, str]:
    return {VISIBLE: names, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


def _ask(options: Options, *, python: str, home: Path, environment: Mapping[str, str]) -> Accelerator:
    """Ask the target's torch, in a process of its own."""
    home.mkdir()
    process = WorkerProcess(
        python=python,
        home=home,
        hash_seed=1,
        reply_limit=options.output_bytes,
        script=INSPECTOR,
        environment=environment,
    )
    try:
        process.hello(timeout_s=options.setup_timeout_s, memory=None, core=None)
        fields = process.ask("accelerator", timeout_s=options.setup_timeout_s).fields
    except WorkerFault as fault:
        return Accelerator(usable=False, reason=f"the target's torch could not be asked: {fault.message}")
    finally:
        process.close()
    texts = {name: str(fields[name]) for name in ("reason", "torch", "cuda") if name in fields}
    return Accelerator(usable=fields.get("usable") is True, **texts)
