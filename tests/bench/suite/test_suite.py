"""The test command of a case: what its runs ask of a candidate, in words and with real runs of pytest."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from judge.bench import Options, SuiteCommand, SuiteRan, SuiteRun, SuiteStopped, run_suite
from judge.bench.results import SuiteResult
from judge.bench.suite.check import Requirement, check_run, combine_results, derive_requirement
from judge.bench.suite.junit import TestOutcome
from judge.bench.suite.run import is_pytest


def ran(code: int = 0, *, unread: str = "", **results: TestOutcome) -> SuiteRan:
    """A run with these results; one without any reported none."""
    return SuiteRan(exit_code=code, results=results or None, unread=unread, seconds=1.0)


def held(base: SuiteRun, candidate: SuiteRun, human: SuiteRun | None = None) -> SuiteResult:
    """Hold a candidate's run against one of the base."""
    requirement = derive_requirement([base], human, timeout_s=60.0)
    return requirement if isinstance(requirement, SuiteResult) else check_run(requirement, candidate)


GOOD = ran(a="passed", b="passed")


@pytest.mark.parametrize(
    ("base", "candidate", "status", "reason", "words"),
    [
        (GOOD, ran(a="passed", b="passed", new="passed"), "pass", "passed", "all 2 tests"),
        (GOOD, ran(1, a="passed", b="failed"), "fail", "failed", "b (failed)"),
        (GOOD, ran(1, a="passed", b="error"), "fail", "failed", "b (error)"),
        (GOOD, ran(a="passed", b="skipped"), "fail", "failed", "b (skipped)"),
        (GOOD, ran(a="passed"), "fail", "failed", "b (missing)"),
        (GOOD, ran(0, a="passed", b="failed"), "fail", "failed", "status 0, and 1 of its tests"),
        (GOOD, ran(0, a="passed", b="passed", c="failed"), "fail", "contradiction", "status 0, and 1"),
        (GOOD, ran(3, a="passed", b="passed"), "fail", "contradiction", "status 3, and none of its tests failed"),
        (GOOD, SuiteRan(exit_code=0, results={}), "fail", "failed", "a (missing), b (missing)"),
        (GOOD, SuiteRan(exit_code=5, results={}), "fail", "failed", "2 of 2"),
        (GOOD, ran(0, unread="it wrote no results"), "fail", "no-results", "status 0 and it wrote no results"),
        (GOOD, ran(-11, unread="it wrote no results"), "fail", "no-results", "SIGSEGV"),
        (GOOD, ran(-9, unread="it wrote no results"), "error", "killed", "memory"),
        (GOOD, SuiteRan(exit_code=0, results=None, unread="too much", oversized=True), "error", "unread", "too much"),
        (ran(1, a="passed", b="failed"), ran(1, a="passed", b="failed"), "pass", "passed", "all 1"),
        (ran(1, a="passed", b="failed"), ran(0, a="passed", b="passed"), "pass", "passed", "all 1"),
        (ran(1, a="failed"), ran(0, a="passed"), "error", "base-fails", "no test passes on the base"),
        (ran(0, a="passed", b="failed"), GOOD, "error", "base-contradiction", "on the base it left with status 0"),
        (ran(2, a="passed"), GOOD, "error", "base-contradiction", "status 2"),
        (SuiteRan(exit_code=0, results={}), GOOD, "error", "base-contradiction", "ran no test"),
        (ran(0, unread="it wrote no results"), GOOD, "error", "base-contradiction", "no results"),
        (ran(0), ran(0), "pass", "passed", "status 0, as on the base"),
        (ran(0), ran(2), "fail", "failed", "status 2"),
        (ran(1), ran(0), "error", "base-fails", "fail on the base too"),
        (ran(1), ran(1), "error", "base-fails", "fail on the base too"),
    ],
)  # fmt: skip
def test_what_passed_must_pass_and_codes_must_agree(
    base: SuiteRan, candidate: SuiteRan, status: str, reason: str, words: str
) -> None:
    """One row for each way in which a candidate keeps, breaks or hides what passed, or a base proves nothing."""
    result = held(base, candidate)
    assert (result.status, result.reason) == (status, reason), result
    assert words in result.message, result


