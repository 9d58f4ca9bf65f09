"""The house rules that a program can check: lint, format, types, and which way imports point."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("judge", "static_checks", "bench", "prompts")


def run(*command: str, cwd: Path = ROOT, **env: str) -> None:
    """Run a tool of this environment and show what it says when it fails."""
    called = [sys.executable, "-m", *command]
    known = {"PATH": "/usr/bin:/bin", **env}
    done = subprocess.run(called, cwd=cwd, env=known, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_lint() -> None:
    """Ruff finds nothing."""
    run("ruff", "check", "--no-cache", ".")


def test_format() -> None:
    """Ruff would format nothing anew."""
    run("ruff", "format", "--check", "--no-cache", ".")


def test_types(tmp_path: Path) -> None:
    """Mypy in strict mode finds nothing.

    It reads files by their folders and the packages are mapped into `judge` only when installed, so
    it is shown a folder of links that has the installed shape.
    """
    (tmp_path / "judge").mkdir()
    for entry in (ROOT / "judge").iterdir():
        (tmp_path / "judge" / entry.name).symlink_to(entry)
    for name in PACKAGES[1:]:
        (tmp_path / "judge" / name).symlink_to(ROOT / name)
    run("mypy", "--config-file", str(ROOT / "pyproject.toml"), "-p", "judge", cwd=tmp_path, MYPYPATH=str(tmp_path))


def imports_of(file: Path) -> Iterator[str]:
    """Yield the dotted names of the modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield node.module or ""


@pytest.mark.parametrize("package", PACKAGES[1:])
def test_imports_point_one_way(package: str) -> None:
    """static_checks, bench and prompts import neither each other nor anything else of judge."""
    for file in (ROOT / package).rglob("*.py"):
        foreign = [
            name
            for name in imports_of(file)
            if name.split(".")[0] == "judge" and not name.startswith(f"judge.{package}")
        ]
        assert not foreign, f"{file} imports {foreign}"


def test_stages_do_not_know_the_pipeline() -> None:
    """Only the commands, the dry run, the reports and the public API import the pipeline."""
    allowed = {
        "judge/__init__.py",
        "judge/commands/grade.py",
        "judge/commands/prompts.py",
        "judge/commands/_dry_run.py",
    }
    allowed |= {"judge/reports/report.py"}
    found = {str(f.relative_to(ROOT)) for f in (ROOT / "judge").rglob("*.py") if "judge.pipeline" in imports_of(f)}
    assert found <= allowed


@pytest.mark.parametrize("file", ["parser_child.py"])
def test_child_scripts_stand_alone(file: str) -> None:
    """A script started by its path in another process imports nothing of this project."""
    assert not [name for name in imports_of(ROOT / "static_checks" / file) if name.startswith("judge")]


def test_worker_needs_only_the_standard_library() -> None:
    """What runs under the target's interpreter: the standard library, and its neighbours by path."""
    files = sorted((ROOT / "bench/inside").glob("*.py"))
    assert {"worker.py", "inspector.py"} <= {file.name for file in files}
    foreign = {name for file in files for name in imports_of(file)}
    foreign = {name for name in foreign if name.split(".")[0] not in sys.stdlib_module_names}
    assert foreign == {"judge.bench.inside"}, "named for the type checker only"


def test_importing_judge_is_cheap() -> None:
    """`import judge` and the command line load neither the SDKs nor torch nor libcst nor rich."""
    heavy = ("torch", "openai", "anthropic", "libcst", "rich", "pydantic", "judge.bench")
    code = f"import judge, judge.cli, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_load() -> None:
    """Every exported name can be loaded, and `__all__` is what the lazy table holds."""
    import judge

    assert sorted(judge.__all__) == sorted(judge._HOMES)
    assert all(getattr(judge, name) is not None for name in judge.__all__)
