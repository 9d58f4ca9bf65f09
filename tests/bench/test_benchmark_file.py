"""Which statements of a benchmark file are loaded, and how data in globals is treated."""

import ast
from pathlib import Path

import pytest
from timing_kit import FAST, SLOW, Bench

from judge.bench import Command, ContractError, Function, Measured, Ran, compare, parse_benchmark
from judge.bench.benchmark_file import data_names, filled_names, required_modules, statements_to_load

pytestmark = pytest.mark.one_look

TIMEIT = """
import timeit
from library import work
SIZE = 200
DATA = list(range(SIZE))
def setup():
    global numbers
    numbers = DATA[::-1]
def workload():
    return work(numbers)
runtimes = timeit.repeat(workload, number=1, repeat=3, setup=setup)
mean = sum(runtimes) / 3
print("Mean:", mean)
if mean > 100:
    raise SystemExit(1)
"""


def loaded(text: str) -> list[str] | None:
    """Return the first words of the statements that are kept; None for all."""
    tree = ast.parse(text)
    keep = statements_to_load(tree).keep
    return None if keep is None else [ast.unparse(tree.body[n]).split("\n")[0] for n in keep]


def test_a_script_that_times_itself_keeps_imports_definitions_and_constants() -> None:
    """What runs the benchmark, and what depends on its result, is left out; the rest is kept."""
    assert loaded(TIMEIT) == [
        "import timeit", "from library import work", "SIZE = 200", "DATA = list(range(SIZE))",
        "def setup():", "def workload():",
    ]  # fmt: skip
    assert statements_to_load(ast.parse(TIMEIT)).left_out == ((11, 11), (12, 12), (13, 13), (14, 15))


@pytest.mark.parametrize(
    "text",
    [
        "def setup(): ...\ndef experiment(d): ...\nif __name__ == '__main__':\n    experiment(setup())",
        "import random\nrandom.seed(1)\ndef setup(): ...\ndef experiment(d): ...",
        "def run_test(): experiment(setup())\ndef setup(): ...\ndef experiment(d): ...",
        "from x import setup\nexperiment = setup",
    ],
)
def test_a_file_that_does_not_run_itself_is_loaded_whole(text: str) -> None:
    """A main guard, other calls and plain names are no reason to leave anything out."""
    assert loaded(text) is None


@pytest.mark.parametrize(
    "last",
    ["main()", "for _ in range(3):\n    workload()", "with open('x') as f:\n    f.write(str(workload()))",
     "t = time.time(); workload(); print(time.time() - t)", "try:\n    main()\nexcept Exception:\n    pass"],
)  # fmt: skip
def test_every_way_to_run_itself_is_seen(last: str) -> None:
    """Directly, in a loop, in a context, or through a function that runs it."""
    text = f"import time\ndef workload(): ...\ndef main():\n    workload()\n{last}\n"
    lines = loaded(text)
    assert lines is not None
    assert not any("workload()" in line and "def" not in line for line in lines)


def test_where_the_data_lives() -> None:
    """Globals that setup() declares, and those to which the script assigns what it returns."""
    driver = "X = None\ndef setup(): return 1\ndef experiment(): return X\ndef run():\n    global X\n    X = setup()"
    assert data_names(ast.parse(TIMEIT), takes_data=False) == ("numbers",)
    assert filled_names(ast.parse(TIMEIT), takes_data=False) == ()
    assert filled_names(ast.parse(driver), takes_data=False) == ("X",)
    assert data_names(ast.parse(driver), takes_data=True) == ()


def test_required_modules_leave_out_what_may_be_missing() -> None:
    """An import under `try` or `if` may fail; a plain one may not."""
    text = "import a.b, c\nfrom d.e import f\nfrom __future__ import annotations\ntry:\n    import g\nexcept E: pass"
    assert required_modules(ast.parse(text)) == ("a", "c", "d")


def test_a_self_timing_script_is_timed_by_us_and_the_report_says_so(bench: Bench) -> None:
    """Its own timing never runs, its functions do, and a note names the lines left out."""
    session = bench({"base": SLOW, "candidate": FAST}, benchmark=TIMEIT.replace("print", "raise SystemExit"))
    assert isinstance(compare(session), Measured), compare(session)
    assert any("times itself when imported" in note and "11, 12, 13, 14-15" in note for note in session.notes)


def test_data_in_globals_is_made_anew_when_calls_change_it(bench: Bench) -> None:
    """Sorting a global in place is timed on unsorted data each time."""
    in_place = "def work(numbers):\n    numbers.sort()\n    return numbers[0]\n"
    copying = "def work(numbers):\n    return sorted(numbers)[0]\n"
    session = bench({"base": copying, "candidate": in_place}, benchmark=TIMEIT)
    assert [isinstance(variant, Ran) and variant.mutates_input for variant in session.variants.values()] == [
        False, False, True,
    ]  # fmt: skip
    assert session.outputs["candidate"].status == "same"


def test_data_that_the_driver_stores_reaches_the_experiment(bench: Bench) -> None:
    """`DATA = setup()` in the script's own driver is what the timed function finds."""
    text = (
        "from library import work\nDATA = None\ndef setup(): return [1, 2]\ndef experiment():\n    return work(DATA)\n"
        "def run():\n    global DATA\n    DATA = setup()\n    experiment()\n"
    )
    assert isinstance(compare(bench({"base": SLOW, "candidate": FAST}, benchmark=text)), Measured)


def test_a_function_of_the_tree_is_a_benchmark(bench: Bench) -> None:
    """`module:function` is imported from each tree and called without arguments; outputs are compared."""
    call = "\ndef bench():\n    return work(range(300))\n"
    session = bench(
        {"base": SLOW + call, "candidate": FAST + call}, benchmark_is=Function(module="library", name="bench")
    )
    assert isinstance(compare(session), Measured), compare(session)
    assert session.outputs["candidate"].status == "same"


def test_a_function_that_the_candidate_lacks_is_its_fault(bench: Bench) -> None:
    """The target is resolved before anything is timed."""
    has = SLOW + "\ndef bench():\n    return 1\n"
    session = bench({"base": has, "candidate": SLOW}, benchmark_is=Function(module="library", name="bench"))
    comparison = compare(session)
    assert comparison.status == "broken"
    assert "bench" in comparison.reason


def test_a_benchmark_is_read_as_people_write_it(tmp_path: Path) -> None:
    """A file, module:function, or a command with the metric it prints."""
    assert parse_benchmark("bench.py") == Path("bench.py")
    assert parse_benchmark("pkg.mod:Class.run") == Function(module="pkg.mod", name="Class.run")
    assert parse_benchmark("python b.py -n 3", metric="ms") == Command(
        argv=("python", "b.py", "-n", "3"), metric="ms", better="lower"
    )
    with pytest.raises(ContractError, match="correct its quotes"):
        parse_benchmark("python 'b.py", metric="ms")


def test_a_benchmark_of_a_gpu_that_ran_on_the_cpu_says_so(bench: Bench) -> None:
    """The same benchmark runs without a GPU, and nobody takes its figures for a GPU's."""
    text = "from library import work\nDEVICE = 'cuda' if False else 'cpu'\ndef workload(): return work(range(100))\n"
    session = bench({"base": SLOW, "candidate": FAST}, benchmark=text)
    assert any("speaks of CUDA" in note and "on the CPU" in note for note in session.notes)
