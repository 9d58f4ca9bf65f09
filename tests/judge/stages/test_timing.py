"""The timing stage on real trees: native code, lines that run, benchmarks that are no file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from support import ROOT

from judge.core.timing import Broken, NotTimed, Timed, Timing
from judge.errors import InputError
from judge.inputs.batch import Defaults
from judge.inputs.case_file import TimingTable, read_case
from judge.stages.patched_files import PatchedFiles
from judge.stages.timing import TimingOptions, TimingStage
from judge.static_checks.checker import Checker
from judge.static_checks.model.case import Case
from judge.static_checks.rule import make_diff

SLOW = "def work(numbers):\n    for _ in range(3):\n        total = sum(n * n for n in numbers)\n    return total\n"
FAST = "def work(numbers):\n    return sum(n * n for n in numbers)\n"
BENCH = "from library import work\ndef setup(): return list(range(300))\ndef experiment(data): return work(data)\n"
QUICK: Mapping[str, object] = {"budget_s": 60.0}
"""A limit that no busy neighbour reaches: a clear case is over long before."""
ONE_LOOK: Mapping[str, object] = {**QUICK, "forks": 2, "threshold": 1e14}
"""Any ratio is neutral, so the session ends after the fewest processes: for what is timing beside the times."""


def timed(
    folder: Path,
    after: dict[str, str | None],
    *,
    before: dict[str, str] | None = None,
    human: dict[str, str | None] | None = None,
    bench: str = BENCH,
    timing: Mapping[str, object] = QUICK,
    tests: str | None = None,
) -> Timing:
    """Write a library and a benchmark, and time one patch of it."""
    files = {"library.py": SLOW} | (before or {})
    for path, text in files.items():
        (folder / "repo" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "repo" / path).write_text(text, encoding="utf-8")
    benchmark = folder / "bench.py"
    benchmark.write_text(bench, encoding="utf-8")
    options = dict(timing)
    case = Case(
        id="case",
        repo=folder / "repo",
        human=make_diff(files, human).encode() if human else None,
        benchmark=None if {"function", "command"} & set(options) else benchmark,
        timing=options,
        tests=tests,
    )
    with Checker(rules=()) as checker:
        patched = PatchedFiles.of(checker.change(case, make_diff(files, after).encode()))
    with TimingStage(TimingOptions()) as stage:
        return stage.time(case, patched)


def test_native_changes_without_a_build_are_skipped(tmp_path: Path) -> None:
    """Timing the old binary under the new source would call every such patch neutral."""
    timing = timed(tmp_path, {"fast.c": "int x = 2;\n", "library.py": FAST}, before={"fast.c": "int x = 1;\n"})
    assert isinstance(timing, NotTimed)
    assert (timing.status, timing.reason) == ("skipped", "native-without-build")
    assert "fast.c" in timing.message


@pytest.mark.timing
def test_native_changes_with_a_build_are_timed(tmp_path: Path) -> None:
    """The build runs for base and candidate, each in its own copy."""
    make = "from pathlib import Path\nPath('made.py').write_text(Path('source.h').read_text())\n"
    before = {"make.py": make, "source.h": SLOW, "library.py": "from made import work\n"}
    timing = timed(tmp_path, {"source.h": FAST}, before=before, timing={**QUICK, "build": "python make.py"})
    assert isinstance(timing, Timed), timing
    assert timing.status == "improved"
    assert timing.path_coverage is None, "lines of native code cannot be watched"


def test_a_build_that_only_the_candidate_breaks_is_broken(tmp_path: Path) -> None:
    """It is the candidate's fault, and its outputs are unknown, not changed."""
    timing = timed(tmp_path, {"make.py": "raise SystemExit('no')\n"}, before={"make.py": "\n"},
                  timing={**ONE_LOOK, "build": "python make.py"})  # fmt: skip
    assert isinstance(timing, Broken)
    assert (timing.reason, timing.outputs) == ("candidate-raised", "unknown")
    assert "no" in timing.message


def test_a_human_side_that_cannot_be_built_is_left_out(tmp_path: Path) -> None:
    """The candidate is timed all the same, and the share of the human's gain is void, with the reason."""
    timing = timed(tmp_path, {"library.py": FAST}, before={"fast.c": "1\n"}, human={"fast.c": "2\n"}, timing=ONE_LOOK)
    assert isinstance(timing, Timed), timing
    assert timing.recovered is None
    assert "fast.c" in timing.human_message


def test_a_patch_whose_lines_never_run_is_not_triggered(tmp_path: Path) -> None:
    """A fast path that nothing reaches has no say in the time."""
    dead = SLOW + "\n\ndef faster(numbers):\n    return sum(n * n for n in numbers)\n"
    timing = timed(tmp_path, {"library.py": dead}, timing=ONE_LOOK)
    assert isinstance(timing, Timed), timing
    assert (timing.status, timing.path_coverage) == ("not_triggered", 0.0)


@pytest.mark.timing
def test_a_patch_whose_lines_run_says_how_many(tmp_path: Path) -> None:
    """Its honest twin: the same function, called."""
    timing = timed(tmp_path, {"library.py": FAST})
    assert isinstance(timing, Timed), timing
    assert (timing.status, timing.path_coverage, timing.outputs) == ("improved", 1.0, "same")


