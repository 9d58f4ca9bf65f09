"""Everything a rule may look at: one candidate's patch, the tree before and after it, the human side.

A rule reads a `Change` and yields findings; it runs nothing and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar, cast

from judge.static_checks.change.code_change import CodeChange, python_change, text_change
from judge.static_checks.patch.parse import FileChange, Patch
from judge.static_checks.repo.apply import Application, Applied, touched_lines
from judge.static_checks.repo.origin import Origin, UnknownOrigin
from judge.static_checks.repo.tree import PatchedTree, SourceTree
from judge.static_checks.source.parser_process import Parsed, ParserHost
from judge.static_checks.source.paths import Language, language
from judge.static_checks.source.python import Definition, PythonSource

_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True)
class TouchedFile:
    """One file of an applied patch, before and after; None where it does not exist.

    Attributes:
        parsed_before: the file before the patch, if another candidate's patch touches it too.
    """

    change: FileChange
    before: bytes | None = field(repr=False)
    after: bytes | None = field(repr=False)
    parsed_before: PythonSource | None = field(default=None, repr=False, compare=False)

    @property
    def path(self) -> str:
        """Where the file is after the patch, or was, if the patch deletes it."""
        return self.change.path

    @property
    def language(self) -> Language:
        """The language the file is checked as."""
        return language(self.path)

    @cached_property
    def source_before(self) -> PythonSource | None:
        """The file before the patch as Python, None if it did not exist or is not Python."""
        if self.before is None or self.language != "python":
            return None
        return self.parsed_before or PythonSource(self.before)

    @cached_property
    def source_after(self) -> PythonSource | None:
        """The file after the patch as Python, None if it is gone or not Python."""
        return PythonSource(self.after) if self.after is not None and self.language == "python" else None

    @cached_property
    def touched_after(self) -> tuple[Definition, ...]:
        """Innermost definitions of the new file in which the patch adds or removes lines."""
        source = self.source_after
        return source.touched(self.new_lines) if source else ()

    @cached_property
    def added_definitions(self) -> tuple[Definition, ...]:
        """Definitions of the new file whose dotted name the old file does not have."""
        if self.source_after is None:
            return ()
        known = {definition.name for definition in self.source_before.definitions} if self.source_before else set()
        return tuple(definition for definition in self.source_after.definitions if definition.name not in known)

    @cached_property
    def added_lines(self) -> frozenset[int]:
        """1-based numbers of the lines that the patch adds, in the new file."""
        return touched_lines(self.change.added)

    @cached_property
    def old_lines(self) -> frozenset[int]:
        """1-based numbers, in the old file, of the lines that the patch removes, or next to which it adds."""
        removed = touched_lines(self.change.removed)
        return removed or self._around("old")

    @cached_property
    def new_lines(self) -> frozenset[int]:
        """1-based numbers, in the new file, of the lines that the patch adds, or next to which it removes."""
        return self.added_lines or self._around("new")

    def _around(self, side: str) -> frozenset[int]:
        """Where a hunk that only adds (or only removes) lines sits on the other side."""
        numbers = set()
        for hunk in self.change.hunks:
            for near, line in zip(hunk.lines, hunk.lines[1:], strict=False):
                if near.kind == " " and line.kind != " ":
                    numbers.add(near.old if side == "old" else near.new)
        return frozenset(number for number in numbers if number)

    @cached_property
    def code_change(self) -> CodeChange:
        """What the patch does to the file's code, comments and layout aside; an absent side is an empty file."""
        before, after = self.before or b"", self.after or b""
        if before == after:
            return "none"
        if self.language == "python":
            return python_change(self.source_before or PythonSource(b""), self.source_after or PythonSource(b""))
        return text_change(self.language, before, after)


@dataclass(frozen=True, kw_only=True)
class HumanSide:
    """What the human commit did to the same base; `files` is empty when it could not be applied."""

    patch: Patch
    after: PatchedTree
    files: tuple[TouchedFile, ...]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One candidate under examination.

    Attributes:
        raw: the patch text as it came.
        missing: the run left no patch at all, not even an empty one.
        application: what came of applying it; the other fields below need `Applied`.
        find_origin: looks up the commit the patch was made against (reads history: slow, at most once).
        base: the tree before the patch.
        files: the touched files before and after; empty unless the patch applies.
        human: the human side; None when the case has none.
        benchmark: path of the case's benchmark inside the tree, if it lies there.
        tests: test command of the case.
        twins: ids of other cases that were given the same patch text.
        parsers: the isolated parser.
    """

    raw: bytes
    missing: bool
    application: Application
    find_origin: Callable[[], Origin | UnknownOrigin | None]
    base: SourceTree
    files: tuple[TouchedFile, ...]
    human: HumanSide | None
    benchmark: str | None
    tests: str | None
    twins: tuple[str, ...]
    parsers: ParserHost
    _kept: dict[object, object] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, work: Callable[[Change], _Result]) -> _Result:
        """Return what `work` makes of this change, worked out at the first call: for what check and facts share."""
        if work not in self._kept:
            self._kept[work] = work(self)
        return cast(_Result, self._kept[work])

    @cached_property
    def parsed(self) -> Mapping[str, Parsed]:
        """What the parsers say of each Python file that the patch changed, by path."""
        changed = (file for file in self.python_files if file.after is not None and file.after != file.before)
        return {f.path: self.parsers.parse(f.source_after, f.new_lines) for f in changed if f.source_after}

    @cached_property
    def origin(self) -> Origin | UnknownOrigin | None:
        """Where the patch was really made; None where its pre-images are the base's or unknown."""
        return self.find_origin()

    @property
    def after(self) -> PatchedTree:
        """The tree with the patch applied."""
        assert isinstance(self.application, Applied), "rules after the apply gate see applied patches only"
        return self.application.after

    @property
    def patch(self) -> Patch:
        """The patch that was applied."""
        assert isinstance(self.application, Applied), "rules after the apply gate see applied patches only"
        return self.application.patch

    @cached_property
    def python_files(self) -> tuple[TouchedFile, ...]:
        """The touched Python files that exist after the patch."""
        return tuple(file for file in self.files if file.source_after is not None)
