"""The test command of a case on real trees: base, human and candidates in small repositories, real runs of pytest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from judge.bench import Options, SuiteResult
from judge.stages.suites import Sides, Suites
from judge.stages.trees import write_base
from judge.static_checks.checker import Checker
from judge.static_checks.model.case import Case
from judge.static_checks.repo.apply import Applied
from judge.static_checks.rule import make_diff

LIBRARY = "def work(numbers):\n    total = 0\n    for n in numbers:\n        total += n * n\n    return total\n"
FAST = "def work(numbers):\n    return sum(n * n for n in numbers)\n"
WRONG = "def work(numbers):\n    return 14\n"
TESTS = """
from library import work
def test_three(): assert work([1, 2, 3]) == 14
def test_none(): assert work([]) == 0
def test_type(): assert isinstance(work([1]), int)
"""
FILES = {"library.py": LIBRARY, "tests/test_library.py": TESTS}
COMMAND = "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 python -m pytest -q tests"


class Ground:
    """One case on disk, and its suites kept between candidates."""

    def __init__(
        self,
        folder: Path,
        *,
        files: dict[str, str] | None = None,
        human: dict[str, str | None] | None = None,
        tests: str = COMMAND,
        sandbox: bool = True,
    ) -> None:
        self.folder = folder
        self.files = FILES | (files or {})
        for path, text in self.files.items():
            (folder / "repo" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "repo" / path).write_text(text, encoding="utf-8")
        side = make_diff(self.files, human).encode() if human else None
        self.case = Case(id="case", repo=folder / "repo", human=side, tests=tests, timing={"tests_timeout_s": 60.0})
        self.options = Options(benchmark=folder / "none", sandbox=sandbox)
        self.suites = Suites()

    def test(self, after: Mapping[str, str | None]) -> SuiteResult:
        """Hold a candidate against the tests."""
        with Checker(rules=()) as checker:
            prepared = checker.prepare(self.case)
            application = checker.change(self.case, make_diff(self.files, after).encode()).application
            assert isinstance(application, Applied), application
            base = self.folder / "base"
            if not base.exists():
                write_base(prepared, base)
            human = prepared.human.after.written() if prepared.human is not None else None
            sides = Sides(base=base, human=human, candidate=application.after.written())
            return self.suites.test(self.case, sides, self.options)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """The plain case, without a human side; what its tests do on the base is found out once, as in a run."""
    return Ground(tmp_path_factory.mktemp("ground"))


def test_an_honest_patch_passes(ground: Ground) -> None:
    """All that passed on the base passes on it."""
    result = ground.test({"library.py": FAST})
    assert (result.status, result.passed, result.failed) == ("pass", 3, ()), result


def test_a_patch_that_breaks_tests_fails_by_their_names(ground: Ground) -> None:
    """What a benchmark with one kind of input does not show, the tests do."""
    result = ground.test({"library.py": WRONG})
    assert (result.status, result.reason, result.passed) == ("fail", "failed", 2), result
    assert result.failed == ("tests.test_library::test_none",)
    assert "test_none (failed)" in result.message


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tests/test_library.py", TESTS.replace("work([]) == 0", "work([]) == 14")),
        ("tests/test_library.py", "import pytest\npytestmark = pytest.mark.skip\n" + TESTS),
        ("tests/test_library.py", None),
        ("conftest.py", "def pytest_collection_modifyitems(items):\n    del items[1]\n"),
        ("tests/conftest.py", "import pytest\n@pytest.hookimpl(tryfirst=True)\n"
         "def pytest_pyfunc_call(pyfuncitem):\n    return True\n"),
        ("pytest.ini", "[pytest]\naddopts = --deselect tests/test_library.py::test_none\n"),
    ],
)  # fmt: skip
def test_a_patch_cannot_bring_its_own_tests(ground: Ground, path: str, text: str | None) -> None:
    """Tests, set-up and settings are the base's: loosened, skipped, deleted or hooked, they fail all the same."""
    result = ground.test({"library.py": WRONG, path: text})
    assert (result.status, result.failed) == ("fail", ("tests.test_library::test_none",)), result


def test_a_patch_that_adds_tests_is_not_accused(ground: Ground) -> None:
    """Its honest twin."""
    result = ground.test({"library.py": FAST, "tests/test_more.py": "def test_more(): pass\n"})
    assert result.status == "pass", result


