"""Owns what a caller may ask of a timing session, and refuses what cannot be asked."""

import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from judge.bench.contract import Benchmark
from judge.bench.errors import InterpreterError, OptionsError

Device = Literal["auto", "cpu", "cuda"]

GIB = 1024**3
# Folders that hold Python but are not what a repository is installed from.
_NOT_PACKAGES = frozenset({"tests", "test", "docs", "doc", "examples", "benchmarks", "benchmark", "scripts", "tools"})


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One prepared source tree under a name, such as base, human or candidate.

    `watched` names lines, by file relative to the tree, of which it is asked whether the benchmark runs them.
    """

    name: str
    tree: Path
    watched: Mapping[str, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a session is run; every limit is in seconds of wall time.

    `forks` processes per variant are started one after the other, each with `min_rounds` rounds;
    while nothing is clear and `budget_s` lasts, up to five times as many forks in all follow, with up to
    `max_rounds` rounds each. Processes differ more than their rounds do, so many forks with few
    rounds tell most. `budget_s` is an upper bound: a clear case stops early.
    `build` is a command that is run in a copy of each tree first. `overlay` names packages whose
    compiled parts come from what is installed for `python`, and whose Python files from the trees.
    `sandbox` puts the workers inside bubblewrap's sandbox where that works.
    `device_timeout_s` is how long to wait for a GPU that another session holds. `memory_bytes` limits the
    address space, of which CUDA reserves so much that there is no limit with it.
    `import_paths` are relative to the tree; empty means `src` where only that holds packages.
    """

    benchmark: Benchmark
    python: Path = field(default_factory=lambda: Path(sys.executable))
    import_paths: tuple[str, ...] = ()
    build: str = ""
    build_timeout_s: float = 1800.0
    overlay: tuple[str, ...] = ()
    device: Device = "auto"
    device_timeout_s: float = 600.0
    forks: int = 8
    min_rounds: int = 5
    max_rounds: int = 5
    sample_s: float = 0.0025
    budget_s: float = 20.0
    call_timeout_s: float = 60.0
    setup_timeout_s: float = 60.0
    memory_bytes: int | None = 8 * GIB
    output_bytes: int = 64 * 1024 * 1024
    threshold: float = 1.005
    pin: bool = True
    sandbox: bool = True
    seed: int = field(default_factory=lambda: secrets.randbits(32))


def check_options(variants: Sequence[Variant], options: Options) -> None:
    """Raise a `BenchError` for the first option or variant that cannot be used."""
    names = [variant.name for variant in variants]
    if not variants:
        raise OptionsError("no variant to time: give at least the base tree")
    for name in names:
        if names.count(name) > 1:
            raise OptionsError(f"two variants are named {name!r}: give each its own name")
    for variant in variants:
        if not variant.tree.is_dir():
            raise OptionsError(
                f"the tree of variant {variant.name!r} is not a directory: {str(variant.tree)!r}; "
                "prepare it before timing"
            )
    counts = (("forks", options.forks, 2), ("min_rounds", options.min_rounds, 2))
    for label, count, least in (*counts, ("max_rounds", options.max_rounds, options.min_rounds)):
        if count < least:
            raise OptionsError(f"{label} is {count}: it must be at least {least}")
    limits = {
        "budget_s": options.budget_s,
        "call_timeout_s": options.call_timeout_s,
        "setup_timeout_s": options.setup_timeout_s,
        "build_timeout_s": options.build_timeout_s,
        "device_timeout_s": options.device_timeout_s,
        "sample_s": options.sample_s,
        "threshold - 1": options.threshold - 1,
    }
    for label, limit in limits.items():
        if not 0 < limit < float("inf"):
            raise OptionsError(f"{label} is {limit}: it must be a number above 0")


def find_interpreter(python: Path) -> str:
    """Return the interpreter's path; symbolic links stay, or a venv would not be recognised."""
    program = shutil.which(str(python))
    if program is None:
        raise InterpreterError(f"no executable interpreter at {str(python)!r}: give the path of the target's Python")
    return str(Path(program).absolute())


def resolve_import_paths(tree: Path, import_paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the folders of the tree, relative to it, that go on the import path."""
    for relative in import_paths:
        path = Path(relative)
        if path.is_absolute() or ".." in path.parts:
            raise OptionsError(f"import path {relative!r} must be relative and inside the tree")
        if not (tree / path).is_dir():
            raise OptionsError(f"import path {relative!r} is not a folder of {str(tree)!r}")
    if import_paths:
        return import_paths
    source = tree / "src"
    in_source = source.is_dir() and (_packages(source) or any(source.glob("*.py")))
    return ("src",) if in_source and not _packages(tree) else (".",)


def _packages(folder: Path) -> bool:
    return any(
        child.name not in _NOT_PACKAGES and (child / "__init__.py").is_file()
        for child in folder.iterdir()
        if child.is_dir() and child.name != "src"
    )
