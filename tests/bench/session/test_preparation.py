"""Trees that need a build, or the compiled parts of an installed package."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from judge.bench import Measured, NotMeasured, Options, OptionsError, SessionResult, Variant, compare, measure
from judge.bench.session.preparation import is_native, native_changes

BENCHMARK = "from package import work\ndef setup(): return 300\ndef experiment(n): return work(n)\n"
SLOW = "def work(n):\n    return sum(i * i for _ in range(3) for i in range(n)) // 3\n"
FAST = "def work(n):\n    return sum(i * i for i in range(n))\n"
NATIVE = """
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *args) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_native", 0, -1, methods};
PyMODINIT_FUNC PyInit__native(void) { return PyModule_Create(&module); }
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def timed(tmp_path: Path, base: Path, candidate: Path, **changes: object) -> SessionResult:
    benchmark = write(tmp_path, {"benchmark.py": BENCHMARK}) / "benchmark.py"
    values = {"benchmark": benchmark, "forks": 3, "sample_s": 0.001} | changes
    variants = [Variant(name="base", tree=base), Variant(name="candidate", tree=candidate)]
    return measure(variants, Options(**values))  # type: ignore[arg-type]  # quick keyword sets


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real extension module, built with the compiler of this machine."""
    compiler, include = shutil.which("cc") or shutil.which("gcc"), sysconfig.get_path("include")
    if compiler is None or not Path(include, "Python.h").is_file():
        pytest.skip("needs a C compiler and the headers of Python")
    folder = tmp_path_factory.mktemp("native")
    write(folder, {"native.c": NATIVE})
    library = folder / ("_native" + str(sysconfig.get_config_var("EXT_SUFFIX")))
    command = [compiler, "-shared", "-fPIC", f"-I{include}", str(folder / "native.c"), "-o", str(library)]
    subprocess.run(command, check=True, capture_output=True)
    return library


def installed_with(tmp_path: Path, files: dict[str, str]) -> Path:
    """Make an interpreter whose environment has a package installed, and return its path."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    site = next((tmp_path / "venv").glob("lib/python*/site-packages"))
    write(site / "package", files)
    return tmp_path / "venv" / "bin" / "python"


NEEDS_NATIVE = "from package._native import answer\nfrom package._version import VERSION\nassert answer() == 42\n"


def test_an_overlay_times_patched_files_over_compiled_parts(tmp_path: Path, compiled: Path) -> None:
    """The trees have no compiled part and no generated file; both come from the installed package."""
    python = installed_with(tmp_path, {"__init__.py": NEEDS_NATIVE + SLOW, "_version.py": "VERSION = 1\n"})
    site = next((tmp_path / "venv").glob("lib/python*/site-packages"))
    shutil.copy(compiled, site / "package")
    base = write(tmp_path / "base", {"package/__init__.py": NEEDS_NATIVE + SLOW})
    candidate = write(tmp_path / "candidate", {"package/__init__.py": NEEDS_NATIVE + FAST})
    session = timed(tmp_path, base, candidate, python=python, overlay=("package",))
    comparison = compare(session)
    assert isinstance(comparison, Measured), comparison
    assert comparison.status == "improved"
    assert session.outputs["candidate"].status == "same"
    assert any("1 compiled files come from the installed package" in note for note in session.notes)
    assert [path.name for path in base.rglob("*") if path.is_file()] == ["__init__.py"], "the tree was written to"


def test_without_the_overlay_the_same_trees_cannot_run(tmp_path: Path, compiled: Path) -> None:
    """The base itself is broken, which says nothing about the candidate."""
    base = write(tmp_path / "base", {"package/__init__.py": NEEDS_NATIVE + SLOW})
    comparison = compare(timed(tmp_path, base, write(tmp_path / "candidate", {"package/__init__.py": FAST})))
    assert isinstance(comparison, NotMeasured)
    assert comparison.side == "base"


def test_a_file_that_the_candidate_deletes_does_not_come_back(tmp_path: Path) -> None:
    """What the base's tree has is never taken from the installed package."""
    python = installed_with(tmp_path, {"__init__.py": SLOW, "helper.py": "", "_made.py": ""})
    base = write(tmp_path / "base", {"package/__init__.py": "import package._made\n" + SLOW, "package/helper.py": ""})
    candidate = write(tmp_path / "candidate", {"package/__init__.py": "import package.helper\n" + FAST})
    comparison = compare(timed(tmp_path, base, candidate, python=python, overlay=("package",)))
    assert isinstance(comparison, NotMeasured)
    assert (comparison.side, comparison.kind) == ("candidate", "raised")