def test_a_patch_that_only_removes_is_not_accused(tmp_path: Path) -> None:
    """Where lines go without replacement, their neighbours are watched."""
    before = SLOW.replace("    return total\n", "    sorted(numbers)\n    return total\n")
    timing = timed(tmp_path, {"library.py": SLOW}, before={"library.py": before}, timing=ONE_LOOK)
    assert isinstance(timing, Timed), timing
    assert timing.status != "not_triggered"


def test_a_patch_that_also_changes_data_is_not_accused(tmp_path: Path) -> None:
    """What no line of Python shows may still have made it faster."""
    dead = SLOW + "\n\ndef faster(numbers):\n    return 1\n"
    files: dict[str, str | None] = {"library.py": dead, "table.json": "[2]\n"}
    timing = timed(tmp_path, files, before={"table.json": "[1]\n"}, timing=ONE_LOOK)
    assert isinstance(timing, Timed), timing
    assert (timing.status != "not_triggered", timing.path_coverage) == (True, None)


@pytest.mark.timing
def test_a_benchmark_may_be_a_function_of_the_tree(tmp_path: Path) -> None:
    """`function` in case.toml replaces the file."""
    library = "\ndef bench():\n    return work(range(300))\n"
    timing = timed(tmp_path, {"library.py": FAST + library}, before={"library.py": SLOW + library},
                  timing={**QUICK, "function": "library:bench"})  # fmt: skip
    assert isinstance(timing, Timed), timing
    assert (timing.status, timing.outputs) == ("improved", "same")


def test_a_benchmark_may_be_a_command(tmp_path: Path) -> None:
    """`command` and `metric` in case.toml; its outputs are unknown, so it can be no true success."""
    program = "import json\nprint(json.dumps({'tokens_per_s': 100.0}))\n"
    command = {"command": "python run.py", "metric": "tokens_per_s", "better": "higher"}
    timing = timed(tmp_path, {"run.py": program.replace("100.0", "200.0")}, before={"run.py": program},
                  timing={**QUICK, **command})  # fmt: skip
    assert isinstance(timing, Timed), timing
    assert (timing.status, timing.outputs) == ("improved", "unknown")
    assert timing.speedup == pytest.approx(2.0)


CHECK = "import library\ndef test_none(): assert library.work([]) == 0\n"
TESTS = "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 python -m pytest -q test_library.py"


@pytest.mark.timing
def test_the_tests_of_a_case_stand_beside_its_outputs(tmp_path: Path) -> None:
    """Faster with the same outputs, and wrong where only the tests look, is told apart from its twin."""
    timing = timed(tmp_path / "twin", {"library.py": FAST}, before={"test_library.py": CHECK}, tests=TESTS)
    assert isinstance(timing, Timed) and timing.tests is not None, timing
    assert (timing.status, timing.outputs, timing.tests.status) == ("improved", "same", "pass"), timing.tests
    wrong = FAST + "\nright = work\ndef work(numbers):\n    return right(numbers) if numbers else 1\n"
    timing = timed(tmp_path / "wrong", {"library.py": wrong}, before={"test_library.py": CHECK}, tests=TESTS)
    assert isinstance(timing, Timed) and timing.tests is not None, timing
    assert (timing.status, timing.outputs) == ("improved", "same")
    assert (timing.tests.status, timing.tests.failed) == ("fail", ("test_library::test_none",))


def test_tests_are_run_where_they_can_still_tell_something(tmp_path: Path) -> None:
    """Not after changed outputs; but where the benchmark itself is broken on the base they are all there is."""
    changed = timed(tmp_path / "a", {"library.py": "def work(n): return 7\n"}, timing=ONE_LOOK, tests="exit 3")
    assert changed.tests is not None
    assert (changed.tests.status, changed.tests.reason) == ("skipped", "outputs")
    unasked = timed(tmp_path / "b", {"library.py": FAST}, bench="import no_such_thing\n" + BENCH,
                    before={"test_library.py": CHECK}, timing=ONE_LOOK, tests=TESTS)  # fmt: skip
    assert isinstance(unasked, NotTimed) and unasked.tests is not None, unasked
    assert (unasked.reason, unasked.tests.status) == ("base-environment", "pass")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('command = "python b.py"', "belong together"),
        ('metric = "ms"', "belong together"),
        ('function = "a:b"\ncommand = "c"\nmetric = "ms"', "not both"),
        ('function = "no colon"', "pattern"),
        ('better = "faster"', "'lower' or 'higher'"),
        ("build_timeout_s = 0", "greater than 0"),
        ("tests_timeout_s = 0", "greater than 0"),
    ],
)
def test_timing_keys_are_checked_when_the_case_is_read(tmp_path: Path, text: str, said: str) -> None:
    """A wrong key stops the case with its name, before anything is graded."""
    file = tmp_path / "case.toml"
    file.write_text(f"[timing]\n{text}\n", encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_case(file, Defaults())


def test_every_key_of_the_timing_table_is_in_the_readme() -> None:
    """What can be written into case.toml can be read about."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [key for key in TimingTable.model_fields if f"`{key}`" not in readme] == []
