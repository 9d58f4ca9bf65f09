"""A stand-in for torch on the target's import path, a stand-in for `nvidia-smi`, and where a real torch is."""

import importlib.util
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

STAND_IN = Path(__file__).parent / "stand_in_torch"
TORCH_PYTHON = "JUDGE_TEST_TORCH_PYTHON"
"""Names an interpreter that has torch, where the one that runs the tests has none."""

BENCHMARK = """
import torch
from library import work

def setup():
    return [3, 5, 7]

def experiment(numbers):
    return work(numbers)
"""
# Sessions of other test runs on this machine hold locks by the names of their GPUs.
BUSY_GPU, IDLE_GPU = f"GPU-aaaa-{os.getpid()}", f"GPU-bbbb-{os.getpid()}"
SMI = r"""#!/bin/sh
case "$1" in
*clocks_event_reasons*) echo "Field is not a valid field to query." >&2; exit 2 ;;
*clocks_throttle_reasons*) printf '%s\n' "GPU-aaaa, 0x0000000000000001" "GPU-bbbb, 0x0000000000000024" ;;
--query-gpu=*) printf '%s\n' \
    "0, GPU-aaaa, Stand-in 1, 999.1, 1000, 900, 80, 1500, 800, 2000, 60, Default, [N/A]" \
    "1, GPU-bbbb, Stand-in 1, 999.1, 1000, 10, 0, 1500, 800, 2000, 40, Default, Enabled" ;;
--query-compute-apps=*) printf '%s\n' "GPU-aaaa, 4711" ;;
esac
""".replace("GPU-aaaa", BUSY_GPU).replace("GPU-bbbb", IDLE_GPU)


def stand_in_python(folder: Path) -> Path:
    """Write an interpreter that finds the stand-in where an installed torch would be."""
    python = folder / "python-with-a-stand-in"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={STAND_IN} exec {sys.executable} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    return python


def write_smi(folder: Path, text: str = SMI) -> str:
    """Write a stand-in for `nvidia-smi` and return a PATH on which it comes first."""
    folder.mkdir(exist_ok=True)
    (folder / "nvidia-smi").write_text(text, encoding="utf-8")
    (folder / "nvidia-smi").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@cache
def torch_python() -> Path | None:
    """Return an interpreter that has the real torch, if one is known."""
    if named := os.environ.get(TORCH_PYTHON):
        return Path(named)
    return Path(sys.executable) if importlib.util.find_spec("torch") else None


@cache
def why_no_cuda() -> str:
    """Say why the real torch cannot use a GPU here; empty if it can."""
    python = torch_python()
    if python is None:
        return f"no torch is installed, and {TORCH_PYTHON} names no interpreter that has it"
    code = "import torch; print(torch.cuda.is_available())"
    done = subprocess.run([python, "-P", "-c", code], capture_output=True, text=True, check=False)
    return "" if done.stdout.strip() == "True" else f"torch of {python} sees no GPU"