def stopped(kind: str) -> SuiteStopped:
    """A run that did not end."""
    return SuiteStopped(phase="experiment", kind=kind, message="m")  # type: ignore[arg-type]


def test_a_run_that_did_not_end_is_an_error_unless_the_base_was_quick() -> None:
    """A base that hangs, or just made it, says nothing about the patch; a hang where it was quick does."""
    assert held(stopped("timeout"), GOOD).status == "error"
    assert held(GOOD, stopped("timeout")).reason == "timeout"
    assert held(GOOD, stopped("timeout")).status == "fail"
    slow = SuiteRan(exit_code=0, results={"a": "passed"}, seconds=59.0)
    assert held(slow, stopped("timeout")).status == "error"
    assert held(GOOD, stopped("killed")).status == "error"


def test_the_human_commit_says_which_tests_may_change() -> None:
    """What the human side no longer passes is not asked for; where that is not known only a pass counts."""
    human = ran(1, a="passed", b="failed")
    result = held(GOOD, ran(1, a="passed", b="failed"), human)
    assert (result.status, result.passed) == ("pass", 1)
    assert "1 that fail on the human side are not asked for" in result.message
    assert held(GOOD, ran(1, a="failed", b="passed"), human).failed == ("a",)
    for useless in (stopped("timeout"), ran(0, a="failed"), ran(1, unread="it wrote no results")):
        result = held(GOOD, ran(1, a="passed", b="failed"), useless)
        assert (result.status, result.reason) == ("error", "human-unknown"), result
        assert held(GOOD, GOOD, useless).status == "pass"
    assert held(ran(0), ran(1), ran(1)).status == "error"


def test_a_test_that_wavers_decides_nothing() -> None:
    """Only what fails twice counts; what the base itself loses in its second run is not asked for any more."""
    requirement = derive_requirement([GOOD], None, timeout_s=60.0)
    assert isinstance(requirement, Requirement)
    a, b, good = (
        check_run(requirement, run) for run in (ran(1, a="failed", b="passed"), ran(1, a="passed", b="failed"), GOOD)
    )
    both = check_run(requirement, ran(1, a="failed", b="failed"))
    assert (combine_results(a, good).status, combine_results(a, good).reason) == ("error", "flaky")
    assert combine_results(a, b).status == "error"
    assert (combine_results(a, a).status, combine_results(a, a).failed) == ("fail", ("a",))
    assert (combine_results(a, both).status, combine_results(a, both).failed) == ("fail", ("a",))
    requirement = derive_requirement([GOOD, ran(1, a="failed", b="passed")], None, timeout_s=60.0)
    assert isinstance(requirement, Requirement)
    assert requirement.tests == frozenset({"b"})


@pytest.mark.parametrize(
    ("command", "yes"),
    [
        ("pytest", True),
        ("pytest -q tests/test_a.py", True),
        ("python -m pytest -x", True),
        ("python3.11 -m pytest", True),
        ("cd lib && FLAG=1 pytest -q", True),
        ("make -s; pytest", True),
        ("pytest | tee log", False),
        ("pytest > log", False),
        ("python test_all.py", False),
        ("python -m unittest", False),
        ("make test", False),
        ("pytest 'unclosed", False),
    ],
)
def test_pytest_is_recognised_where_options_can_be_added(command: str, yes: bool) -> None:
    """Only where it is the last thing that runs do options at the end of the command belong to it."""
    assert is_pytest(command) is yes
    report = Path("/a b/r.xml")
    assert SuiteCommand(command=command).text(report) == (f"{command} --junitxml='/a b/r.xml'" if yes else command)
    assert SuiteCommand(command="t --out {junit}").text(report) == "t --out '/a b/r.xml'"


TESTS = """
import library
def test_value(): assert library.work([1, 2]) == 5
def test_type(): assert isinstance(library.work([]), int)
"""
GOOD_LIBRARY = "def work(numbers):\n    return sum(n * n for n in numbers)\n"


