"""JUnit XML is read as something that the code under test may have written."""

import os
from pathlib import Path

import pytest

from judge.bench.suite.junit import MAX_BYTES, NoResults, TooManyResults, parse_junit, read_junit

REPORT = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="5">
<testcase classname="tests.test_a" name="test_good" time="0.001" />
<testcase classname="tests.test_a" name="test_bad"><failure message="no">trace</failure></testcase>
<testcase classname="tests.test_a" name="test_skip"><skipped type="pytest.skip" message="later" /></testcase>
<testcase classname="" name="tests.test_b"><error message="collection failure">trace</error></testcase>
<testcase classname="tests.test_a" name="test_twice"><properties><property name="a" value="b"/></properties></testcase>
<testcase classname="tests.test_a" name="test_twice"><error message="at teardown" /></testcase>
</testsuite></testsuites>"""


def test_each_test_has_its_outcome_and_the_worse_one_counts() -> None:
    """Passed, failed, skipped and error are told apart; a test that is there twice has the worse of both."""
    assert parse_junit(REPORT) == {
        "tests.test_a::test_good": "passed",
        "tests.test_a::test_bad": "failed",
        "tests.test_a::test_skip": "skipped",
        "::tests.test_b": "error",
        "tests.test_a::test_twice": "error",
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no XML"),
        (b"5 passed", "no XML"),
        (b"<testsuites><testcase name='a'>", "no XML"),
        (b"<html><testcase name='a'/></html>", "no JUnit"),
        (b"<testsuites>\xff\xfe</testsuites>", "no XML"),
        (b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><testsuites>&a;</testsuites>", "document type"),
        (b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><testsuites/>", "document type"),
    ],
)
def test_what_is_no_report_is_refused(content: bytes, words: str) -> None:
    """Nothing is guessed from half a file, and entities never get as far as being expanded."""
    with pytest.raises(NoResults, match=words):
        parse_junit(content)


def test_elements_elsewhere_decide_nothing() -> None:
    """Only what is directly in a test case is its outcome."""
    text = b"<testsuite><failure/><testcase name='a'><system-out><failure/></system-out></testcase></testsuite>"
    assert parse_junit(text) == {"::a": "passed"}


def test_a_deep_report_is_no_danger() -> None:
    """Nothing here recurses."""
    deep = b"<testsuite>" * 100_000 + b"</testsuite>" * 100_000
    assert parse_junit(deep) == {}


def test_only_a_regular_file_of_reasonable_size_is_read(tmp_path: Path) -> None:
    """A link or a pipe leads nowhere and holds nobody; an oversized file is another kind of fault."""
    with pytest.raises(NoResults, match="wrote no results"):
        read_junit(tmp_path / "missing.xml")
    (tmp_path / "real.xml").write_bytes(REPORT)
    (tmp_path / "link.xml").symlink_to("real.xml")
    with pytest.raises(NoResults, match="cannot be read"):
        read_junit(tmp_path / "link.xml")
    os.mkfifo(tmp_path / "pipe.xml")
    with pytest.raises(NoResults, match="no regular file"):
        read_junit(tmp_path / "pipe.xml")
    with (tmp_path / "huge.xml").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(TooManyResults, match="over 64 MiB"):
        read_junit(tmp_path / "huge.xml")
    assert len(read_junit(tmp_path / "real.xml")) == 5
