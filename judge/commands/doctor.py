"""`judge doctor`: what works on this machine, each line with what to do about it."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import click

from judge.bench import fingerprint
from judge.bench.process.gpu import Gpu, driver_seen, read_gpus, slowdowns
from judge.bench.process.sandbox import Sandbox, find_sandbox
from judge.errors import ExitCode
from judge.judges.panel import all_backends
from judge.lib.distribution import DISTRIBUTION
from judge.lib.run_info import installed
from judge.llm.providers.discovery import all_providers
from judge.static_checks.discovery import all_rules
from judge.static_checks.repo.git import GitError, run_git
from judge.static_checks.source.parser_process import ParserHost
from judge.static_checks.source.python import NotParsed, PythonSource

_LOW_DISK_GIB = 2.0


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line: `ok` is None for what is optional and absent."""

    name: str
    ok: bool | None
    text: str


@click.command()
def command() -> int:
    """Say what works on this machine; exit with 2 if grading itself cannot work."""
    checks = list(_checks())
    width = max(len(check.name) for check in checks)
    for check in checks:
        mark = {True: "ok     ", False: "problem", None: "absent "}[check.ok]
        click.echo(f"{mark}  {check.name:<{width}}  {check.text}")
    return ExitCode.USAGE if any(check.ok is False for check in checks) else ExitCode.DONE


def _checks() -> Iterator[Check]:
    yield Check(name="python", ok=sys.version_info >= (3, 11), text=f"{platform.python_version()} at {sys.executable}")
    yield _git()
    yield _parser()
    yield _files()
    yield Check(name="rules", ok=True, text=f"{len(all_rules())} rules")
    yield Check(name="judges", ok=True, text=", ".join(backend.SPEC for backend in all_backends().values()))
    yield from _providers()
    yield _torch()
    machine = fingerprint()
    cores = machine.get("usable_cores", machine.get("cores"))
    text = f"{machine.get('cpu', machine.get('machine'))}, {cores} cores, load {machine.get('load_average')}"
    yield Check(name="cpu", ok=True, text=text)
    yield from _gpus()
    yield _sandbox()
    free = shutil.disk_usage(tempfile.gettempdir()).free / 2**30
    yield Check(name="disk", ok=free > _LOW_DISK_GIB, text=f"{free:.0f} GiB free in {tempfile.gettempdir()}")


def _git() -> Check:
    try:
        version = run_git(["--version"]).out.decode().strip()
    except GitError as error:
        return Check(name="git", ok=False, text=str(error))
    return Check(name="git", ok=True, text=version)


def _parser() -> Check:
    host = ParserHost()
    try:
        parsed = host.parse(PythonSource(b"def f(a, b=1):\n    return a + b\n"))
    finally:
        host.close()
    died = next((part.why for part in (parsed.grammar, parsed.libcst) if isinstance(part, NotParsed)), None)
    text = died or f"libcst {installed('libcst')}, in a process of its own"
    return Check(name="parser", ok=died is None, text=text)


def _files() -> Check:
    """Compare the installed files with the wheel's record: another distribution may have overwritten one."""
    try:
        files = distribution(DISTRIBUTION).files or []
    except PackageNotFoundError:
        return Check(name="install", ok=False, text=f"{DISTRIBUTION} is not installed; pip install it")
    recorded = [file for file in files if file.hash and file.parts[0] == "judge"]
    if not recorded:
        return Check(name="install", ok=True, text=f"editable, at {Path(__file__).parents[2]}")
    changed = [str(file) for file in recorded if _hash(Path(str(file.locate()))) != file.hash.value]  # type: ignore[union-attr]
    text = (
        f"{changed[0]} is not the file that was installed; install again"
        if changed
        else f"{len(recorded)} files as installed"
    )
    return Check(name="install", ok=not changed, text=text)


def _hash(file: Path) -> str:
    try:
        return urlsafe_b64encode(hashlib.sha256(file.read_bytes()).digest()).rstrip(b"=").decode()
    except OSError:
        return "absent"


def _providers() -> Iterator[Check]:
    for name, provider in all_providers().items():
        sdk, variable = installed(provider.DISTRIBUTION), provider.KEY_VARIABLE
        key = "is set" if os.environ.get(variable) else f"is not set; --judge {provider.SPEC} needs it"
        yield Check(name=name, ok=sdk is not None or None, text=f"{sdk}; {variable} {key}")


def _torch() -> Check:
    version = installed("torch") if importlib.util.find_spec("torch") else None
    return Check(
        name="torch",
        ok=None if version is None else True,
        text=version or "not installed; only benchmarks that import it need it",
    )


def _sandbox() -> Check:
    walls = find_sandbox(sys.executable)
    if isinstance(walls, Sandbox):
        return Check(name="sandbox", ok=True, text="bubblewrap")
    return Check(name="sandbox", ok=None, text=f"{walls.reason}; code under test sees what you can read")


def _gpus() -> Iterator[Check]:
    gpus = read_gpus()
    if not gpus:
        text = "a driver, but nvidia-smi tells nothing" if driver_seen() else "no NVIDIA driver; timing is on the CPU"
        yield Check(name="gpu", ok=None, text=text)
    for gpu in gpus:
        yield Check(name="gpu", ok=True, text=_gpu(gpu))


def _gpu(gpu: Gpu) -> str:
    facts = gpu.facts
    parts = [f"{facts.get('name', gpu.name)}, driver {facts.get('driver', 'unknown')}"]
    if "memory_used_mib" in facts:
        parts.append(f"{facts['memory_used_mib']} of {facts.get('memory_total_mib', '?')} MiB used")
    parts += [f"{len(gpu.processes)} processes on it"] if gpu.processes else ["idle"]
    parts += [f"clock held down by {', '.join(slowdowns(gpu))}"] if slowdowns(gpu) else []
    if facts.get("compute_mode", "Default") != "Default":
        parts.append(f"compute mode {facts['compute_mode']}: timing needs DEFAULT")
    return "; ".join([*parts, "timing on it was never tried on a real GPU"])
