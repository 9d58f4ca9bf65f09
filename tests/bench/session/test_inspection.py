"""The passes beside the timing: which added lines ran, and what check_equivalence says."""

import os
from pathlib import Path

import pytest
from timing_kit import Bench

from judge.bench import Changed, Coverage, Measured, NotCovered, PathCoverage, Same, SessionResult, compare

pytestmark = pytest.mark.one_look

DEAD = """
import math
LIMIT = 3

def work(numbers):
    if len(numbers) < 0:
        return fast(numbers)
    return sum(numbers)

def fast(numbers):
    return math.fsum(numbers)

class Helper:
    def run(self):
        return 1
"""
PLAIN = "def work(numbers):\n    return sum(numbers)\n"


def covered(session: SessionResult) -> PathCoverage:
    return session.coverage["candidate"]


@pytest.mark.parametrize(
    ("lines", "executable", "ran"),
    [
        ({7, 10, 11}, 3, 0),  # a guarded branch and a function that nothing calls
        ({10, 11, 13, 14, 15}, 4, 0),  # definitions run on import, but nothing enters them
        ({8}, 1, 1),
        ({6, 7}, 2, 1),
        ({3}, 1, 1),  # a constant counts when it is set
        ({2}, 1, 1),  # another import for code that was there before
        ({2, 7, 11}, 2, 0),  # an import that only the dead lines use
        ({13, 14, 15}, 2, 0),  # a new class that nothing uses
        ({13}, 1, 1),  # another header for a class that was there before
    ],
)
def test_added_lines_that_run_are_counted(bench: Bench, lines: set[int], executable: int, ran: int) -> None:
    """Code in functions counts when it runs, a signature when its function is entered, a constant on import."""
    session = bench({"base": PLAIN, "candidate": DEAD}, watched={"library.py": frozenset(lines)})
    coverage = covered(session)
    assert isinstance(coverage, Coverage), coverage
    assert (coverage.executable, coverage.ran) == (executable, ran)
    assert len(coverage.missed) == executable - ran
    assert all(place.startswith("library.py:") for place in coverage.missed)


def test_a_patch_that_the_benchmark_does_not_run_is_not_triggered(bench: Bench) -> None:
    """Whatever the clock says: lines that never ran made nothing faster."""
    slow = "def work(numbers):\n    return [sum(numbers) for _ in range(9)][0]\n"
    comparison = compare(bench({"base": slow, "candidate": DEAD}, watched={"library.py": frozenset({7, 10, 11})}))
    assert comparison.status == "not_triggered"
    assert "none of the 3 added lines" in comparison.reason


@pytest.mark.parametrize("lines", [{1}, {9}])
def test_lines_without_code_are_no_evidence(bench: Bench, lines: set[int]) -> None:
    """Blank lines prove neither that the patch ran nor that it did not."""
    session = bench({"base": PLAIN, "candidate": DEAD}, watched={"library.py": frozenset(lines)})
    assert isinstance(covered(session), NotCovered)


def test_lines_that_run_in_setup_only_are_told_apart(bench: Bench) -> None:
    """Work in set-up was run by the benchmark but not timed."""
    source = "def work(numbers):\n    return sum(numbers)\ndef make():\n    return [1, 2]\n"
    text = "from library import make, work\ndef setup(): return make()\ndef experiment(data): return work(data)\n"
    session = bench({"base": source, "candidate": source}, benchmark=text, watched={"library.py": frozenset({2, 4})})
    coverage = covered(session)
    assert isinstance(coverage, Coverage)
    assert (coverage.executable, coverage.ran, coverage.timed) == (2, 2, 1)


def test_lines_run_by_a_thread_are_seen(bench: Bench) -> None:
    """Threads are traced as well."""
    source = (
        "import threading\ndef work(numbers):\n    threads = [threading.Thread(target=part)]\n"
        "    [t.start() for t in threads]\n    [t.join() for t in threads]\n    return 1\ndef part():\n    return 2\n"
    )
    session = bench({"base": PLAIN.replace("sum(numbers)", "1"), "candidate": source},
                    watched={"library.py": frozenset({8})})  # fmt: skip
    assert covered(session) == Coverage(executable=1, ran=1, timed=1)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import sys\ndef work(n):\n    sys.settrace(None)\n    return other()\n"
         "def other():\n    return 1\n", "tracer off"),
        ("import subprocess\ndef work(n):\n    subprocess.run(['true'])\n"
         "    return 1\ndef other():\n    return 1\n", "starts others"),
    ],
)  # fmt: skip
def test_zero_is_not_claimed_where_nobody_looked(bench: Bench, source: str, words: str) -> None:
    """A tracer that was switched off, or work in other processes, leaves the coverage unknown."""
    last = len(source.splitlines())
    session = bench(
        {"base": "def work(n):\n    return 1\n", "candidate": source}, watched={"library.py": frozenset({last})}
    )
    coverage = covered(session)
    assert isinstance(coverage, NotCovered)
    assert words in coverage.reason


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.10", "3.12", "3.13"])
def test_lines_are_counted_alike_by_every_interpreter(bench: Bench, version: str) -> None:
    """The target's own compiler says which lines hold code; the counts agree."""
    root = Path(os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))) / "versions"
    python = next(iter(sorted(root.glob(f"{version}.*/bin/python"))), None)
    if python is None:
        pytest.skip(f"Python {version} is not installed under pyenv")
    lines = frozenset(range(1, 16))
    session = bench({"base": PLAIN, "candidate": DEAD}, watched={"library.py": lines}, python=python)
    coverage = covered(session)
    assert isinstance(coverage, Coverage)
    assert (coverage.executable, coverage.ran) == (9, 4)


