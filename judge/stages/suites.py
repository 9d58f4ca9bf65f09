"""Runs the test command of a case on base, human and candidate; part of the timing stage, beside the outputs.

The candidate's own versions of test files never run: they are the human's where the human commit changes them, else
the base's. What passed on both of these must pass on the candidate, twice refuted before it counts against it.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from judge.bench import BenchError, Options, Suite, SuiteRun, run_suite
from judge.bench.suite_check import Required, SuiteCheck, agreed, check, required, usable
from judge.static_checks.case import Case
from judge.static_checks.graders import named_files
from judge.static_checks.paths import is_ci, is_test
from judge.static_checks.tree import PatchedTree
from judge.timing import Tests
from judge.trees import write_changes

DEFAULT_TIMEOUT_S = 600.0


@dataclass(frozen=True, kw_only=True)
class SuiteTrees:
    """The sides of a case as source trees, and what human and candidate change of the base."""

    base: Path
    human: Path | None
    human_after: PatchedTree | None
    candidate_after: PatchedTree


@dataclass(kw_only=True)
class _Known:
    """What was run for a case; base and human are run once for all its candidates."""

    case: Case
    base: list[SuiteRun] = field(default_factory=list)
    human: SuiteRun | None = None


class Suites:
    """Holds candidates against the tests of their case, one case at a time."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: _Known | None = None

    def test(self, case: Case, trees: SuiteTrees, options: Options) -> Tests:
        """Run the tests as often as it takes to say something; never raises for what they do."""
        assert case.tests is not None
        limit = case.timing.get("tests_timeout_s")
        timeout_s = float(str(limit)) if limit is not None else DEFAULT_TIMEOUT_S
        try:
            found = self._check(case, Suite(command=case.tests, timeout_s=timeout_s), trees, options)
        except BenchError as error:
            found = SuiteCheck(status="error", reason="environment", message=str(error))
        except OSError as error:
            message = f"the trees to test could not be prepared: {error}"
            found = SuiteCheck(status="error", reason="trees", message=message)
        return Tests(
            status=found.status, reason=found.reason, message=found.message, passed=found.passed, failed=found.failed
        )

    def _check(self, case: Case, suite: Suite, trees: SuiteTrees, options: Options) -> SuiteCheck:
        if self._known is None or self._known.case != case:
            self._known = _Known(case=case)
        known = self._known
        if not known.base:
            known.base.append(_run(suite, trees.base, options, base=trees.base))
            if trees.human is not None and isinstance(required(known.base, None, timeout_s=suite.timeout_s), Required):
                known.human = _run(suite, trees.human, options, base=trees.base)
        first = self._once(known, suite, trees, options)
        if first.status != "fail":
            return first
        if len(known.base) == 1:
            known.base.append(_run(suite, trees.base, options, base=trees.base))
        return agreed(first, self._once(known, suite, trees, options))

    def _once(self, known: _Known, suite: Suite, trees: SuiteTrees, options: Options) -> SuiteCheck:
        wanted = required(known.base, known.human, timeout_s=suite.timeout_s)
        if isinstance(wanted, SuiteCheck):
            return wanted
        with tempfile.TemporaryDirectory(prefix="judge-tested-", ignore_cleanup_errors=True) as folder:
            tree = Path(folder) / "tree"
            human = trees.human_after if usable(known.human) else None
            _write_tested(trees, tree, case=known.case, human=human)
            return check(wanted, _run(suite, tree, options, base=trees.base))


def _run(suite: Suite, tree: Path, options: Options, *, base: Path) -> SuiteRun:
    with tempfile.TemporaryDirectory(prefix="judge-tests-", ignore_cleanup_errors=True) as folder:
        return run_suite(suite, tree, options, base=base, folder=Path(folder))


def _write_tested(trees: SuiteTrees, folder: Path, *, case: Case, human: PatchedTree | None) -> None:
    """Write the candidate's tree with tests that are not its own."""
    named = named_files(case.tests or "")

    def is_ours(path: str) -> bool:
        return is_test(path) or is_ci(path) or path in named

    shutil.copytree(trees.base, folder, symlinks=True)
    write_changes(folder, trees.candidate_after, (p for p in trees.candidate_after.changed if not is_ours(p)))
    if human is not None:
        write_changes(folder, human, (path for path in human.changed if is_ours(path)))
