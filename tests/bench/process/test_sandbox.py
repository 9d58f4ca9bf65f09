"""The walls around real workers: what a candidate tries behind them stays there, and timing goes on as without."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from timing_kit import FAST, SLOW, Bench, wait_for

from judge.bench import Crashed, Measured, Options, SuiteCommand, SuiteRan, Variant, compare, measure, run_suite
from judge.bench.process.sandbox import NoSandbox, Sandbox, find_sandbox
from judge.bench.process.worker_process import WorkerProcess

pytestmark = pytest.mark.one_look

SANDBOX = find_sandbox(sys.executable)
SLEEP = f"sleep 1234.{os.getpid()}"  # no other run of these tests beside this one starts the same
needs_walls = pytest.mark.skipif(
    not isinstance(SANDBOX, Sandbox), reason=SANDBOX.reason if isinstance(SANDBOX, NoSandbox) else ""
)

TRIES = """
def tries(what):
    try:
        return what()
    except OSError as error:
        return "refused"
"""


def attempt(bench: Bench, body: str, *, sandbox: bool = True, **options: object) -> object:
    """Let the candidate try something; what it found out is the difference of its result to the base's."""
    base = TRIES + "def work(n):\n    return 'nothing'\n"
    source = f"{TRIES}import os, socket\ndef work(n):\n    return tries(lambda: {body})\n"
    session = bench({"base": base, "candidate": source}, sandbox=sandbox, **options)
    outcome = session.outputs["candidate"]
    assert not isinstance(session.variants["candidate"], Crashed), session.variants["candidate"]
    return getattr(outcome, "message", "same")


@needs_walls
def test_the_session_says_which_walls_there_were(bench: Bench) -> None:
    """The machine's facts name the sandbox, the network is closed, and the measurement is an ordinary one."""
    session = bench({"base": SLOW, "candidate": FAST})
    comparison = compare(session)
    assert isinstance(comparison, Measured), comparison
    assert (session.machine["sandbox"], session.machine["network"]) == ("bubblewrap", "loopback only")
    assert session.machine["timed_on_core"] != "any"
    without = bench({"base": SLOW, "candidate": FAST}, sandbox=False)
    assert without.machine["sandbox"] == "none (switched off)"


@needs_walls
def test_no_variant_writes_a_tree_or_the_benchmark(bench: Bench, tmp_path: Path) -> None:
    """The trees, its own included, and the benchmark are read-only; without walls the same code gets through."""
    targets = [tmp_path / "trees" / "base" / "evil.py", tmp_path / "trees" / "candidate" / "evil.py",
               tmp_path / "evil.py"]  # fmt: skip
    for target in targets:
        assert "refused" in str(attempt(bench, f"open({str(target)!r}, 'w').close()"))
        assert not target.exists()
    bare = attempt(bench, f"open({str(targets[0])!r}, 'w').close()", sandbox=False)
    assert "refused" not in str(bare)
    assert targets[0].exists()


@needs_walls
def test_the_trees_of_others_cannot_be_seen(bench: Bench, tmp_path: Path) -> None:
    """A candidate cannot look up how base or human do it: only its own tree is there."""
    benchmark = tmp_path / "apart" / "benchmark.py"
    benchmark.parent.mkdir()
    benchmark.write_text("from library import work\ndef setup(): ...\ndef experiment(d): return work(d)\n")
    others = tmp_path / "trees" / "base" / "library.py"
    seen = f"'seen' if os.path.exists({str(others)!r}) else 'hidden'"
    assert "hidden" in str(attempt(bench, seen, benchmark_is=benchmark))
    assert "seen" in str(attempt(bench, seen, benchmark_is=benchmark, sandbox=False))


