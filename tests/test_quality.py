"""The house rules that a program can check: lint, format, types, what importing costs."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TASKS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["poe"]["tasks"]


def check(command: str) -> None:
    """Run a tool of this environment in the checkout and show what it says when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", TASKS["lint"]["sequence"])
def test_lint(command: str) -> None:
    """`poe lint`: ruff finds nothing, and would format nothing anew."""
    check(command)


def test_types() -> None:
    """`poe types`: mypy in strict mode finds nothing in the checkout as it is, tests included."""
    check(TASKS["types"]["cmd"])


def test_a_checkout_has_the_installed_names() -> None:
    """Started in a checkout, Python finds every package by its installed name, installed or not."""
    code = "import judge.bench, judge.prompts, judge.static_checks; print(judge.bench.__file__)"
    # Without `site` nothing that an editable install left behind can help.
    env = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))}
    command = [sys.executable, "-S", "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == ROOT / "judge/bench/__init__.py"


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
