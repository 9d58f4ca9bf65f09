"""Rule hazard-not-importable."""

from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import CannotCheck, Example, Rule
from judge.static_checks.source.python import NotParsed, PythonSource, SyntaxFault


def check(change: Change) -> Iterable[Hit]:
    """Find changed statements that parse but that the compiler refuses."""
    for file in change.python_files:
        parsed = change.parsed.get(file.path)
        if parsed is None or parsed.grammar is not None:
            continue  # unchanged, or the parse gate has spoken
        if isinstance(parsed.compiled, NotParsed):
            raise CannotCheck(f"{file.path}: {parsed.compiled.why}")
        if isinstance(parsed.compiled, SyntaxFault) and not _before(change, file.source_before):
            source = file.source_after
            line = parsed.compiled.line
            quote = source.line(line) if source else None
            yield Hit(
                f"parses, but raises SyntaxError when imported: {parsed.compiled.message}", file.path, line, quote
            )


def _before(change: Change, before: PythonSource | None) -> bool:
    return before is not None and isinstance(change.parsers.parse(before).compiled, SyntaxFault)


RULE = Rule(
    code="hazard-not-importable",
    gate="hazard",
    summary="A touched Python file parses but cannot be imported.",
    why="`return` outside a function, a repeated keyword argument or a `__future__` import out of place pass "
    "every grammar, libcst's included, and stop the program at import.",
    severity="block",
    bad=Example(before={"a.py": "x = 1\n"}, after={"a.py": "x = 1\nfrom __future__ import annotations\n"}),
    good=Example(
        before={"a.py": '"""Doc."""\nx = 1\n'},
        after={"a.py": '"""Doc."""\nfrom __future__ import annotations\nx = 1\n'},
    ),
    check=check,
)
