"""Owns the question whether two trees differ in code that must be compiled before it can run."""

import filecmp
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_SUFFIXES = frozenset(
    {".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".inl", ".cu", ".cuh", ".hip", ".metal", ".m", ".mm"}
    | {".pyx", ".pxd", ".pxi", ".rs", ".go", ".zig", ".f", ".f90", ".f95", ".asm", ".s", ".cmake", ".proto"}
)
_BUILD_FILES = frozenset({"CMakeLists.txt", "meson.build", "meson_options.txt", "Cargo.toml", "Cargo.lock", "build.rs"})
_SKIPPED_FOLDERS = frozenset({".git", ".hg", "__pycache__", "node_modules"})


def is_native(path: str) -> bool:
    """Say whether a file, by its name, is compiled or says how to compile."""
    pure = PurePosixPath(path)
    return pure.suffix.lower() in _SUFFIXES or pure.name in _BUILD_FILES


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
