"""Rule parse-python."""

import sys
from collections.abc import Iterable, Iterator

from judge.static_checks.change.change import Change, TouchedFile
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import CannotCheck, Example, Rule
from judge.static_checks.source.parser_process import Parsed
from judge.static_checks.source.python import NotParsed, SyntaxFault

_VERSION = f"Python {sys.version_info.major}.{sys.version_info.minor}"


def check(change: Change) -> Iterable[Hit]:
    """Parse every touched Python file as it is after the patch; only new errors count."""
    for file in change.python_files:
        if file.path in change.parsed:
            yield from _check(file, change.parsed[file.path])


def _check(file: TouchedFile, parsed: Parsed) -> Iterator[Hit]:
    match parsed.grammar, parsed.libcst:
        case NotParsed(why=why), _:
            raise CannotCheck(f"{file.path}: {why}")
        case SyntaxFault() as fault, _ if broken_before(file):
            yield Hit(f"does not parse, and did not before: {fault.message}", file.path, fault.line, severity="info")
        case SyntaxFault() as fault, None:
            raise CannotCheck(
                f"{file.path}:{fault.line}: {_VERSION} refuses it ({fault.message}) and libcst accepts it; "
                "if this is newer syntax, grade with the Python that the project runs on"
            )
        case SyntaxFault() as fault, _:
            yield Hit(f"does not parse: {fault.message}", file.path, fault.line, _line(file, fault.line))
        case None, NotParsed(why=why):
            raise CannotCheck(f"{file.path}: {_VERSION} accepts it, but libcst failed on it: {why}")
        case None, SyntaxFault() as fault:
            message = f"{_VERSION} accepts it, libcst does not: {fault.message}"
            yield Hit(message, file.path, fault.line, _line(file, fault.line), severity="warn")


def broken_before(file: TouchedFile) -> bool:
    """Whether the file did not parse before the patch either."""
    return file.source_before is not None and isinstance(file.source_before.parsed, SyntaxFault)


def _line(file: TouchedFile, number: int) -> str | None:
    source = file.source_after
    return source.line(number) if source else None


_GOOD = "def total(values):\n    if values and all(values):\n        return sum(values)\n    return 0\n"

RULE = Rule(
    code="parse-python",
    gate="parse",
    summary="A touched Python file no longer parses.",
    why="Whether code parses is a fact, and was the most frequent false claim of judges: of 24 patches accused "
    "in one audit, 4 were guilty. The file is parsed as it is after the patch, by the built-in parser "
    "first, and its changed statements by libcst in a process of its own.",
    severity="block",
    bad=Example(
        before={"a.py": _GOOD}, after={"a.py": _GOOD.replace("if values and all(values):", "if values and\\\n:")}
    ),
    good=Example(
        before={"a.py": _GOOD, "old.py": "print 'python 2'\n"},
        after={"a.py": _GOOD.replace("values and all(values)", "values and \\\n            all(values)")},
    ),
    check=check,
)
