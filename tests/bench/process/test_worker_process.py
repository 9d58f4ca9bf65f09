import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from timing_kit import BENCHMARK, FAST, SLOW, Bench, wait_for

from judge.bench import (
    ContractError,
    DeviceError,
    InterpreterError,
    Measured,
    NotMeasured,
    OptionsError,
    compare,
)
from judge.bench.options import resolve_import_paths
from judge.bench.process.worker_process import WorkerProcess, scrubbed_environment

pytestmark = pytest.mark.one_look


def state(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[0]


def gone(pid: int) -> bool:
    return state(pid) in ("", "Z")


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see processes")


def sleeping_benchmark(pids: Path, *, child: bool) -> str:
    """Return a benchmark that names its processes in a folder and runs for long."""
    pids.mkdir()
    start = "subprocess.Popen(['sleep', '1000']).pid" if child else "os.getpid()"
    return f"""
import os, subprocess, time
from library import work
def setup():
    for pid in (os.getpid(), {start}):
        open({str(pids)!r} + "/%d" % pid, "w").close()
def experiment(data):
    time.sleep(0.05)
    return work(())
"""


def start_grader(folder: Path, *, child: bool) -> subprocess.Popen[bytes]:
    """Start a session that goes on for minutes, in a process of its own; it names its processes, so no sandbox."""
    (folder / "library.py").write_text(SLOW, encoding="utf-8")
    path = folder / "benchmark.py"
    path.write_text(sleeping_benchmark(folder / "pids", child=child), encoding="utf-8")
    script = (
        "from pathlib import Path\n"
        "from judge.bench import Options, Variant, measure\n"
        f"tree, file = Path({str(folder)!r}), Path({str(path)!r})\n"
        "variants = [Variant(name=name, tree=tree) for name in ('base', 'candidate')]\n"
        "measure(variants, Options(benchmark=file, sandbox=False, budget_s=300.0))\n"
    )
    environment = dict(os.environ, TMPDIR=str(folder))
    command = [sys.executable, "-P", "-c", script]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


@needs_proc
def test_an_interrupt_leaves_no_process_behind(tmp_path: Path) -> None:
    """After ^C in the middle of a fork, workers and their children are gone."""
    grader = start_grader(tmp_path, child=True)
    try:
        assert wait_for(lambda: len(list((tmp_path / "pids").iterdir())) >= 6 or grader.poll() is not None)
        grader.send_signal(signal.SIGINT)
        assert grader.wait(timeout=120) == -signal.SIGINT
    finally:
        grader.kill()
    started = [int(path.name) for path in (tmp_path / "pids").iterdir()]
    assert len(started) >= 6
    assert wait_for(lambda: all(map(gone, started)))


@needs_proc
def test_a_killed_parent_leaves_no_worker_behind(tmp_path: Path) -> None:
    """kill -9 of the grader ends its workers too, the paused ones included."""
    parent = start_grader(tmp_path, child=False)
    try:
        assert wait_for(lambda: len(list((tmp_path / "pids").iterdir())) >= 2)
    finally:
        parent.kill()
        parent.wait(timeout=30)
    started = [int(file.name) for file in (tmp_path / "pids").iterdir()]
    assert wait_for(lambda: all(map(gone, started)))


def test_no_key_or_token_reaches_the_worker(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is an allow-list, and home and temp are the session's own."""
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    source = "import os\ndef work(n):\n    return sorted(k for k, v in os.environ.items())\n"
    probe = source.replace("return", "assert 'secret' not in os.environ.values(); return")
    session = bench({"base": source, "candidate": probe})
    assert session.outputs["candidate"].status == "same"


def test_scrubbed_environment_keeps_only_the_list() -> None:
    """Names that look harmless are dropped too: only the list passes."""
    source = {"PATH": "/bin", "GH_TOKEN": "t", "PYTHONPATH": "/evil", "OMP_NUM_THREADS": "2"}
    environment = scrubbed_environment(source, home=Path("/h"), hash_seed=3)
    assert environment["PATH"] == "/bin"
    assert environment["OMP_NUM_THREADS"] == "2"
    assert environment["HOME"] == environment["TMPDIR"] == "/h"
    assert environment["PYTHONHASHSEED"] == "3"
    assert not {"GH_TOKEN", "PYTHONPATH"} & set(environment)


def test_all_variants_of_a_fork_share_the_hash_seed(bench: Bench) -> None:
    """The order of a set of strings is the same for all variants, and outputs compare."""
    source = "def work(n):\n    return list({str(i) for i in range(50)})\n"
    session = bench({"base": source, "candidate": source})
    assert session.outputs["candidate"].status == "same"


def test_the_tree_is_left_as_it_was(bench: Bench, tmp_path: Path) -> None:
    """Timing writes nothing into the source trees, no bytecode either."""
    bench({"base": SLOW, "candidate": FAST})
    assert [p.name for p in (tmp_path / "trees").rglob("*") if p.is_file()] == ["library.py"] * 2


@needs_proc
def test_a_paused_worker_does_not_run(tmp_path: Path) -> None:
    """While one variant is timed, threads that another left running are stopped."""
    worker = WorkerProcess(python=sys.executable, home=tmp_path, hash_seed=1, reply_limit=1000)
    try:
        reply = worker.hello(timeout_s=30, memory=None, core=None)
        if not reply.flag("dies_with_parent"):
            pytest.skip("the kernel does not end a worker with its parent, so none is paused")
        worker.pause()
        assert wait_for(lambda: state(worker.pid) == "T")
        worker.ask("ping", timeout_s=30)
        assert state(worker.pid) != "T"
    finally:
        worker.close()
        worker.close()
    assert state(worker.pid) == ""


def test_threads_left_running_are_noted(bench: Bench) -> None:
    """Work that goes on beside the timed call is not silent."""
    busy = (
        FAST
        + """
import threading, time
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
"""
    )
    session = bench({"base": SLOW, "candidate": busy})
    assert any("more threads" in note for note in session.notes)


def interpreters() -> list[Path]:
    """Return other installed interpreters that pyenv keeps."""
    root = Path(os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))) / "versions"
    newest = [next(iter(sorted(root.glob(f"{v}.*"))), None) for v in ("3.8", "3.9", "3.13")]
    return [path / "bin" / "python" for path in newest if path is not None]


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.13"])
def test_older_and_newer_targets(bench: Bench, version: str) -> None:
    """The worker runs under every supported target interpreter."""
    pythons = [python for python in interpreters() if f"/{version}." in str(python)]
    if not pythons:
        pytest.skip(f"Python {version} is not installed under pyenv")
    session = bench({"base": SLOW, "candidate": FAST}, python=pythons[0])
    assert isinstance(compare(session), Measured), compare(session)
    assert str(session.machine["python"]).startswith(f"cpython {version}.")
    assert session.outputs["candidate"].status == "same"


