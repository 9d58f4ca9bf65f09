"""Real workers with code that breaks, lies or hangs: each gives a named status."""

from pathlib import Path

import pytest
from timing_kit import FAST, SLOW, Bench

from judge.bench import Changed, Crashed, Measured, NotMeasured, SessionResult, compare

pytestmark = pytest.mark.one_look


def crash(session: SessionResult, name: str = "candidate") -> Crashed:
    variant = session.variants[name]
    assert isinstance(variant, Crashed), variant
    return variant


@pytest.mark.parametrize(
    ("source", "phase", "kind", "words"),
    [
        ("raise ValueError('at import')", "load", "raised", "at import"),
        ("def work(n: int) -> int:\n    return 1 +", "load", "raised", "SyntaxError"),
        ("import sys; sys.exit(0)", "load", "raised", "SystemExit"),
        ("import os; os._exit(0)", "load", "exit", "status 0"),
        ("import no_such_module_anywhere", "load", "environment", "no_such_module_anywhere"),
        ("import library.fast", "load", "raised", "library"),
        ("def work(n):\n    raise KeyError('deep')", "experiment", "raised", "deep"),
        ("def work(n):\n    import os; os._exit(0)", "experiment", "exit", "status 0"),
        ("def work(n):\n    import os; os.kill(os.getpid(), 11)", "experiment", "killed", "SEGV"),
    ],
)
def test_a_broken_candidate_has_phase_and_kind(bench: Bench, source: str, phase: str, kind: str, words: str) -> None:
    """The base is still timed, and the comparison is broken on the candidate's side."""
    session = bench({"base": SLOW, "candidate": source})
    crashed = crash(session)
    assert (crashed.phase, crashed.kind) == (phase, kind)
    assert words in crashed.message
    broken = compare(session)
    assert isinstance(broken, NotMeasured)
    assert broken.side == "candidate"


def test_raising_where_the_base_does_not_is_a_changed_output(bench: Bench) -> None:
    """An exception of the candidate alone is a change; the human side is measured all the same."""
    source = "def work(numbers):\n    raise KeyError('x')\n"
    session = bench({"base": SLOW, "human": FAST, "candidate": source})
    assert isinstance(session.outputs["candidate"], Changed)
    assert isinstance(compare(session, candidate="human"), Measured)


@pytest.mark.parametrize(
    ("benchmark", "phase", "kind"),
    [
        ("import no_such_module_anywhere\ndef setup(): ...\ndef experiment(d): ...", "load",
         "environment"),
        ("def setup(): raise ValueError\ndef experiment(d): ...", "setup", "raised"),
        ("def setup(): ...\ndef experiment(d): raise ValueError", "experiment", "raised"),
        ("def setup(): ...\ndef experiment(d): return 1", "experiment", "not_imported"),
    ],
)  # fmt: skip
def test_a_broken_benchmark_is_the_base_side(bench: Bench, benchmark: str, phase: str, kind: str) -> None:
    """What already fails on the base never counts against the patch."""
    session = bench({"base": SLOW, "candidate": FAST}, benchmark=benchmark)
    comparison = compare(session)
    assert isinstance(comparison, NotMeasured)
    assert (comparison.side, comparison.phase, comparison.kind) == ("base", phase, kind)


@pytest.mark.parametrize(
    "benchmark",
    [
        "import no_such_thing\ndef setup(): ...\ndef experiment(d): ...",
        "def setup():\n    import no_such_thing\ndef experiment(d): ...",
        "import sys\ndef setup():\n    try:\n        import no_such_thing\n    except ImportError:\n"
        "        sys.exit(1)\ndef experiment(d): ...",
    ],
)
def test_a_missing_module_is_the_environment_on_base_and_candidate(bench: Bench, benchmark: str) -> None:
    """However the script meets it, also when it catches the ImportError and leaves: environment (module X)."""
    comparison = compare(bench({"base": SLOW, "candidate": FAST}, benchmark=benchmark))
    assert isinstance(comparison, NotMeasured)
    assert (comparison.side, comparison.kind) == ("base", "environment")
    assert "environment (module no_such_thing)" in comparison.reason


def test_a_module_that_only_the_candidate_needs_is_the_environment_too(bench: Bench) -> None:
    """What is not installed here says nothing about the patch."""
    comparison = compare(bench({"base": SLOW, "candidate": "import no_such_thing\n" + FAST}))
    assert isinstance(comparison, NotMeasured)
    assert (comparison.side, comparison.kind) == ("candidate", "environment")
    assert "environment (module no_such_thing)" in comparison.reason


def test_a_module_that_the_candidate_took_away_is_its_own_fault(bench: Bench, tmp_path: Path) -> None:
    """What the base's tree has and the candidate's lacks is no fault of the environment."""
    helper = tmp_path / "trees" / "base" / "helper.py"
    helper.parent.mkdir(parents=True)
    helper.write_text("x = 1\n", encoding="utf-8")
    text = "import helper\nfrom library import work\ndef setup(): return [1]\ndef experiment(d): return work(d)\n"
    comparison = compare(bench({"base": SLOW, "candidate": FAST}, benchmark=text))
    assert isinstance(comparison, NotMeasured)
    assert (comparison.side, comparison.kind) == ("candidate", "raised")