@needs_walls
def test_secrets_of_the_user_cannot_be_read(
    bench: Bench, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys and tokens in the home folder are not there, whatever name of the folder is used."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in (".ssh/id_ed25519", ".aws/credentials", ".netrc", ".config/token"):
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text("secret")
        assert "refused" in str(attempt(bench, f"open({str(home / name)!r}).read()"))
        assert "refused" in str(attempt(bench, f"open(os.path.expanduser('~/{name}')).read()"))
    assert "secret" in str(attempt(bench, f"open({str(home / '.netrc')!r}).read()", sandbox=False))
    real = Path(f"~{os.environ.get('USER', 'root')}").expanduser()
    assert "refused" in str(attempt(bench, f"os.listdir({str(real / '.ssh')!r})"))


@needs_walls
def test_the_parent_cannot_be_killed(bench: Bench) -> None:
    """Other processes have no number that a candidate could name; the parent it sees is not ours."""
    reached = threading.Event()
    before = signal.signal(signal.SIGUSR1, lambda *_: reached.set())
    try:
        outcome = attempt(bench, f"os.kill({os.getpid()}, {int(signal.SIGUSR1)})")
        assert "refused" in str(outcome)
        attempt(bench, f"os.kill(os.getppid(), {int(signal.SIGUSR1)})")
        assert not reached.is_set()
    finally:
        signal.signal(signal.SIGUSR1, before)


@needs_walls
def test_nothing_outside_can_be_reached(bench: Bench, tmp_path: Path) -> None:
    """Neither a port of this machine nor the socket of a service in a private folder answers."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        address = server.getsockname()
        local.bind(str(tmp_path / "service"))
        local.listen()
        assert "refused" in str(attempt(bench, f"socket.create_connection({address!r}, 5) and 'reached'"))
        elsewhere = Path("/var/tmp") / f"judge-test-{os.getpid()}"
        with socket.socket(socket.AF_UNIX) as hidden:
            hidden.bind(str(elsewhere))
            hidden.listen()
            try:
                outcome = attempt(bench, f"socket.socket(socket.AF_UNIX).connect({str(elsewhere)!r}) or 'reached'")
            finally:
                elsewhere.unlink()
        assert "refused" in str(outcome)


@needs_walls
def test_nothing_is_left_for_the_next_worker(bench: Bench, tmp_path: Path) -> None:
    """Shared places are private and new in each process: no result can be kept there."""
    for place in ("/tmp", "/var/tmp", "/dev/shm"):
        mark = f"{place}/judge-mark-{os.getpid()}"
        body = f"os.path.exists({mark!r}) and 'found' or open({mark!r}, 'w').write('') or 'made'"
        source = f"import os\nSAID = {body}\ndef work(n):\n    return SAID\n"
        base = "def work(n):\n    return 'made'\n"
        session = bench({"base": base, "candidate": source})
        assert session.outputs["candidate"].status == "same", session.outputs
        assert not Path(mark).exists()


def burning(worker: WorkerProcess) -> int:
    """Return the processor time, in ticks, of all processes in a worker's group."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == worker.pid:
            total += int(fields[11]) + int(fields[12])
    return total


@needs_walls
def test_a_paused_worker_stands_still_and_a_closed_one_is_gone(tmp_path: Path) -> None:
    """Signals to the group reach the worker behind the walls, with all that it has started."""
    assert isinstance(SANDBOX, Sandbox)
    home, tree = tmp_path / "home", tmp_path / "tree"
    home.mkdir()
    tree.mkdir()
    busy = "import threading\ndef burn():\n    while True: pass\nthreading.Thread(target=burn, daemon=True).start()\n"
    (tree / "busy.py").write_text(
        busy + f"import subprocess\nsubprocess.Popen({SLEEP.split()}, start_new_session=True)\n"
    )
    (tree / "benchmark.py").write_text("import busy\ndef experiment(d): ...\n")
    worker = WorkerProcess(
        python=sys.executable, home=home, hash_seed=1, reply_limit=10000, sandbox=SANDBOX.for_worker(read=[tree])
    )
    try:
        worker.hello(timeout_s=30, memory=None, core=None)
        worker.ask(
            "load", timeout_s=30, tree=str(tree), paths=[str(tree)], benchmark=str(tree / "benchmark.py"),
            function="experiment", module="", has_setup=False, takes_data=True, keep=None, data_names=[],
            filled_names=[], modules=[], limit=1000, device="cpu",
        )  # fmt: skip
        before = burning(worker)
        assert wait_for(lambda: burning(worker) > before)
        worker.pause()
        assert wait_for(lambda: stands_still(worker))
        worker.ask("ping", timeout_s=30)
        assert sleepers()
    finally:
        worker.close()
    assert wait_for(lambda: not sleepers()), "a child that had left the group went with the walls"


def stands_still(worker: WorkerProcess) -> bool:
    """Say whether a worker's group used no processor time for a while."""
    before = burning(worker)
    time.sleep(0.3)
    return burning(worker) == before


def sleepers() -> list[str]:
    """Return the processes that the test above starts."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if line.strip() == SLEEP]


@needs_walls
@pytest.mark.parametrize(
    ("source", "kind", "words"),
    [
        ("def work(n):\n    import os; os._exit(0)", "exit", "status 0"),
        ("def work(n):\n    import os; os.kill(os.getpid(), 11)", "killed", "SEGV"),
        ("def work(n):\n    import os; os.kill(os.getpid(), 9)", "killed", "KILL"),
        ("def work(n):\n    import os; os.kill(os.getppid(), 9); os._exit(3)", "exit", "status 3"),
        ("def work(n):\n    while True: pass", "timeout", "no answer"),
        ("def work(n):\n    return len(bytearray(2**34))", "memory", "MemoryError"),
    ],
)
def test_a_worker_that_ends_behind_walls_says_how(bench: Bench, source: str, kind: str, words: str) -> None:
    """The status passes through: exit, signal, hang and memory have their names."""
    crash = bench({"base": SLOW, "candidate": source}, call_timeout_s=5.0).variants["candidate"]
    assert isinstance(crash, Crashed)
    assert (crash.kind, words in crash.message) == (kind, True), crash


@needs_walls
def test_commands_and_builds_write_in_their_own_copy_only(tmp_path: Path) -> None:
    """A build leaves its results in its copy; it cannot reach another's."""
    for name in ("base", "candidate"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "library.py").write_text(SLOW)
        (tmp_path / name / "make.py").write_text(
            "from pathlib import Path\nPath('made.py').write_text('x = 1')\n"
            f"for tree in ({str(tmp_path / 'base')!r}, '../tree-0', '../tree-1'):\n"
            "    try:\n        Path(tree, 'evil').write_text('')\n    except OSError: pass\n"
        )
    benchmark = tmp_path / "benchmark.py"
    benchmark.write_text(
        "import made, os\nfrom library import work\ndef setup(): return [1]\n"
        "def experiment(d): return work(d), os.path.exists(os.path.join(os.path.dirname(made.__file__), 'evil'))\n"
    )
    variants = [Variant(name=name, tree=tmp_path / name) for name in ("base", "candidate")]
    session = measure(
        variants, Options(benchmark=benchmark, build="python make.py", forks=2, min_rounds=6, max_rounds=6)
    )
    assert isinstance(compare(session), Measured), compare(session)
    assert session.outputs["candidate"].status == "same"
    assert not list(tmp_path.rglob("evil"))


def test_a_bubblewrap_that_does_not_work_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried before it is relied on; without it timing goes on, and a note says so."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "library.py").write_text(FAST)
    benchmark = tmp_path / "benchmark.py"
    benchmark.write_text("from library import work\ndef setup(): return [1]\ndef experiment(d): return work(d)\n")
    broken = tmp_path / "bin" / "bwrap"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}{os.pathsep}{os.environ['PATH']}")
    variants = [Variant(name=name, tree=tree) for name in ("base", "candidate")]
    session = measure(variants, Options(benchmark=benchmark, forks=2, min_rounds=6, max_rounds=6))
    assert isinstance(compare(session), Measured)
    reason = "bubblewrap does not work here: No permissions to create a new namespace"
    assert session.machine["sandbox"] == f"none ({reason})"
    assert any(reason in note for note in session.notes)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_sandbox(sys.executable) == NoSandbox(reason="bubblewrap is not installed")


@needs_walls
def test_an_interpreter_in_a_hidden_folder_is_found(bench: Bench, tmp_path: Path) -> None:
    """A virtual environment among what is hidden, reached through links, works as it does without walls."""
    place = tmp_path / "deep" / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    (tmp_path / "link").symlink_to("deep")
    python = tmp_path / "link" / "env" / "bin" / "python"
    session = bench({"base": SLOW, "candidate": FAST}, python=python)
    assert isinstance(compare(session), Measured), compare(session)
    assert session.machine["sandbox"] == "bubblewrap"


@needs_walls
def test_tests_run_behind_the_walls_too(tmp_path: Path) -> None:
    """A test command writes in its copy, and neither in the tree that was given nor beside it."""
    tree, folder = tmp_path / "tree", tmp_path / "folder"
    tree.mkdir()
    folder.mkdir()
    (tree / "library.py").write_text(FAST)
    script = f"touch here && ! touch {tree}/there && ! ls ~root/.ssh"
    run = run_suite(SuiteCommand(command=script), tree, Options(benchmark=tmp_path), base=tree, folder=folder)
    assert isinstance(run, SuiteRan), run
    assert run.exit_code == 0, run.last
    assert [path.name for path in tree.iterdir()] == ["library.py"]
