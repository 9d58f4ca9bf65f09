"""How much of a candidate lies where the human commit lies: files, definitions and base lines. Pure.

Everything is named as it was in the base, so a file or definition that either side renames stays one thing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from judge.static_checks.change.change import TouchedFile
from judge.static_checks.patch.parse import FileChange
from judge.static_checks.source.paths import is_source
from judge.static_checks.source.python import Definition, PythonSource

MODULE = "<module>"


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Two sets of named things and what they share."""

    candidate: tuple[str, ...]
    human: tuple[str, ...]
    common: tuple[str, ...]

    @property
    def record(self) -> dict[str, object]:
        """The sets and their ratios as JSON values."""
        sets = {"candidate": list(self.candidate), "human": list(self.human), "common": list(self.common)}
        return sets | ratios(len(self.candidate), len(self.human), len(self.common))


def ratios(candidate: int, human: int, common: int) -> dict[str, object]:
    """Return precision, recall and Jaccard index; None where nothing stands below the line, for null is no number."""
    parts = {"precision": candidate, "recall": human, "jaccard": candidate + human - common}
    return {name: round(common / below, 4) if below else None for name, below in parts.items()}


def compare_sets(candidate: Set[str], human: Set[str]) -> Overlap:
    """Compare two sets of names."""
    return Overlap(
        candidate=tuple(sorted(candidate)), human=tuple(sorted(human)), common=tuple(sorted(candidate & human))
    )


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """The source files of both sides under one name each: the path in the base, or the new path of a new file."""

    candidate: Mapping[str, tuple[TouchedFile, ...]]
    human: Mapping[str, tuple[TouchedFile, ...]]

    @property
    def renamed(self) -> dict[str, str]:
        """The new path of each file that either side renamed, by its name here."""
        both = [*self.candidate.items(), *self.human.items()]
        return {name: f.path for name, files in both for f in files if f.change.status == "renamed"}


def pair_files(candidate: Sequence[TouchedFile], human: Sequence[TouchedFile]) -> Pairing:
    """Name the source files of both sides alike; prose and debris never count."""
    renames: dict[str, str] = {}
    for file in (*candidate, *human):  # where both rename something to one path, the human's word stands
        if file.change.status == "renamed" and file.change.new_path and file.change.old_path:
            renames[file.change.new_path] = file.change.old_path
    return Pairing(candidate=_named(candidate, renames), human=_named(human, renames))


def _named(files: Iterable[TouchedFile], renames: Mapping[str, str]) -> dict[str, tuple[TouchedFile, ...]]:
    named: dict[str, tuple[TouchedFile, ...]] = {}
    for file in files:
        if is_source(file.path):
            name = base_name(file.change, renames)
            named[name] = (*named.get(name, ()), file)
    return named


def base_name(change: FileChange, renames: Mapping[str, str]) -> str:
    """Return the path of a file in the base; a new file goes by its new path, or by the one it was renamed from."""
    if change.old_path is not None and change.status != "copied":
        return change.old_path
    return renames.get(change.path, change.path)


def compare_files(pairing: Pairing) -> Overlap:
    """Compare the files that both sides touch."""
    return compare_sets(frozenset(pairing.candidate), frozenset(pairing.human))


@dataclass(frozen=True, kw_only=True)
class TouchedDefinitions:
    """What one side touches: definitions as PATH::NAME, and why files could not be looked into."""

    names: frozenset[str]
    not_compared: Mapping[str, str]


def touched_definitions(files: Mapping[str, Sequence[TouchedFile]]) -> TouchedDefinitions:
    """Return the definitions a side touches, in the old file and in the new one; module level is PATH::<module>."""
    names: set[str] = set()
    not_compared: dict[str, str] = {}
    for path, parts in files.items():
        for file in parts:
            if why := _unreadable(file):
                not_compared[path] = why
            else:
                names.update(f"{path}::{name}" for name in definitions_in_file(file).names)
    return TouchedDefinitions(names=frozenset(names), not_compared=not_compared)


def _unreadable(file: TouchedFile) -> str | None:
    if file.language != "python":
        return "not Python"
    sources = [source for source in (file.source_before, file.source_after) if source is not None]
    return "does not parse" if any(source.tree is None for source in sources) else None


@dataclass(frozen=True, kw_only=True)
class FileDefinitions:
    """The innermost definitions of one file in which code lines change, by their names in the old file."""

    names: frozenset[str]
    renamed: Mapping[str, str]

    def old_name(self, name: str) -> str:
        """Return the old file's name of a definition of the new file."""
        return _as_before(name, self.renamed)


