"""Whether two edits of one base are the same edit, comments, docstrings and local names aside: proofs only. Pure.

What is not proven the same is `Different`, with a fact sheet; no measure of similarity is made, for none can decide.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from judge.static_checks.change.change import TouchedFile
from judge.static_checks.change.overlap import (
    MODULE,
    compare_sets,
    definitions_in_file,
    pair_files,
    touched_definitions,
)
from judge.static_checks.change.units import human_units
from judge.static_checks.source.canonical import canonical_statement, is_pass_or_string
from judge.static_checks.source.paths import is_source, is_test
from judge.static_checks.source.python import PythonSource

_SYMLINK = "120000"
_SPEAKING = re.compile(rb"#[ \t]*type:(?![ \t]*ignore)[^\r\n]*")
_CODING = re.compile(rb"\A[^\n]*(?:\n[^\n]*)?coding[:=]")


@dataclass(frozen=True, kw_only=True)
class Identical:
    """After either edit, every source file computes the same.

    Attributes:
        units: the units of the human commit, as `human_units` returns them.
        beyond: tests and prose that only one side changes, or each in its own way: the proof does not cover them.
    """

    units: tuple[str, ...]
    beyond: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NoChange:
    """After the candidate's edit, every source file computes what it did before."""


@dataclass(frozen=True, kw_only=True)
class Different:
    """The edits were not shown to be the same.

    Attributes:
        paths: the files that differ after the edits.
        facts: for people and LLM judges: definitions and calls of either side, by heading; empty lists are left out.
    """

    paths: tuple[str, ...]
    facts: dict[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class _State:
    """What stands at one path; None as content for nothing."""

    content: bytes | None
    link: bool = False
    source: PythonSource | None = field(default=None, compare=False, repr=False)


_NOTHING = _State(content=None)


def compare_edits(candidate: Sequence[TouchedFile], human: Sequence[TouchedFile]) -> Identical | NoChange | Different:
    """Compare what two edits of the same base leave behind.

    Args:
        candidate: the candidate's files before and after.
        human: the human commit's files before and after.
    """
    base = _before(candidate) | _before(human)
    theirs, ours = base | _after(candidate), base | _after(human)
    code = [path for path in sorted(base) if is_source(path) and not is_test(path)]
    if all(_same(base[path], theirs[path]) for path in code):
        return NoChange()
    differing = [path for path in code if not _same(ours[path], theirs[path])]
    if differing:
        return Different(paths=tuple(differing), facts=_fact_sheet(candidate, human, differing))
    beyond = [path for path in sorted(base) if path not in code and theirs[path] != ours[path]]
    return Identical(units=human_units(human), beyond=tuple(beyond))


def _before(files: Sequence[TouchedFile]) -> dict[str, _State]:
    states = {file.path: _NOTHING for file in files}
    for file in files:
        if file.change.old_path is not None:
            link = file.change.old_mode == _SYMLINK
            states[file.change.old_path] = _State(content=file.before, link=link, source=file.source_before)
    return states


def _after(files: Sequence[TouchedFile]) -> dict[str, _State]:
    states = {
        file.change.old_path: _NOTHING
        for file in files
        if file.change.old_path is not None and file.change.status != "copied"
    }
    for file in files:
        if file.change.new_path is not None:
            mode = file.change.new_mode or file.change.old_mode
            states[file.change.new_path] = _State(content=file.after, link=mode == _SYMLINK, source=file.source_after)
    return states


def _same(left: _State, right: _State) -> bool:
    if left == right:
        return True
    if left.source is None or right.source is None or left.link or right.link:
        return False
    return same_code(left.source, right.source)


def same_code(left: PythonSource, right: PythonSource) -> bool:
    """Whether two Python files are shown to compute the same; False when that cannot be shown.

    Comments that are read at run time (`# type:` by TorchScript) and, in a file that reads docstrings, those too,
    must be the same.
    """
    if left.content == right.content:
        return True
    if left.tree is None or right.tree is None:
        return False
    if _SPEAKING.findall(left.content) != _SPEAKING.findall(right.content):
        return False
    documented = any(word in side.content for side in (left, right) for word in (b"__doc__", b"getdoc"))
    if documented and ast.get_docstring(left.tree, clean=False) != ast.get_docstring(right.tree, clean=False):
        return False
    try:
        return _Pairwise(left, right, docstrings=documented).same(left.tree.body, right.tree.body)
    except (RecursionError, ValueError):  # too deep, or an integer too long to be written out
        return False


class _Pairwise:
    """Compares the statements of two files one by one; most are plainly the same by their text."""

    def __init__(self, left: PythonSource, right: PythonSource, *, docstrings: bool) -> None:
        self.left, self.right = left, right
        self.docstrings = docstrings
        # The parser's line numbers are ours, and equal text means equal code, only in plain files.
        self.plain = all(b"\r" not in s.content and not _CODING.match(s.content) for s in (left, right))

    def same(self, left: Sequence[ast.stmt], right: Sequence[ast.stmt]) -> bool:
        ours, theirs = [s for s in left if not is_pass_or_string(s)], [s for s in right if not is_pass_or_string(s)]
        return len(ours) == len(theirs) and all(map(self._same_statement, ours, theirs))

    def _same_statement(self, left: ast.stmt, right: ast.stmt) -> bool:
        if type(left) is not type(right):
            return False
        if self.plain and _text(left, self.left.lines) == _text(right, self.right.lines):
            return True
        if isinstance(left, ast.ClassDef) and isinstance(right, ast.ClassDef) and not self.docstrings:
            return _head(left) == _head(right) and self.same(left.body, right.body)
        if ast.dump(left) == ast.dump(right):
            return True  # spares the copies below where only layout and comments differ
        ours, theirs = (canonical_statement(node, docstrings=self.docstrings) for node in (left, right))
        return ours == theirs


def _text(node: ast.stmt, lines: Sequence[str]) -> tuple[object, ...]:
    """The lines of a statement and where on them it stands: several may share a line."""
    start = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
    return node.col_offset, node.end_col_offset, *lines[start - 1 : node.end_lineno]


def _head(node: ast.ClassDef) -> str:
    parts = [*node.decorator_list, *node.bases, *node.keywords, *getattr(node, "type_params", ())]
    return " ".join(
        [node.name, *(ast.dump(part) for part in parts), str(len(node.decorator_list)), str(len(node.bases))]
    )


def _fact_sheet(
    candidate: Sequence[TouchedFile], human: Sequence[TouchedFile], differing: Sequence[str]
) -> dict[str, list[str]]:
    pairing = pair_files(candidate, human)
    theirs, ours = touched_definitions(pairing.candidate), touched_definitions(pairing.human)
    both = compare_sets(theirs.names, ours.names)
    sheet = {
        "files that differ": list(differing),
        "definitions touched by both": list(both.common),
        "definitions touched by the human only": sorted(ours.names - theirs.names),
        "definitions touched by the candidate only": sorted(theirs.names - ours.names),
        "files not compared": [f"{path}: {why}" for path, why in {**theirs.not_compared, **ours.not_compared}.items()],
    }
    for side, files, skipped in (
        ("human", pairing.human, ours.not_compared),
        ("candidate", pairing.candidate, theirs.not_compared),
    ):
        seen = [file for path, parts in files.items() if path not in skipped for file in parts]
        before, after = _calls(seen, old=True), _calls(seen, old=False)
        sheet[f"calls added by the {side}"] = _counted(after - before)
        sheet[f"calls removed by the {side}"] = _counted(before - after)
    return {heading: items for heading, items in sheet.items() if items}


def _counted(calls: Counter[str]) -> list[str]:
    return [name if times == 1 else f"{name} ({times} times)" for name, times in sorted(calls.items())]


def _calls(files: Sequence[TouchedFile], *, old: bool) -> Counter[str]:
    """Count the calls, by dotted name, in the definitions that a side touches."""
    calls = Counter[str]()
    for file in files:
        source = file.source_before if old else file.source_after
        if source is not None and source.tree is not None:
            touched = definitions_in_file(file)
            scopes = [
                d.node for d in source.definitions if (d.name if old else touched.old_name(d.name)) in touched.names
            ]
            for scope in [*scopes, *([source.tree] if MODULE in touched.names else [])]:
                calls.update(_called(scope))
    return calls


def _called(scope: ast.AST) -> Iterator[str]:
    """The calls of a definition or module, without those of the definitions inside it."""
    todo = [scope]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Call):
            yield dotted_call(node.func)
        if node is scope or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            todo.extend(ast.iter_child_nodes(node))


def dotted_call(node: ast.expr) -> str:
    """Return how a called thing is written, arguments and subscripts left out: `self.cache().get`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=name):
            return f"{dotted_call(owner)}.{name}"
        case ast.Call(func=function):
            return f"{dotted_call(function)}()"
        case ast.Subscript(value=owner):
            return f"{dotted_call(owner)}[]"
    return "..."
