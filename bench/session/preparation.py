"""Owns what makes a source tree runnable: a build in it, or the compiled parts of an installed package beside it.

Both work on private copies; the trees that were given are never written to. Whether two trees differ in native code,
which must be built before it can run, is answered here too.
"""

import filecmp
import os
import shlex
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from judge.bench.contract import Command
from judge.bench.errors import OptionsError
from judge.bench.options import Options, Variant, resolve_import_paths
from judge.bench.process.sandbox import Containment, WorkerSandbox
from judge.bench.process.worker_process import INSPECTOR, WorkerFault, WorkerProcess
from judge.bench.results import Crashed

_NOT_COPIED = shutil.ignore_patterns(".git", "__pycache__")
_NATIVE_SUFFIXES = frozenset(
    {".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".inl", ".cu", ".cuh", ".hip", ".metal", ".m", ".mm"}
    | {".pyx", ".pxd", ".pxi", ".rs", ".go", ".zig", ".f", ".f90", ".f95", ".asm", ".s", ".cmake", ".proto"}
)
_BUILD_FILES = frozenset({"CMakeLists.txt", "meson.build", "meson_options.txt", "Cargo.toml", "Cargo.lock", "build.rs"})
_SKIPPED_FOLDERS = frozenset({".git", ".hg", "__pycache__", "node_modules"})


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Variants that can be timed, those whose build failed, and what a reader should know."""

    variants: tuple[Variant, ...]
    crashes: dict[str, Crashed]
    notes: tuple[str, ...]


def prepare(
    variants: Sequence[Variant],
    options: Options,
    *,
    python: str,
    containment: Containment,
    folder: Path,
    base: Path | None = None,
    copy: bool = False,
) -> Prepared:
    """Copy the trees into `folder`, build them and lay them over installed packages, as the options say.

    A command runs in its tree and may write there, so it gets a copy too; anything else needs none unless `copy`.
    `base` is the base's tree where that is not the first variant.

    Raises:
        OptionsError: a package to lay them over is not installed, or the base's tree does not hold it.
    """
    if not (copy or options.build or options.overlay or isinstance(options.benchmark, Command)):
        return Prepared(variants=tuple(variants), crashes={}, notes=())
    copies, crashes, notes = [], {}, []
    base = base or variants[0].tree
    paths = resolve_import_paths(base, options.import_paths)
    for number, variant in enumerate(variants):
        tree = folder / f"tree-{number}"
        shutil.copytree(variant.tree, tree, symlinks=True, ignore=_NOT_COPIED)
        copies.append(replace(variant, tree=tree))
        home = folder / f"build-{number}"
        if options.build and (crash := _build(tree, options, python=python, containment=containment, home=home)):
            crashes[variant.name] = crash
    for package in options.overlay:
        installed = _installed(
            package, options, python=python, containment=containment, home=folder / f"where-{package}"
        )
        notes += _overlay(package, installed, copies, base, paths)
    return Prepared(variants=tuple(copies), crashes=crashes, notes=tuple(notes))


def _overlay(package: str, installed: Path, copies: list[Variant], base: Path, paths: tuple[str, ...]) -> list[str]:
    """Complete a package in each copy with what only the installed one has: its compiled and generated parts."""
    inside = next((path for path in paths if (base / path / package).is_dir()), None)
    if inside is None:
        raise OptionsError(f"overlay: the base's tree has no package {package!r} on its import path; correct the name")
    had = {path for path, _ in _files(base / inside / package)}
    others = [(path, file) for path, file in _files(installed) if path not in had]
    for variant in copies:
        for path, file in others:
            target = variant.tree / inside / package / path
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(file)
        libraries = installed.with_name(f"{package}.libs")  # where repaired wheels keep what they link to
        if libraries.is_dir() and not (variant.tree / inside / libraries.name).exists():
            (variant.tree / inside / libraries.name).symlink_to(libraries)
    compiled = sum(1 for path, _ in others if path.endswith((".so", ".pyd", ".dylib")))
    notes = [f"{package}: {compiled} compiled files come from the installed package, the rest from the trees"]
    sources = [path for path in had if path.endswith(".py")]
    differ = [path for path in sources if not _same_text(base / inside / package / path, installed / path)]
    if differ:
        notes.append(
            f"{package}: {len(differ)} of {len(sources)} Python files of the base differ from the installed package, "
            "so its compiled parts may belong to another revision"
        )
    return notes


def _files(package: Path) -> list[tuple[str, Path]]:
    paths = []
    for folder, folders, files in os.walk(package):
        folders[:] = [name for name in folders if name != "__pycache__"]
        paths += [Path(folder, name) for name in files]
    return [(file.relative_to(package).as_posix(), file) for file in paths]


def _same_text(left: Path, right: Path) -> bool:
    try:
        return left.read_bytes().replace(b"\r\n", b"\n") == right.read_bytes().replace(b"\r\n", b"\n")
    except OSError:
        return False


def _build(tree: Path, options: Options, *, python: str, containment: Containment, home: Path) -> Crashed | None:
    """Run the build command in a tree, confined as the timed code is; say how it failed."""
    assert options.build
    try:
        done = _ask(
            "command",
            options,
            python=python,
            home=home,
            sandbox=containment.for_worker(write=[tree]),
            timeout_s=options.build_timeout_s,
            argv=shlex.split(options.build),
            cwd=str(tree),
            paths=[],
        )
    except WorkerFault as fault:
        return Crashed(phase="build", kind=fault.kind, message=f"{options.build!r}: {fault.message}")
    if done.get("code") == 0:
        return None
    last = str(done.get("err") or done.get("out")).replace(f"{tree}{os.sep}", "")[-500:].strip()
    return Crashed(phase="build", kind="raised", message=f"{options.build!r} left with {done.get('code')}: {last}")


def _installed(package: str, options: Options, *, python: str, containment: Containment, home: Path) -> Path:
    try:
        reply = _ask(
            "where",
            options,
            python=python,
            home=home,
            sandbox=containment.for_worker(),
            timeout_s=options.setup_timeout_s,
            package=package,
        )
    except WorkerFault as fault:
        raise OptionsError(f"overlay: package {package!r} cannot be found for {python!r}: {fault.message}") from fault
    folder = reply.get("folder")
    if not isinstance(folder, str):
        raise OptionsError(f"overlay: package {package!r} is not installed for {python!r}: install its wheel there")
    return Path(folder)


def _ask(
    op: str,
    options: Options,
    *,
    python: str,
    home: Path,
    sandbox: WorkerSandbox | None,
    timeout_s: float,
    **arguments: object,
) -> dict[str, object]:
    home.mkdir()
    process = WorkerProcess(
        python=python,
        home=home,
        hash_seed=1,
        reply_limit=2 * options.output_bytes,
        script=INSPECTOR,
        sandbox=sandbox,
    )
    try:
        process.hello(timeout_s=options.setup_timeout_s, memory=options.memory_bytes, core=None)
        return dict(process.ask(op, timeout_s=timeout_s, **arguments).fields)
    finally:
        process.close()


def is_native(path: str) -> bool:
    """Say whether a file, by its name, is compiled or says how to compile."""
    pure = PurePosixPath(path)
    return pure.suffix.lower() in _NATIVE_SUFFIXES or pure.name in _BUILD_FILES


def native_changes(base: Path, other: Path) -> tuple[str, ...]:
    """Return the native files, relative to the trees, that only one of them has or whose content differs."""
    left, right = set(_native_files(base)), set(_native_files(other))
    both = (path for path in left & right if not filecmp.cmp(base / path, other / path, shallow=False))
    return tuple(sorted((left ^ right) | set(both)))


def _native_files(tree: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(tree):
        folders[:] = [name for name in folders if name not in _SKIPPED_FOLDERS]
        for name in files:
            path = Path(folder, name)
            if is_native(name) and path.is_file():
                yield path.relative_to(tree).as_posix()