def definitions_in_file(file: TouchedFile) -> FileDefinitions:
    """Return the definitions of a Python file that its patch touches, on either side."""
    blocks = tuple(change_blocks(file.change))
    old, new = _Owners(file.source_before), _Owners(file.source_after)
    renamed = _renamed(blocks, old, new)
    names = {name for block in blocks for name in old.holding(block.old, block.new, block.old_at)}
    names |= {_as_before(name, renamed) for block in blocks for name in new.holding(block.new, block.old, block.new_at)}
    return FileDefinitions(names=frozenset(names), renamed=renamed)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeBlock:
    """Lines that stand together in a hunk: removed old ones, added new ones, and where each side continues."""

    old: range
    new: range
    old_at: int
    new_at: int


def change_blocks(change: FileChange) -> Iterator[ChangeBlock]:
    """Split the hunks of a file into blocks of changed lines."""
    for hunk in change.hunks:
        # In a hunk without old lines, the header names the line after which the new ones stand.
        old = hunk.old_start + (hunk.old_count == 0)
        new = hunk.new_start + (hunk.new_count == 0)
        first_old, first_new = old, new
        for line in hunk.lines:
            if line.kind == " ":
                if (old, new) != (first_old, first_new):
                    yield ChangeBlock(old=range(first_old, old), new=range(first_new, new), old_at=old, new_at=new)
                old, new = old + 1, new + 1
                first_old, first_new = old, new
            elif line.kind == "-":
                old += 1
            else:
                new += 1
        if (old, new) != (first_old, first_new):
            yield ChangeBlock(old=range(first_old, old), new=range(first_new, new), old_at=old, new_at=new)


class _Owners:
    """Which innermost definition each line of one file belongs to."""

    def __init__(self, source: PythonSource | None) -> None:
        self.source = source
        self.lines = source.lines if source else []
        self.definitions = source.definitions if source else ()
        self._by_line: list[Definition | None] = [None] * (len(self.lines) + 2)
        for definition in self.definitions:  # outermost first, so that the inner ones overwrite
            size = definition.end + 1 - definition.start
            self._by_line[definition.start : definition.start + size] = [definition] * size

    def holding(self, here: range, there: range, at: int) -> Iterator[str]:
        """The definitions that hold this side's changed lines or, if it has none, the place of the other side's."""
        for number in here:
            if self._is_code(number):
                owner = self._by_line[number]
                yield owner.name if owner else MODULE
        if not here and there:
            around = [d for d in self.definitions if d.kind == "function" and d.start < at <= d.end]
            if around:
                yield min(around, key=lambda definition: definition.end - definition.start).name

    def starting(self, lines: range) -> list[Definition]:
        return [definition for definition in self.definitions if definition.node.lineno in lines]

    def names(self) -> frozenset[str]:
        return frozenset(definition.name for definition in self.definitions)

    def _is_code(self, number: int) -> bool:
        text = self.lines[number - 1].strip() if 0 < number <= len(self.lines) else ""
        return bool(text) and not text.startswith("#")


def _renamed(blocks: Iterable[ChangeBlock], old: _Owners, new: _Owners) -> dict[str, str]:
    """New names of definitions, by the rule: one gone, one come, same kind and place, in one block of lines."""
    gone, come = old.names() - new.names(), new.names() - old.names()
    old_names: dict[str, str] = {}
    for block in blocks if gone and come else ():
        before = [d for d in old.starting(block.old) if d.name in gone]
        after = [d for d in new.starting(block.new) if d.name in come]
        if len(before) == len(after) == 1 and before[0].kind == after[0].kind:
            parents = [d[0].name.rpartition(".")[0] for d in (before, after)]
            if parents[0] == _as_before(parents[1], old_names):
                old_names[after[0].name] = before[0].name
    return old_names


def _as_before(name: str, renamed: Mapping[str, str]) -> str:
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        if (known := renamed.get(".".join(parts[:cut]))) is not None:
            return ".".join([known, *parts[cut:]])
    return name


def changed_lines(files: Mapping[str, Sequence[TouchedFile]]) -> frozenset[tuple[str, int]]:
    """Return the base lines a side removes, or between which it only inserts."""
    lines: set[tuple[str, int]] = set()
    for path, parts in files.items():
        for file in parts:
            if file.before is None or file.change.status == "copied":
                continue
            total = file.before.count(b"\n") + (not file.before.endswith(b"\n"))
            for block in change_blocks(file.change):
                near: Collection[int] = block.old or (block.old_at - 1, block.old_at)
                lines.update((path, number) for number in near if 0 < number <= total)
    return frozenset(lines)