def test_a_hang_is_a_timeout(bench: Bench) -> None:
    """A candidate that never returns is ended at the call limit."""
    hang = "def work(numbers):\n    while True: pass\n"
    session = bench({"base": SLOW, "candidate": hang}, call_timeout_s=3.0)
    assert (crash(session).phase, crash(session).kind) == ("experiment", "timeout")


def test_a_hang_within_a_small_budget_is_still_a_timeout(bench: Bench) -> None:
    """When the base needs next to nothing, the budget's end is no excuse for a hang."""
    hang = "import time\ndef work(numbers):\n    time.sleep(1000)\n"
    session = bench({"base": SLOW, "candidate": hang}, budget_s=8.0)
    assert crash(session).kind == "timeout"
    assert "the base needed" in crash(session).message


def test_a_memory_bomb_meets_its_limit(bench: Bench) -> None:
    """The memory limit ends the candidate, not the machine."""
    bomb = "def work(numbers):\n    return len(bytearray(2**31))\n"
    session = bench({"base": SLOW, "candidate": bomb}, memory_bytes=512 * 1024 * 1024)
    assert crash(session).kind == "memory"


def test_prints_do_not_reach_the_protocol(bench: Bench) -> None:
    """Flooding standard output and error, also below Python's level, changes nothing."""
    noisy = (
        "import os, sys\nprint('imported')\n"
        + FAST
        + """
plain = work
def work(numbers):
    print('x' * 10000)
    os.write(1, b'{"nonce": "", "n": 1, "ok": {}}\\n' * 100)
    os.write(2, b'e' * 200000)
    sys.stdin.read()
    return plain(numbers)
"""
    )
    session = bench({"base": SLOW, "candidate": noisy})
    assert isinstance(compare(session), Measured), compare(session)


def test_a_forged_reply_is_refused(bench: Bench) -> None:
    """A line on the protocol's own pipe without the session's nonce ends the variant."""
    forger = """
import os
def work(numbers):
    for handle in range(3, 30):
        try:
            os.write(handle, b'{"nonce": "guess", "n": 9, "ok": {"ns": 1}}\\n')
        except OSError:
            pass
    return 1
"""
    crashed = crash(bench({"base": SLOW, "candidate": forger}))
    assert crashed.kind == "protocol"
    assert "forged" in crashed.message


def test_a_closed_pipe_is_named(bench: Bench) -> None:
    """Closing the protocol's pipes does not hang the parent; behind walls only the time limit shows it."""
    closer = "import os, time\ndef work(n):\n    os.closerange(3, 30)\n    time.sleep(1000)\n"
    crashed = crash(bench({"base": SLOW, "candidate": closer}))
    assert crashed.kind in ("protocol", "exit", "timeout")


def test_a_forked_child_cannot_answer(bench: Bench) -> None:
    """A child that comes back out of the timed call leaves at once, without a second reply."""
    forking = "import os\ndef work(n):\n    os.fork()\n    return 1\n"
    base = "def work(n):\n    return 1\n"
    session = bench({"base": base, "candidate": forking}, sample_s=0.0001, but_for=("candidate",))
    variant = session.variants["candidate"]
    assert not isinstance(variant, Crashed) or variant.kind in ("protocol", "clock"), variant


@pytest.mark.timing
def test_a_patched_clock_has_no_effect(bench: Bench) -> None:
    """Replacing the time functions does not make the same work faster."""
    patched = (
        "import time\n"
        "time.perf_counter_ns = lambda: 0\ntime.perf_counter = time.time = lambda: 0.0\n"
        "time.monotonic = time.monotonic_ns = lambda: 0\n" + SLOW
    )
    session = bench({"base": SLOW, "candidate": patched}, min_rounds=8, max_rounds=8, threshold=1.005)
    comparison = compare(session)
    assert isinstance(comparison, Measured), comparison
    assert comparison.status != "improved"


@pytest.mark.timing
def test_a_worker_that_lies_about_time_is_not_believed(bench: Bench) -> None:
    """A candidate that reaches into the worker and claims a third is caught by our clock."""
    liar = (
        SLOW
        + """
import sys
honest = work
def work(numbers):
    frame = sys._getframe()
    while frame:
        worker = frame.f_locals.get('self')
        if hasattr(worker, 'same') and not hasattr(worker, 'lies'):
            truth = worker.same
            worker.lies = True
            worker.same = lambda *rest: (lambda spent, value: (spent // 3, value))(*truth(*rest))
        frame = frame.f_back
    return honest(numbers)
"""
    )
    options: dict[str, object] = {"sample_s": 0.01, "min_rounds": 8, "max_rounds": 8, "threshold": 1.005}
    crashed = crash(bench({"base": SLOW, "candidate": liar}, but_for=("candidate",), **options))
    assert crashed.kind == "clock"


def test_the_main_module_is_not_ours(bench: Bench) -> None:
    """The target cannot find the timing code by the obvious name."""
    peek = "import sys\ndef work(n):\n    return hasattr(sys.modules['__main__'], 'Worker')\n"
    base = "def work(n):\n    return False\n"
    session = bench({"base": base, "candidate": peek})
    assert session.outputs["candidate"].status == "same"
