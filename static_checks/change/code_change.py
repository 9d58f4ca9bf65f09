"""What a change does to the code of one file: nothing, logging only, or more; comments and layout aside."""

from __future__ import annotations

import ast
import json
import tomllib
from collections.abc import Sequence
from typing import Literal

from judge.static_checks.patch.parse import decode
from judge.static_checks.source.c import c_code, readable
from judge.static_checks.source.paths import Language
from judge.static_checks.source.python import PythonSource

CodeChange = Literal["none", "logging", "more"]
"""`more` also where the two sides cannot be compared: nothing may be concluded from it."""

_LOG_LEVELS = frozenset(
    {"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "info_once", "warning_once"}
)
_LOGGERS = frozenset({"logger", "logging", "log", "_logger", "LOGGER", "LOG", "_log"})
_LOG_FACTORIES = frozenset({"getLogger", "get_logger", "init_logger"})


def text_change(language: Language, before: bytes, after: bytes) -> CodeChange:
    """Compare two versions of a file that is not Python; languages that are not read here are `more`."""
    match language:
        case "c" | "cuda":
            old, new = decode(before), decode(after)
            return "none" if readable(old) and readable(new) and c_code(old) == c_code(new) else "more"
        case "json" | "toml":
            return "none" if _same_data(language, before, after) else "more"
        case _:
            return "more"


def python_change(before: PythonSource, after: PythonSource) -> CodeChange:
    """Compare two Python files; `logging` where the new one has log or print statements more, and nothing else."""
    if before.tree is None or after.tree is None:
        return "more"
    try:
        return _Comparison(before, after).bodies(before.tree.body, after.tree.body)
    except RecursionError:
        return "more"


class _Comparison:
    """Walks two syntax trees together and stops at the first difference; equal text is not descended into."""

    def __init__(self, before: PythonSource, after: PythonSource) -> None:
        self.before = before.lines
        self.after = after.lines
        # A lone carriage return is a line end to the parser, not to `lines`: numbers would not fit.
        self.by_text = not any("\r" in source.text.replace("\r\n", "") for source in (before, after))

    def bodies(self, old: Sequence[ast.stmt], new: Sequence[ast.stmt]) -> CodeChange:
        left = [statement for statement in reversed(old) if not is_pass_or_constant(statement)]
        result: CodeChange = "none"
        for statement in new:
            if is_pass_or_constant(statement):
                continue
            change = self.statements(left[-1], statement) if left else "more"
            if change != "more":
                left.pop()
            elif _is_logging(statement) or _sets_up_logging(statement):
                change = "logging"
            else:
                return "more"
            result = "logging" if change == "logging" else result
        return "more" if left else result

    def statements(self, old: ast.stmt, new: ast.stmt) -> CodeChange:
        if self.by_text and self._same_text(old, new):
            return "none"
        return self._nodes(old, new)

    def _same_text(self, old: ast.stmt, new: ast.stmt) -> bool:
        if (old.col_offset, old.end_col_offset) != (new.col_offset, new.end_col_offset):
            return False
        return self.before[_start(old) - 1 : old.end_lineno] == self.after[_start(new) - 1 : new.end_lineno]

    def _nodes(self, old: ast.AST, new: ast.AST) -> CodeChange:
        if type(old) is not type(new):
            return "more"
        result: CodeChange = "none"
        for name in old._fields:
            change = self._fields(getattr(old, name, None), getattr(new, name, None))
            if change == "more":
                return "more"
            result = "logging" if change == "logging" else result
        return result

    def _fields(self, old: object, new: object) -> CodeChange:
        if isinstance(old, list) and isinstance(new, list):
            if any(isinstance(part, ast.stmt) for part in (*old, *new)):
                return self.bodies(old, new)
            if len(old) != len(new):
                return "more"
            changes = [self._fields(*pair) for pair in zip(old, new, strict=True)]
            return "more" if "more" in changes else "logging" if "logging" in changes else "none"
        if isinstance(old, ast.ExceptHandler | ast.match_case) and isinstance(new, ast.AST):
            return self._nodes(old, new)
        return "none" if _dump(old) == _dump(new) else "more"


def _dump(value: object) -> object:
    return ast.dump(value) if isinstance(value, ast.AST) else value


def _start(node: ast.stmt) -> int:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return node.lineno


def is_pass_or_constant(node: ast.stmt) -> bool:
    """Whether a statement does nothing: `pass`, a docstring, another constant."""
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _sets_up_logging(node: ast.stmt) -> bool:
    match node:
        case ast.Import(names=names):
            return all(alias.name == "logging" for alias in names)
        case ast.ImportFrom(names=names):
            return all(alias.name in _LOG_FACTORIES for alias in names)
        case ast.Assign(targets=[ast.Name()], value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))):
            return name in _LOG_FACTORIES
    return False


def _same_data(language: Literal["json", "toml"], before: bytes, after: bytes) -> bool:
    try:
        if language == "json":
            # Written out again, since True == 1 and the order of keys can matter to a reader.
            return json.dumps(json.loads(before)) == json.dumps(json.loads(after))
        return repr(tomllib.loads(decode(before))) == repr(tomllib.loads(decode(after)))
    except (ValueError, RecursionError):
        return False


def _is_logging(node: ast.stmt) -> bool:
    """Whether a statement only logs or prints, with arguments that call nothing themselves."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    call = node.value
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    if any(
        isinstance(part, ast.Call | ast.Await | ast.NamedExpr | ast.Yield) for a in arguments for part in ast.walk(a)
    ):
        return False
    if isinstance(call.func, ast.Name):
        return call.func.id == "print"
    if not (isinstance(call.func, ast.Attribute) and call.func.attr in _LOG_LEVELS):
        return False
    owner = call.func.value
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return name in _LOGGERS
