"""What is shipped: the wheel holds everything, under one top-level name, and nothing foreign gets in."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_package_list_is_complete() -> None:
    """Every folder with Python files is in pyproject's list of packages."""
    mapping = PROJECT["tool"]["setuptools"]["package-dir"]
    found = set()
    for name, folder in mapping.items():
        for init in (ROOT / folder).rglob("__init__.py"):
            inner = init.parent.relative_to(ROOT / folder).parts
            found.add(".".join([name, *inner]))
    assert found == set(PROJECT["tool"]["setuptools"]["packages"])


def test_changelog_names_the_version() -> None:
    """The newest entry of the changelog is the version of the project."""
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    assert headings[0].split()[1] == PROJECT["project"]["version"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the tracked files, so that no old build output takes part."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    names = ["pyproject.toml", "README.md", "LICENSE", *PROJECT["tool"]["setuptools"]["package-dir"].values()]
    for name in names:
        subprocess.run(["cp", "-r", str(ROOT / name), str(source / name)], check=True)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


def test_wheel_has_one_top_level_name(wheel: Path) -> None:
    """No top-level `bench`, `prompts` or `static_checks` is ever installed."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"judge"}


def test_wheel_holds_every_source_file(wheel: Path) -> None:
    """Each Python file of the packages is in the wheel, and the marker of typed packages."""
    with zipfile.ZipFile(wheel) as archive:
        shipped = set(archive.namelist())
    expected = {"judge/py.typed"}
    for name, folder in PROJECT["tool"]["setuptools"]["package-dir"].items():
        for file in (ROOT / folder).rglob("*.py"):
            expected.add(f"{name.replace('.', '/')}/{file.relative_to(ROOT / folder)}")
    assert expected <= shipped


def test_wheel_works_beside_a_foreign_bench(wheel: Path, tmp_path: Path) -> None:
    """Started in a repository with its own bench/, prompts/ and judge/, the wheel runs its own code."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    site = next(home.glob("lib/python*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # The dependencies are borrowed from this environment; only our own files come from the wheel.
    own = Path(next(p for p in sys.path if p.endswith("site-packages")))
    for entry in own.iterdir():
        if "patch_verdict" not in entry.name and not entry.name.endswith(".pth") and not (site / entry.name).exists():
            (site / entry.name).symlink_to(entry)
    hostile = tmp_path / "repo"
    for name in ("bench", "prompts", "static_checks", "judge", "click", "libcst"):
        (hostile / name).mkdir(parents=True)
        (hostile / name / "__init__.py").write_text(f"raise SystemExit('foreign {name} was imported')\n")
    (hostile / "a.diff").write_text("--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n")
    (hostile / "x.py").write_text("x = 1\n")
    command = [str(home / "bin/python"), "-P", "-c", "from judge.cli import main; main()"]
    grade = [*command, "grade", "a.diff", "--repo", "."]
    done = subprocess.run(grade, cwd=hostile, capture_output=True, text=True, check=False)
    assert "foreign" not in done.stdout + done.stderr
    assert done.returncode == 0, done.stderr
    assert "undetermined" in done.stdout
    doctor = subprocess.run([*command, "doctor"], cwd=hostile, capture_output=True, text=True, check=False)
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    assert "files as installed" in doctor.stdout
    (site / "judge/bench/stats.py").write_text("# overwritten by another distribution\n")
    broken = subprocess.run([*command, "doctor"], cwd=hostile, capture_output=True, text=True, check=False)
    assert broken.returncode != 0
