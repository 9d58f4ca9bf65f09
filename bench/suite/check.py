"""Pure: what test runs of base and human ask of a candidate, and whether its own runs hold it.

What passed on the base, and on the human side where there is one, must pass on the candidate; an exit code that
contradicts the results is a fault of the side that left with it. A base that cannot be relied on proves nothing.
"""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from judge.bench.results import SuiteResult
from judge.bench.suite.run import SuiteRan, SuiteRun, SuiteStopped

SHOWN = 20
"""More failed tests than these are counted, not named, in a message."""
_BASE_SHARE = 0.2  # a base that needs more of the limit than this may just have been lucky to keep it


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """What a candidate's run must show: these tests pass, or, where no result is reported, exit code 0.

    `doubt` says why a failure proves nothing, as the human side may fail in the same way.
    """

    tests: frozenset[str] | None
    seconds: float
    timeout_s: float
    message: str = ""
    doubt: str = ""


def derive_requirement(
    base: Sequence[SuiteRun], human: SuiteRun | None, *, timeout_s: float
) -> Requirement | SuiteResult:
    """Return what the runs of the base, one or more, and of the human side ask for, or why they ask for nothing."""
    tests: frozenset[str] | None = None
    seconds = 0.0
    for run in base:
        if fault := _unusable(run):
            return fault
        assert isinstance(run, SuiteRan)
        seconds = max(seconds, run.seconds)
        if run.results is not None:
            tests = run.having("passed") if tests is None else tests & run.having("passed")
    known = human if usable(human) else None
    message = ""
    if tests is None:
        if known and known.exit_code != 0:
            return _error("human-fails", "the tests fail on the human side too")
    elif known and known.results:
        lost = tests - known.having("passed")
        tests -= lost
        message = f"{len(lost)} that fail on the human side are not asked for" if lost else ""
    if tests is not None and not tests:
        return _error("base-fails", f"no test passes on the base{' and the human side' if message else ''}")
    doubt = "" if human is None or known else f"what the human side does is not known ({_why(human)})"
    return Requirement(tests=tests, seconds=seconds, timeout_s=timeout_s, message=message, doubt=doubt)


def usable(run: SuiteRun | None) -> TypeGuard[SuiteRan]:
    """Whether a run says something about its side."""
    return isinstance(run, SuiteRan) and not run.contradiction and not run.unread


def _unusable(run: SuiteRun) -> SuiteResult | None:
    """Say why a run of the base is none to hold a candidate against."""
    if isinstance(run, SuiteStopped):
        return _error(f"base-{run.kind.replace('_', '-')}", f"the tests could not be run on the base: {run.message}")
    if run.contradiction:
        return _error("base-contradiction", f"the tests cannot be relied on: on the base {run.contradiction}")
    if run.results is None and run.exit_code != 0:
        unread = f", and {run.unread}" if run.unread else ""
        return _error("base-fails", f"the tests fail on the base too: {_left(run)}{unread}{_end(run)}")
    return None


def check_run(requirement: Requirement, run: SuiteRun) -> SuiteResult:
    """Hold one run of the candidate against what is required."""
    result = _held(requirement, run)
    if result.status == "fail" and requirement.doubt:
        return _error("human-unknown", f"{result.message}; {requirement.doubt}")
    return result


def _held(requirement: Requirement, run: SuiteRun) -> SuiteResult:
    if isinstance(run, SuiteStopped):
        return _stopped(requirement, run)
    if run.exit_code == -signal.SIGKILL:
        return _error("killed", "something killed the tests on the candidate, perhaps for want of memory")
    if requirement.tests is None:
        return _exit_code_only(run)
    if run.results is None:
        if run.oversized:
            return _error("unread", f"the candidate's tests ended, but {run.unread}")
        message = f"{_left(run)} and {run.unread}{_end(run)}"
        return SuiteResult(status="fail", reason="no-results", message=f"on the candidate {message}")
    passed = requirement.tests & run.having("passed")
    failed = tuple(sorted(requirement.tests - passed))
    if failed:
        named = [f"{name} ({run.results.get(name, 'missing')})" for name in failed[:SHOWN]]
        more = f" and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
        message = (
            f"{len(failed)} of {len(requirement.tests)} tests that pass on the base do not: {', '.join(named)}{more}"
        )
        contradiction = f"; and {run.contradiction}" if run.contradiction else ""
        return SuiteResult(
            status="fail", reason="failed", message=message + contradiction, passed=len(passed), failed=failed
        )
    if run.contradiction:
        message = f"the candidate's tests cannot be relied on: {run.contradiction}"
        return SuiteResult(status="fail", reason="contradiction", message=message, passed=len(passed))
    message = f"all {len(passed)} tests that pass on the base"
    return SuiteResult(
        status="pass", reason="passed", message=f"{message}; {requirement.message}" if requirement.message else message,
        passed=len(passed),
    )  # fmt: skip


def combine_results(first: SuiteResult, second: SuiteResult) -> SuiteResult:
    """Return what two checks of a candidate that failed the first one say together; a test that wavers decides nothing.

    A check that fails twice for different tests is no failure of any of them.
    """
    if second.status != "fail":
        return _wavers(first.message) if second.status == "pass" else second
    if first.failed and second.failed:
        both = tuple(sorted(set(first.failed) & set(second.failed)))
        if not both:
            return _wavers(first.message)
        return second if len(both) == len(second.failed) else _named(second, both)
    return second


def _named(result: SuiteResult, failed: tuple[str, ...]) -> SuiteResult:
    message = f"{len(failed)} tests that pass on the base failed twice: {', '.join(failed[:SHOWN])}"
    return SuiteResult(status="fail", reason=result.reason, message=message, passed=result.passed, failed=failed)


def _wavers(message: str) -> SuiteResult:
    return _error("flaky", f"the tests waver on the candidate; once: {message}")


def _stopped(requirement: Requirement, run: SuiteStopped) -> SuiteResult:
    if run.phase == "build":
        return SuiteResult(status="fail", reason="build", message=f"the candidate cannot be built: {run.message}")
    if run.kind == "timeout" and requirement.seconds < _BASE_SHARE * requirement.timeout_s:
        message = (
            f"the tests did not end within {requirement.timeout_s:.3g} s; the base needed {requirement.seconds:.3g} s"
        )
        return SuiteResult(status="fail", reason="timeout", message=message)
    return _error(run.kind.replace("_", "-"), f"the tests could not be run on the candidate: {run.message}")


def _exit_code_only(run: SuiteRan) -> SuiteResult:
    if run.exit_code == 0:
        message = "the test command leaves with status 0, as on the base; it reports no results"
        return SuiteResult(status="pass", reason="passed", message=message)
    message = f"the test command passes on the base, and on the candidate {_left(run)}{_end(run)}"
    return SuiteResult(status="fail", reason="failed", message=message)


def _why(run: SuiteRun) -> str:
    if isinstance(run, SuiteStopped):
        return run.message
    return run.contradiction or f"{_left(run)}, and {run.unread}"


def _left(run: SuiteRan) -> str:
    if run.exit_code >= 0:
        return f"it left with status {run.exit_code}"
    try:
        return f"it was ended by {signal.Signals(-run.exit_code).name}"
    except ValueError:
        return f"it was ended by signal {-run.exit_code}"


def _end(run: SuiteRan) -> str:
    return f": {run.last}" if run.last else ""


def _error(reason: str, message: str) -> SuiteResult:
    return SuiteResult(status="error", reason=reason, message=message)