def test_a_package_of_another_revision_is_noted(tmp_path: Path) -> None:
    """Where the base's Python files differ from the installed ones, the compiled parts may not fit."""
    python = installed_with(tmp_path, {"__init__.py": "# older\n" + SLOW, "same.py": ""})
    base = write(tmp_path / "base", {"package/__init__.py": SLOW, "package/same.py": ""})
    candidate = write(tmp_path / "candidate", {"package/__init__.py": FAST, "package/same.py": ""})
    session = timed(tmp_path, base, candidate, python=python, overlay=("package",))
    assert any("1 of 2 Python files of the base differ" in note for note in session.notes), session.notes


def test_an_overlay_needs_the_package_on_both_sides(tmp_path: Path) -> None:
    """A package that is not installed, or not in the tree, is named with the next step."""
    base = write(tmp_path / "base", {"package/__init__.py": SLOW})
    with pytest.raises(OptionsError, match=r"'package' is not installed .* install its wheel"):
        timed(tmp_path, base, base, overlay=("package",))
    with pytest.raises(OptionsError, match="base's tree has no package 'json'"):
        timed(tmp_path, base, base, overlay=("json",))


MAKE = "from pathlib import Path\nPath('package/made.py').write_text(Path('package/source.h').read_text())\n"


def test_a_build_runs_in_a_copy_of_each_tree(tmp_path: Path) -> None:
    """Native code is timed after its own build, and the given trees stay as they were."""
    files = {"make.py": MAKE, "package/__init__.py": "from package.made import work\n"}
    base = write(tmp_path / "base", files | {"package/source.h": SLOW})
    candidate = write(tmp_path / "candidate", files | {"package/source.h": FAST})
    session = timed(tmp_path, base, candidate, build="python make.py")
    comparison = compare(session)
    assert isinstance(comparison, Measured), comparison
    assert comparison.status == "improved"
    assert not list(tmp_path.rglob("made.py"))


def test_a_build_that_fails_is_broken_with_its_last_words(tmp_path: Path) -> None:
    """On the candidate's side it speaks of the candidate, on the base's of nobody."""
    files = {"make.py": MAKE, "package/__init__.py": "from package.made import work\n", "package/source.h": SLOW}
    good = write(tmp_path / "good", files)
    bad = write(tmp_path / "bad", files | {"make.py": "raise SystemExit('error: no such header')\n"})
    comparison = compare(timed(tmp_path, good, bad, build="python make.py"))
    assert isinstance(comparison, NotMeasured)
    assert (comparison.side, comparison.phase) == ("candidate", "build")
    assert "no such header" in comparison.reason
    mirrored = compare(timed(tmp_path, bad, good, build="python make.py"))
    assert isinstance(mirrored, NotMeasured)
    assert mirrored.side == "base"


def test_a_build_has_a_time_limit(tmp_path: Path) -> None:
    """A build that hangs is ended."""
    tree = write(tmp_path / "tree", {"make.py": "import time\ntime.sleep(1000)\n", "package/__init__.py": SLOW})
    comparison = compare(timed(tmp_path, tree, tree, build="python make.py", build_timeout_s=1.0))
    assert isinstance(comparison, NotMeasured)
    assert (comparison.phase, comparison.kind) == ("build", "timeout")


@pytest.mark.parametrize(
    "name", ["csrc/kernel.cu", "a/_fast.pyx", "src/lib.rs", "CMakeLists.txt", "x.H", "meson.build"]
)
def test_names_of_native_code(name: str) -> None:
    """What is compiled, and what says how to compile."""
    assert is_native(name)


@pytest.mark.parametrize("name", ["a.py", "README.md", "kernel.cu.py", "setup.py", "x.pyi", "data.json"])
def test_names_of_other_files(name: str) -> None:
    """Python and data run as they are."""
    assert not is_native(name)


def test_native_changes_are_found_by_content(tmp_path: Path) -> None:
    """Changed, added and removed native files, whatever their time stamps say."""
    base = write(tmp_path / "base", {"a.c": "1", "b.cu": "1", "c.h": "1", "d.py": "1", ".git/x.c": "1"})
    other = write(tmp_path / "other", {"a.c": "1", "b.cu": "2", "e.pyx": "1", "d.py": "2"})
    assert native_changes(base, other) == ("b.cu", "c.h", "e.pyx")
    assert native_changes(base, base) == ()
