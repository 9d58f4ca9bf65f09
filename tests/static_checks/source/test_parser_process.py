"""Hostile Python costs one answer, never the host; what is refused is refused with its line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from judge.static_checks.source.parser_process import Parsed, ParserHost
from judge.static_checks.source.python import NotParsed, PythonSource, SyntaxFault


@pytest.fixture(scope="module")
def host() -> Iterator[ParserHost]:
    """A host that waits long enough for a busy machine."""
    patient = ParserHost(timeout_s=60)
    yield patient
    patient.close()


def parse(host: ParserHost, source: bytes, lines: Iterable[int] | None = None) -> Parsed:
    """Ask the host about the bytes of a file."""
    return host.parse(PythonSource(source), lines)


FINE = Parsed(grammar=None, compiled=None, libcst=None)


@pytest.mark.parametrize(
    "source",
    [b"(" * 3000 + b")" * 3000, b"not " * 20_000 + b"x", b"-" * 20_000 + b"x"],
    ids=["parentheses", "not", "minus"],
)
def test_crash_costs_one_answer(host: ParserHost, source: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that kills libcst, or keeps it busy, is still judged by the built-in parser, and the host goes on."""
    with monkeypatch.context() as impatient:
        impatient.setattr(host, "timeout_s", 2)
        parsed = parse(host, source)
    assert isinstance(parsed.grammar, SyntaxFault)
    assert parsed.compiled is None
    assert isinstance(parsed.libcst, NotParsed) and parsed.libcst.why
    assert parse(host, b"x = 1\n") == FINE


@pytest.mark.parametrize(
    "source",
    [
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
        b"\xef\xbb\xbfx = 1\n",
        b"match x:\n    case [1, *_] if (y := 2):\n        pass\n",
        b"x = 1\r\ny = 2\r\n",
        b"",
    ],
    ids=["latin-1 cookie", "byte order mark", "match and walrus", "CRLF", "nothing"],
)
def test_good_text_parses(host: ParserHost, source: bytes) -> None:
    """Good Python is good to all three parsers."""
    assert parse(host, source) == FINE


@pytest.mark.parametrize("source", [b"x = 1\0\n", b"x = '\xe9'\n", b"def f(:\n", b"# coding: nonsense\n"])
def test_grammar_refuses(host: ParserHost, source: bytes) -> None:
    """NUL bytes, bytes that are not UTF-8, wrong syntax and unknown cookies are faults, not crashes."""
    parsed = parse(host, source)
    assert isinstance(parsed.grammar, SyntaxFault) and parsed.grammar.message


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (b"x = 1\nf(a=1, a=2)\n", 2),
        (b"x = 1\nreturn 1\n", 2),
        (b"x = 1\nfrom __future__ import annotations\n", 2),
        (b"def f():\n    x = 1\n    nonlocal x\n", 3),
    ],
    ids=["keyword twice", "return outside", "future too late", "nonlocal"],
)
def test_compiler_refuses_what_the_grammar_accepts(host: ParserHost, source: bytes, line: int) -> None:
    """What only compiling can see is refused, with its line, and libcst is asked all the same."""
    parsed = parse(host, source)
    assert parsed.grammar is None and parsed.libcst is None
    assert isinstance(parsed.compiled, SyntaxFault) and parsed.compiled.line == line


def test_only_changed_statements_are_compiled(host: ParserHost) -> None:
    """A fault that was there before is not held against a change elsewhere in the file."""
    source = b"f(a=1, a=2)\n\ndef g():\n    return 1\n"
    assert parse(host, source, [4]) == FINE
    assert isinstance(parse(host, source, [1]).compiled, SyntaxFault)


def test_no_answer_in_time() -> None:
    """A parser that does not answer within the limit says so; given more time the same host answers."""
    host = ParserHost(timeout_s=0)
    try:
        parsed = parse(host, b"x = 1\n")
        assert parsed.grammar is None, "the grammar is asked in this process"
        assert isinstance(parsed.compiled, NotParsed) and "within 0 s" in parsed.compiled.why
        assert parsed.libcst == parsed.compiled
        host.timeout_s = 20
        assert parse(host, b"x = 1\n") == FINE
    finally:
        host.close()


@pytest.mark.parametrize("size", [1, 300_000], ids=["small", "large"])
def test_parser_that_died_between_questions(size: int) -> None:
    """A child killed while idle is noticed at the next question, whatever part of it was written."""
    host = ParserHost()
    try:
        assert parse(host, b"x = 1\n") == FINE
        child = host._child
        assert child is not None
        child.kill()
        child.wait()
        parsed = parse(host, b"x = 1  #" + b"." * size + b"\n")
        assert parsed.compiled == NotParsed(why="the parser was killed by SIGKILL")
        assert parse(host, b"x = 1\n") == FINE
    finally:
        host.close()


def test_close_twice() -> None:
    """Closing is safe at any time, and a closed host starts again when asked."""
    host = ParserHost()
    host.close()
    assert parse(host, b"x = 1\n") == FINE
    host.close()
    host.close()


def test_parser_killed_by_a_signal_without_a_name() -> None:
    """A real-time signal has no name in Python; the host says its number and goes on."""
    host = ParserHost()
    try:
        assert parse(host, b"x = 1\n") == FINE
        child = host._child
        assert child is not None
        child.send_signal(35)
        child.wait()
        assert parse(host, b"x = 1\n").compiled == NotParsed(why="the parser was killed by signal 35")
    finally:
        host.close()
