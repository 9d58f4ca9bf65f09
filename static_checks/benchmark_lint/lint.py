"""Finds the lint rules and runs them all over one benchmark file."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from judge.static_checks.benchmark_lint.lint_rule import LintRule
from judge.static_checks.benchmark_lint.script import Script
from judge.static_checks.discovery import find_rules

# libcst ends in a crash of the process on some thousand nested parentheses; real code nests a few dozen deep.
_DEEPEST = 200


class CannotLint(Exception):
    """A file that cannot be read as Python; the message names it and the reason."""


@dataclass(frozen=True, kw_only=True)
class LintWarning:
    """One warning about a benchmark file."""

    path: str
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.code}: {self.message}"


@cache
def all_lint_rules() -> tuple[LintRule, ...]:
    """Return every lint rule, by code.

    Raises:
        BrokenRule: see `find_rules`.
    """
    return find_rules("judge.static_checks.benchmark_lint.rules", LintRule)


def lint_file(path: Path) -> tuple[LintWarning, ...]:
    """Return the warnings about a file, by line.

    Raises:
        CannotLint: it cannot be read, is not Python, or nests too deeply to be parsed safely.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CannotLint(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise CannotLint(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
    return lint_text(text, str(path))


def lint_text(text: str, path: str = "benchmark.py") -> tuple[LintWarning, ...]:
    """Return the warnings about a benchmark's text; see `lint_file`."""
    try:
        depth = _depth(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise CannotLint(f"{path}: is not valid Python ({error}); correct the file") from error
    if depth > _DEEPEST:
        raise CannotLint(f"{path}: nests {depth} deep, over the limit of {_DEEPEST}; simplify the file")
    script = Script(text)
    warnings = {
        LintWarning(path=path, line=script.line(hit.node), code=rule.code, message=hit.message)
        for rule in all_lint_rules()
        for hit in rule.check(script)
    }
    return tuple(sorted(warnings, key=lambda warning: (warning.line, warning.code, warning.message)))


def _depth(tree: ast.AST) -> int:
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return deepest
