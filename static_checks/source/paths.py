"""What a path is for, told by its name alone: source, data, prose, debris, test, benchmark, CI."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

Language = Literal["python", "c", "cuda", "json", "toml", "yaml", "other"]

_LANGUAGES: dict[str, Language] = {
    ".py": "python", ".pyi": "python",
    ".c": "c", ".cc": "c", ".cpp": "c", ".cxx": "c", ".h": "c", ".hpp": "c", ".hh": "c",
    ".cu": "cuda", ".cuh": "cuda",
    ".json": "json", ".ipynb": "json", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml",
}  # fmt: skip
_PROSE = frozenset({".md", ".rst", ".adoc", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".pdf", ".ico", ".webp"})
_PROSE_NAMES = frozenset({"license", "copying", "notice", "authors", "contributors", "changelog", "codeowners"})
_BUILD_TEXT = ("requirements", "cmakelists", "constraints")
_DEBRIS = frozenset({".diff", ".patch", ".orig", ".rej", ".bak", ".swp", ".tmp", ".log", ".pyc", ".pyo", ".prof"})
_DEBRIS_FOLDERS = frozenset({"__pycache__", ".pytest_cache", ".ipynb_checkpoints", "node_modules", ".venv", "venv"})
_BUILD_FOLDERS = frozenset({"build", "dist"})
_TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_BENCH_FOLDERS = frozenset({"benchmark", "benchmarks", "bench"})
_SCRIPT_STEMS = frozenset({"setup", "__main__", "cli", "main", "conftest", "noxfile"})
_SCRIPT_FOLDERS = frozenset({"scripts", "script", "examples", "example", "docs", "doc", "tools", "demo", "demos"})
_CI_FOLDERS = frozenset({".github", ".gitlab", ".circleci", ".buildkite", ".ci"})
_CI_NAMES = frozenset(
    {".gitlab-ci.yml", ".travis.yml", "azure-pipelines.yml", "jenkinsfile", "tox.ini", "noxfile.py", "pytest.ini"}
)


def language(path: str) -> Language:
    """Return the language a file is checked as."""
    return _LANGUAGES.get(PurePosixPath(path).suffix.lower(), "other")


def is_prose(path: str) -> bool:
    """Whether the file is read by people only: documentation, pictures, licence texts."""
    name = PurePosixPath(path)
    if name.suffix.lower() == ".txt":
        return not name.stem.lower().startswith(_BUILD_TEXT)
    return name.suffix.lower() in _PROSE or name.stem.lower() in _PROSE_NAMES


def is_debris(path: str) -> bool:
    """Whether the file is something a tool left behind: patches, logs, backups, caches, build copies."""
    name = PurePosixPath(path)
    folders = frozenset(name.parts[:-1])
    if name.suffix.lower() in _DEBRIS or folders & _DEBRIS_FOLDERS:
        return True
    return bool(name.parts[0] in _BUILD_FOLDERS and len(name.parts) > 1)


def is_test(path: str) -> bool:
    """Whether the file is a test, by pytest's naming rules or its folder."""
    name = PurePosixPath(path)
    stem = name.stem.lower()
    named = stem.startswith("test_") or stem.endswith("_test") or name.name == "conftest.py"
    return named or bool(frozenset(part.lower() for part in name.parts[:-1]) & _TEST_FOLDERS)


def is_benchmark(path: str) -> bool:
    """Whether the file belongs to a benchmark, by its name or folder."""
    name = PurePosixPath(path)
    stem = name.stem.lower()
    named = (
        stem.startswith(("bench_", "benchmark_"))
        or stem.endswith(("_bench", "_benchmark"))
        or stem in ("bench", "benchmark")
    )
    return named or bool(frozenset(part.lower() for part in name.parts[:-1]) & _BENCH_FOLDERS)


def is_ci(path: str) -> bool:
    """Whether the file configures continuous integration or the test runner."""
    name = PurePosixPath(path)
    return name.name.lower() in _CI_NAMES or bool(frozenset(name.parts[:-1]) & _CI_FOLDERS)


def is_source(path: str) -> bool:
    """Whether a change of this file can change what the program does (configuration included)."""
    return not (is_prose(path) or is_debris(path))


def is_library(path: str) -> bool:
    """Whether the file is code that others import: no test, benchmark, script, example or set-up file."""
    name = PurePosixPath(path)
    if is_test(path) or is_benchmark(path) or is_ci(path) or not is_source(path):
        return False
    if name.stem.lower() in _SCRIPT_STEMS:
        return False
    return not frozenset(part.lower() for part in name.parts[:-1]) & _SCRIPT_FOLDERS