CHECK = """
from library import work
def setup(): return [3, 1, 2]
def experiment(data): return work(data)
def check_equivalence({names}):
    {body}
"""


def with_check(body: str, names: str = "current, reference") -> str:
    return CHECK.format(body=body, names=names)


def test_check_equivalence_is_run_and_vetoes(bench: Bench) -> None:
    """Outputs that look the same to us are changed when the benchmark's own check refuses them."""
    source = (
        "TAG = {tag!r}\ndef work(numbers):\n    return Result()\n"
        "class Result:\n    def __reduce__(self):\n        return str, (TAG,)\n"
    )
    session = bench(
        {"base": source.format(tag="a"), "candidate": source.format(tag="b")},
        benchmark=with_check("assert current == reference, 'not equal'"),
    )
    outcome = session.outputs["candidate"]
    assert isinstance(outcome, Changed), (outcome, session.notes)
    assert outcome.where == "check_equivalence"
    assert any("check_equivalence of the benchmark was run" in note for note in session.notes)


def test_check_equivalence_settles_what_nobody_else_can_compare(bench: Bench) -> None:
    """Where the base's own output differs from run to run, the benchmark says what must agree."""
    source = "import os\ndef work(numbers):\n    return [sorted(numbers), os.urandom(4)]\n"
    text = with_check("assert current[0] == reference[0]")
    session = bench({"base": source, "candidate": source}, benchmark=text)
    assert session.outputs["candidate"] == Same(how="check_equivalence")


def test_check_equivalence_never_excuses_a_difference_that_was_seen(bench: Bench) -> None:
    """A check that accepts everything does not make another result the same."""
    other = "def work(numbers):\n    return sum(numbers) + 1\n"
    session = bench({"base": PLAIN, "candidate": other}, benchmark=with_check("return True"))
    assert isinstance(session.outputs["candidate"], Changed)


@pytest.mark.parametrize(
    ("body", "words"),
    [("assert False", "refuses two runs of the base"), ("raise SystemExit(0)", "could not be run"),
     ("import os; os._exit(0)", "could not be run")],
)  # fmt: skip
def test_a_check_that_is_broken_says_nothing(bench: Bench, body: str, words: str) -> None:
    """A check that refuses the base itself, or leaves the process, decides nothing, and a note says so."""
    session = bench({"base": PLAIN, "candidate": PLAIN}, benchmark=with_check(body))
    assert session.outputs["candidate"] == Same(how="equal")
    assert any(words in note for note in session.notes), session.notes


@pytest.mark.parametrize("names", ["reference_result, current_result", "current_result, reference_result"])
def test_the_order_of_the_check_is_read_from_its_names(bench: Bench, names: str) -> None:
    """Published scripts use both orders: (current, reference) and (reference, current)."""
    base = "def work(n):\n    return Odd()\nclass Odd:\n    def __reduce__(self): return str, ('base',)\n"
    other = base.replace("'base'", "'other'")
    text = with_check("assert reference_result == 'base', reference_result", names)
    session = bench({"base": base, "candidate": other}, benchmark=text)
    assert any("candidate: yes" in note for note in session.notes), session.notes


def test_a_result_too_large_to_hand_over_breaks_nothing(bench: Bench) -> None:
    """The check is left out with a note, and the timing stands."""
    session = bench({"base": PLAIN, "candidate": PLAIN}, benchmark=with_check("assert False"), output_bytes=8)
    assert isinstance(compare(session), Measured), compare(session)
    assert any("too large" in note for note in session.notes), session.notes


def test_a_result_that_would_run_something_is_refused(bench: Bench, tmp_path: Path) -> None:
    """The candidate's pickled result may not start a program in the process that checks it."""
    mark = tmp_path / "ran"
    plain = "import os\nclass Odd:\n    def __reduce__(self): return str, ('x',)\ndef work(n):\n    return Odd()\n"
    evil = plain.replace("str, ('x',)", f"os.system, ('touch {mark}',)")
    session = bench({"base": plain, "candidate": evil}, benchmark=with_check("return True"))
    assert not mark.exists()
    assert any("candidate: unknown" in note for note in session.notes), session.notes
