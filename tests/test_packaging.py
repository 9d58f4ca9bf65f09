"""What is shipped: the wheel holds everything, under one top-level name, and nothing foreign gets in."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SIBLINGS = ("bench", "prompts", "static_checks")
"""The top-level folders that are installed inside `judge`."""
Build = Callable[[str, Path], Path]


def shipped(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel and what they hold, by their paths."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_changelog_names_the_version() -> None:
    """The newest entry of the changelog is the version of the project."""
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    assert headings[0].split()[1] == PROJECT["project"]["version"]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is packaged, as it lies in a checkout that has been worked in: with bytecode, links as links."""
    folder = tmp_path_factory.mktemp("checkout") / "source"
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for name in ("judge", *SIBLINGS):
        shutil.copytree(ROOT / name, folder / name, symlinks=True)
    for stale in ("prompts/__pycache__", "judge/core/__pycache__"):
        (folder / stale).mkdir(exist_ok=True)
        (folder / stale / "gone.cpython-311.pyc").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build one kind of distribution of a source tree with the project's own build backend."""

    def built(kind: str, source: Path) -> Path:
        out = tmp_path_factory.mktemp(kind)
        code = f"from setuptools.build_meta import build_{kind} as build; build({str(out)!r})"
        done = subprocess.run(
            [sys.executable, "-P", "-c", code], cwd=source, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return next(path for path in out.iterdir() if path.is_file())

    return built


@pytest.fixture(scope="module")
def wheel(build: Build, checkout: Path) -> Path:
    """The wheel, built from the tree."""
    return build("wheel", checkout)


@pytest.fixture(scope="module")
def sdist(build: Build, checkout: Path) -> Path:
    """The source distribution."""
    return build("sdist", checkout)


def installed_names(tree: Path) -> set[str]:
    """Every Python file and every file of a prompt pack, by the name under which it is installed."""
    files = [path for path in (tree / "judge").rglob("*.py") if path.relative_to(tree).parts[1] not in SIBLINGS]
    names = {str(path.relative_to(tree)) for path in files}
    for sibling in SIBLINGS:
        names |= {f"judge/{path.relative_to(tree)}" for path in (tree / sibling).rglob("*.py")}
    packs = [toml.parent for toml in (tree / "prompts").glob("*/pack.toml")]
    assert packs
    return names | {f"judge/{path.relative_to(tree)}" for pack in packs for path in pack.rglob("*") if path.is_file()}


def test_the_wheel_holds_every_source_file_and_no_other(wheel: Path, checkout: Path) -> None:
    """Each Python file, each file of each prompt pack, the marker of typed packages; no bytecode, nothing else."""
    files = {name for name in shipped(wheel) if ".dist-info/" not in name}
    assert files == installed_names(checkout) | {"judge/py.typed"}


def test_the_wheel_has_one_top_level_name(wheel: Path) -> None:
    """No top-level `bench`, `prompts` or `static_checks` is ever installed."""
    tops = {name.split("/")[0] for name in shipped(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"judge"}


def test_the_source_distribution_builds_the_same_wheel(wheel: Path, sdist: Path, build: Build, tmp_path: Path) -> None:
    """Links have become folders with the same files, and the wheel built from them is the same, byte for byte."""
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    assert not [path for path in unpacked.rglob("*") if path.is_symlink()]
    assert all((unpacked / "judge" / name).is_dir() and not (unpacked / name).exists() for name in SIBLINGS)
    assert shipped(build("wheel", unpacked)) == shipped(wheel)


def environment(folder: Path, wheel: Path) -> Path:
    """Return the Python of a new environment with this wheel; what it depends on is borrowed from the present one."""
    venv.create(folder, with_pip=False, symlinks=True)
    site = next(folder.glob("lib/python*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    own = Path(next(path for path in sys.path if path.endswith("site-packages")))
    for entry in own.iterdir():
        is_ours = "patch_verdict" in entry.name or entry.suffix == ".pth"
        if not is_ours and not (site / entry.name).exists():
            (site / entry.name).symlink_to(entry)
    return folder / "bin/python"


def test_an_editable_install_has_one_top_level_name(build: Build, checkout: Path, tmp_path: Path) -> None:
    """It runs the files of the checkout under their installed names, and makes nothing else of it importable."""
    python = environment(tmp_path / "venv", build("editable", checkout))
    code = """
import importlib.util, judge.bench, judge.prompts, judge.static_checks.checker
print(judge.__file__, judge.bench.__file__, sep="\\n")
print([name for name in ("bench", "prompts", "static_checks", "tests") if importlib.util.find_spec(name)])
"""
    done = subprocess.run([str(python), "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    own, sibling = checkout / "judge/__init__.py", checkout / "judge/bench/__init__.py"
    assert done.stdout.splitlines() == [str(own), str(sibling), "[]"]


def test_the_wheel_works_beside_a_foreign_bench(wheel: Path, tmp_path: Path) -> None:
    """Started in a repository with its own bench/, prompts/ and judge/, the wheel runs its own code."""
    python = environment(tmp_path / "venv", wheel)
    hostile = tmp_path / "repo"
    for name in ("bench", "prompts", "static_checks", "judge", "click", "libcst"):
        (hostile / name).mkdir(parents=True)
        (hostile / name / "__init__.py").write_text(f"raise SystemExit('foreign {name} was imported')\n")
    (hostile / "a.diff").write_text("--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n")
    (hostile / "x.py").write_text("x = 1\n")

    def judge(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(python), "-P", "-c", "from judge.cli import main; main()", *arguments]
        return subprocess.run(command, cwd=hostile, capture_output=True, text=True, check=False)

    graded = judge("grade", "a.diff", "--repo", ".")
    assert "foreign" not in graded.stdout + graded.stderr
    assert graded.returncode == 0, graded.stderr
    assert "undetermined" in graded.stdout
    doctor = judge("doctor")
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    assert "files as installed" in doctor.stdout
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    (site / "judge/bench/analysis/stats.py").write_text("# overwritten by another distribution\n")
    assert judge("doctor").returncode != 0