def test_an_interpreter_that_cannot_run_the_worker(bench: Bench, tmp_path: Path) -> None:
    """An unsuitable target is a fault of the environment, seen on the base."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho too old >&2\nexit 3\n", encoding="utf-8")
    python.chmod(0o755)
    comparison = compare(bench({"base": SLOW, "candidate": FAST}, python=python))
    assert isinstance(comparison, NotMeasured)
    assert (comparison.side, comparison.phase, comparison.kind) == ("base", "start", "environment")
    assert "too old" in comparison.reason


def test_sessions_that_cannot_start(bench: Bench, tmp_path: Path) -> None:
    """Each impossible request is an error of its own with the thing and the next step."""
    with pytest.raises(DeviceError, match=r"torch is not installed|is a build without CUDA|sees no CUDA"):
        bench({"base": SLOW}, device="cuda")
    with pytest.raises(InterpreterError, match="no executable interpreter"):
        bench({"b": SLOW}, python=tmp_path / "python")
    with pytest.raises(ContractError, match=r"defines neither experiment"):
        bench({"c": SLOW}, benchmark="def setup(): ...")
    with pytest.raises(OptionsError, match="budget_s is 0"):
        bench({"d": SLOW}, budget_s=0)
    with pytest.raises(OptionsError, match="no variant"):
        bench({})
    with pytest.raises(OptionsError, match="no variant 'nobody'"):
        compare(bench({"e": SLOW}, benchmark=BENCHMARK), candidate="nobody", base="e")


def test_import_paths_follow_the_layout(tmp_path: Path) -> None:
    """src is used where only it holds packages; an escape from the tree is refused."""
    flat, src = tmp_path / "flat", tmp_path / "src_layout"
    for package in (flat / "pkg", src / "src" / "pkg", src / "tests"):
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
    assert resolve_import_paths(flat, ()) == (".",)
    assert resolve_import_paths(src, ()) == ("src",)
    with pytest.raises(OptionsError, match="inside the tree"):
        resolve_import_paths(flat, ("../src_layout",))