def real(tmp_path: Path, command: str = "python -m pytest -q", **files: str) -> SuiteRun:
    """Run a command in a small tree."""
    tree, folder = tmp_path / "tree", tmp_path / "folder"
    tree.mkdir()
    folder.mkdir()
    for name, text in ({"library.py": GOOD_LIBRARY, "test_library.py": TESTS} | files).items():
        (tree / name).write_text(text, encoding="utf-8")
    suite = SuiteCommand(command=command, timeout_s=30.0)
    run = run_suite(suite, tree, Options(benchmark=tmp_path / "none"), base=tree, folder=folder)
    assert sorted(path.name for path in tree.iterdir()) == sorted({"library.py", "test_library.py"} | set(files))
    return run


BOTH: Mapping[str, TestOutcome] = {"test_library::test_value": "passed", "test_library::test_type": "passed"}


def test_a_real_run_reports_each_test(tmp_path: Path) -> None:
    """Pytest is asked for results by itself, and writes nothing into the tree that was given."""
    run = real(tmp_path)
    assert isinstance(run, SuiteRan), run
    assert (run.exit_code, run.results, run.contradiction) == (0, BOTH, "")


def test_settings_of_the_tree_cannot_lead_the_results_away(tmp_path: Path) -> None:
    """Options in the tree's configuration come before ours."""
    run = real(tmp_path, **{"pytest.ini": "[pytest]\naddopts = --junitxml=mine.xml\n"})
    assert isinstance(run, SuiteRan), run
    assert run.results == BOTH


@pytest.mark.parametrize(
    ("library", "code", "words"),
    [
        ("import os\nos._exit(0)\n" + GOOD_LIBRARY, 0, "wrote no results"),
        ("import os\nos.kill(os.getpid(), 11)\n" + GOOD_LIBRARY, -11, "wrote no results"),
        ("import atexit, os\natexit.register(os._exit, 0)\ndef work(n): return 'no'\n", 0, ""),
        ("def work(n): return 'no'\n", 1, ""),
    ],
)
def test_early_exits_and_failures_of_real_runs(tmp_path: Path, library: str, code: int, words: str) -> None:
    """A clean exit without results, or against them, is told apart from a failure and never looks like a success."""
    run = real(tmp_path, **{"library.py": library})
    assert isinstance(run, SuiteRan), run
    assert (run.exit_code, run.unread) == (code, f"it {words}" if words else "")
    requirement = derive_requirement([SuiteRan(exit_code=0, results=BOTH)], None, timeout_s=30.0)
    assert isinstance(requirement, Requirement)
    assert check_run(requirement, run).status == "fail"
    assert bool(run.contradiction) is (code == 0)


def test_a_command_with_a_place_for_its_report(tmp_path: Path) -> None:
    """Any runner that writes JUnit XML can be told where; one that writes none has its exit code."""
    write = "python -c \"open({junit}, 'w').write('<testsuite><testcase name=\\\\'t\\\\'/></testsuite>')\""
    run = real(tmp_path, command=write.replace("{junit}", "__import__('sys').argv[1]") + " {junit}")
    assert isinstance(run, SuiteRan), run
    assert run.results == {"::t": "passed"}
    (tmp_path / "more").mkdir()
    plain = real(tmp_path / "more", command="python -c 'import library' && exit 3")
    assert isinstance(plain, SuiteRan), plain
    assert (plain.exit_code, plain.results, plain.unread) == (3, None, "")


def test_a_run_that_hangs_is_stopped(tmp_path: Path) -> None:
    """The wall limit ends it, children that left its group included where there are walls."""
    tree, folder = tmp_path / "tree", tmp_path / "folder"
    tree.mkdir()
    folder.mkdir()
    run = run_suite(
        SuiteCommand(command="sleep 1000", timeout_s=1.0), tree, Options(benchmark=tree), base=tree, folder=folder
    )
    assert isinstance(run, SuiteStopped), run
    assert run.kind == "timeout"


def test_no_key_reaches_the_tests_and_their_flood_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is the scrubbed one of all target processes, and of the output only the end is kept."""
    monkeypatch.setenv("GH_TOKEN", "secret")
    flood = "test -z \"$GH_TOKEN\" && head -c 5000000 /dev/zero | tr '\\0' x && echo end"
    run = real(tmp_path, command=flood)
    assert isinstance(run, SuiteRan), run
    assert (run.exit_code, len(run.last) <= 400, run.last.endswith("end")) == (0, True, True)
