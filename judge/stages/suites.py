"""Runs the test command of a case on base, human and candidate; part of the timing stage, beside the outputs.

All sides run the base's version of the test files, so that nobody brings tests of their own. What passes on base and
human must pass on the candidate; what the human commit meant to change is not asked for.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from judge.bench import BenchError, Options, SuiteCommand, SuiteResult, SuiteRun, run_suite
from judge.bench.results import MOST_NAMES
from judge.bench.suite.check import Requirement, check_run, combine_results, derive_requirement
from judge.stages.trees import write_files
from judge.static_checks.change.grading_files import named_files
from judge.static_checks.model.case import Case
from judge.static_checks.repo.tree import WrittenFile
from judge.static_checks.source.paths import is_ci, is_test

DEFAULT_TIMEOUT_S = 600.0


@dataclass(frozen=True, kw_only=True)
class Sides:
    """The base of a case as a tree, and what human and candidate change of it."""

    base: Path
    human: Mapping[str, WrittenFile | None] | None
    candidate: Mapping[str, WrittenFile | None]


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

    def test(self, case: Case, sides: Sides, options: Options) -> SuiteResult:
        """Run the tests as often as it takes to say something; never raises for what they do."""
        assert case.tests is not None
        limit = case.timing.get("tests_timeout_s")
        timeout_s = float(str(limit)) if limit is not None else DEFAULT_TIMEOUT_S
        try:
            result = self._check(case, SuiteCommand(command=case.tests, timeout_s=timeout_s), sides, options)
        except BenchError as error:
            result = SuiteResult(status="error", reason="environment", message=str(error))
        except OSError as error:
            message = f"the trees to test could not be prepared: {error}"
            result = SuiteResult(status="error", reason="trees", message=message)
        return replace(result, failed=result.failed[:MOST_NAMES])

    def _check(self, case: Case, suite: SuiteCommand, sides: Sides, options: Options) -> SuiteResult:
        if self._known is None or self._known.case != case:
            self._known = _Known(case=case)
        known = self._known
        if not known.base:
            known.base.append(_run(suite, sides.base, options, base=sides.base))
            if sides.human and isinstance(derive_requirement(known.base, None, timeout_s=suite.timeout_s), Requirement):
                known.human = _run_changed(suite, sides.human, options, base=sides.base)
        first = _once(known, suite, sides, options)
        if first.status != "fail":
            return first
        if len(known.base) == 1:
            known.base.append(_run(suite, sides.base, options, base=sides.base))
        return combine_results(first, _once(known, suite, sides, options))


def _once(known: _Known, suite: SuiteCommand, sides: Sides, options: Options) -> SuiteResult:
    requirement = derive_requirement(known.base, known.human, timeout_s=suite.timeout_s)
    if isinstance(requirement, SuiteResult):
        return requirement
    return check_run(requirement, _run_changed(suite, sides.candidate, options, base=sides.base))


def _run_changed(
    suite: SuiteCommand, files: Mapping[str, WrittenFile | None], options: Options, *, base: Path
) -> SuiteRun:
    """Run the base's tests on a changed tree."""
    named = named_files(suite.command)
    own = {path: file for path, file in files.items() if not (is_test(path) or is_ci(path) or path in named)}
    with tempfile.TemporaryDirectory(prefix="judge-tested-", ignore_cleanup_errors=True) as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(base, tree, symlinks=True)
        write_files(tree, own)
        return _run(suite, tree, options, base=base)


def _run(suite: SuiteCommand, tree: Path, options: Options, *, base: Path) -> SuiteRun:
    with tempfile.TemporaryDirectory(prefix="judge-tests-", ignore_cleanup_errors=True) as folder:
        return run_suite(suite, tree, options, base=base, folder=Path(folder))
