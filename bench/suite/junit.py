"""Reads the JUnit XML that a test run left behind; the code under test ran beside whoever wrote it, so it is hostile.

Only names and outcomes are kept. A document type is refused, and with it every entity.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from xml.parsers import expat

TestOutcome = Literal["passed", "skipped", "failed", "error"]

MAX_BYTES = 64 * 1024 * 1024
MAX_TESTS = 500_000
_WORST_LAST: tuple[TestOutcome, ...] = ("passed", "skipped", "failed", "error")
_ELEMENTS: Mapping[str, TestOutcome] = {"skipped": "skipped", "failure": "failed", "error": "error"}


class NoResults(ValueError):
    """There are no results to read; the message says why."""


class TooManyResults(NoResults):
    """The results are larger than anybody reads, which says nothing about whose fault it is."""


def read_junit(path: Path) -> dict[str, TestOutcome]:
    """Return the outcome of each test by `CLASS::NAME`; of a test that is there twice, the worse one.

    Raises:
        NoResults: there is no such file, or it is no JUnit XML, or larger than anybody reads.
    """
    return parse_junit(_content(path))


def parse_junit(content: bytes) -> dict[str, TestOutcome]:
    """Return the outcome of each test in a JUnit document.

    Raises:
        NoResults: the content is no JUnit XML, or holds more tests than anybody reads.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(content, True)
    except expat.ExpatError as error:
        raise NoResults(f"its results are no XML ({error})") from None
    if not reader.is_junit:
        raise NoResults("its results are XML, but no JUnit report")
    return reader.outcomes


def _content(path: Path) -> bytes:
    try:
        # Neither a link nor a pipe that somebody put there may lead or hold us anywhere.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NoResults("it wrote no results") from None
    except OSError as error:
        raise NoResults(f"its results cannot be read ({error.strerror})") from None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise NoResults("its results are no regular file")
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise TooManyResults(f"its results are over {MAX_BYTES // 2**20} MiB")
    return content


class _Reader:
    """Follows the elements of one document."""

    def __init__(self) -> None:
        self.outcomes: dict[str, TestOutcome] = {}
        self.is_junit = False
        self._test = ""
        self._depth = 0
        self._test_depth = 0
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def _refuse(self, *_: object) -> None:
        raise NoResults("its results declare a document type, which no test runner does")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self.is_junit = name in ("testsuites", "testsuite")
        elif name == "testcase" and not self._test_depth:
            self._test_depth = self._depth
            self._test = f"{attributes.get('classname', '')}::{attributes.get('name', '')}"
            self._note("passed")
        elif self._depth == self._test_depth + 1 and self._test_depth and name in _ELEMENTS:
            self._note(_ELEMENTS[name])

    def _end(self, name: str) -> None:
        if self._depth == self._test_depth:
            self._test_depth = 0
        self._depth -= 1

    def _note(self, outcome: TestOutcome) -> None:
        known = self.outcomes.get(self._test, outcome)
        self.outcomes[self._test] = max(known, outcome, key=_WORST_LAST.index)
        if len(self.outcomes) > MAX_TESTS:
            raise TooManyResults(f"its results name more than {MAX_TESTS} tests")