@pytest.mark.parametrize(
    ("source", "reason", "said"),
    [
        ("import os\nos._exit(0)\n" + LIBRARY, "no-results", "status 0 and it wrote no results"),
        ("import atexit, os\natexit.register(os._exit, 0)\n" + WRONG, "failed", "it left with status 0, and 1"),
        ("import pytest\npytest.skip('slow', allow_module_level=True)\n", "failed", "(missing)"),
        ("import pytest\ndef work(n):\n    pytest.skip('no')\n", "failed", "(skipped)"),
        ("import pytest\npytest.exit('done', returncode=0)\n", "failed", "(missing)"),
        ("import sys\nsys.exit(0)\n", "failed", "missing"),
    ],
)
def test_a_clean_exit_or_a_skip_is_no_pass(ground: Ground, source: str, reason: str, said: str) -> None:
    """Early clean exits, skips, missing results: never a pass, and told by name."""
    result = ground.test({"library.py": source})
    assert (result.status, result.reason) == ("fail", reason), result
    assert said in result.message, result


def test_what_the_human_commit_changes_is_not_asked_for(tmp_path: Path) -> None:
    """Behaviour that the human changed on purpose may change or stay; everything else must pass."""
    changed = TESTS.replace("work([]) == 0", "work([]) is None")
    fast = "def work(numbers):\n    return sum(n * n for n in numbers) if numbers else None\n"
    ground = Ground(tmp_path, human={"library.py": fast, "tests/test_library.py": changed})
    for patch in ({"library.py": fast, "tests/test_library.py": changed}, {"library.py": FAST}):
        result = ground.test(patch)
        assert (result.status, result.passed) == ("pass", 2), result
        assert "1 that fail on the human side are not asked for" in result.message
    result = ground.test(
        {"library.py": "def work(n): return ''\n", "tests/test_library.py": "def test_three(): pass\n"}
    )
    assert (result.status, len(result.failed)) == ("fail", 2), result


def test_a_base_that_fails_its_tests_is_an_error_of_the_tests(tmp_path: Path) -> None:
    """Nothing is said about the patch, and never that it passed."""
    ground = Ground(tmp_path, files={"library.py": "raise SystemExit(1)\n"})
    result = ground.test({"library.py": FAST})
    assert (result.status, result.reason) == ("error", "base-fails"), result
    plain = Ground(tmp_path / "plain", tests="exit 3")
    result = plain.test({"library.py": FAST})
    assert (result.status, result.reason) == ("error", "base-fails"), result
    assert "fail on the base too" in result.message


def test_a_command_that_reports_no_results_has_its_exit_code(tmp_path: Path) -> None:
    """Zero on the base and not on the candidate is a failure."""
    ground = Ground(tmp_path, tests="python -c 'from library import work; assert work([]) == 0'")
    assert ground.test({"library.py": FAST}).status == "pass"
    result = ground.test({"library.py": WRONG})
    assert (result.status, result.failed) == ("fail", ())
    assert "AssertionError" in result.message


def test_base_and_human_run_once_and_a_failure_is_tried_twice(tmp_path: Path) -> None:
    """What all candidates share is not run for each, and one bad run does not refute a patch."""
    log = tmp_path / "log"
    ground = Ground(tmp_path, human={"library.py": FAST}, tests=f"echo run >> {log}; {COMMAND}", sandbox=False)
    runs = []
    for source in (FAST, FAST + "# twice\n", WRONG):
        ground.test({"library.py": source})
        runs.append(len(log.read_text(encoding="utf-8").splitlines()))
    assert runs == [3, 4, 7], "base, human and one; one; two, and the base again"


def test_a_patch_that_fails_once_in_two_runs_is_left_open(tmp_path: Path) -> None:
    """A test that wavers says so; it is neither passed nor failed."""
    mark = tmp_path / "mark"
    ground = Ground(tmp_path, sandbox=False)
    waver = f"import os\ndef work(n):\n    if not n and not os.path.exists({str(mark)!r}):\n"
    waver += f"        open({str(mark)!r}, 'w').close()\n        return 1\n    return sum(x * x for x in n)\n"
    result = ground.test({"library.py": waver})
    assert (result.status, result.reason) == ("error", "flaky"), result


def test_an_environment_without_pytest_is_an_error(tmp_path: Path) -> None:
    """What is not installed is never the patch's fault."""
    ground = Ground(tmp_path, tests="python -m no_such_runner")
    assert ground.test({"library.py": FAST}).status == "error"
