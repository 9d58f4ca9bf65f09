"""Applies a patch to a tree exactly as `git apply` would, without a checkout.

A temporary index holds only the touched paths; new objects go to the scratch repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from judge.static_checks.patch.parse import (
    DiffLine,
    FileChange,
    Hunk,
    MalformedPatch,
    Patch,
    decode,
    parse_patch,
    split_lines,
)
from judge.static_checks.patch.repair import repair
from judge.static_checks.repo.git import GitError, GitReply, ScratchRepository
from judge.static_checks.repo.index_file import read_index, write_index
from judge.static_checks.repo.tree import DIRECTORY, SUBMODULE, SYMLINK, PatchedTree, SourceTree

_OFFSET = re.compile(r"Hunk #(\d+) succeeded at \d+ \(offset (-?\d+) lines?\)")
_FAILED = re.compile(r"^error: patch failed: (.*):(\d+)$", re.MULTILINE)
_NO_DATA = re.compile(r"^error: cannot apply binary patch to '(.*)' without full index line$", re.MULTILINE)
_ERROR = re.compile(r"^error: (.*)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Misfit:
    """Why one file of the patch does not apply: the hunk, its line in the base, the reason."""

    path: str
    hunk: int | None
    line: int | None
    why: str


@dataclass(frozen=True, kw_only=True)
class Applied:
    """The patch applies: the resulting tree, and how far hunks had to move (lines)."""

    patch: Patch
    after: PatchedTree
    offsets: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The patch is a patch but does not apply to this tree."""

    patch: Patch
    misfits: tuple[Misfit, ...]
    reverse_applies: bool = False


@dataclass(frozen=True, kw_only=True)
class Unsafe:
    """The patch names a path outside the tree; nothing was run."""

    patch: Patch
    misfits: tuple[Misfit, ...]


@dataclass(frozen=True, kw_only=True)
class OutOfReach:
    """The patch changes a submodule, whose content the repository does not hold."""

    patch: Patch
    misfits: tuple[Misfit, ...]


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """The text is no patch: where reading stopped and what was expected."""

    line: int
    why: str


Application = Applied | Refused | Unsafe | OutOfReach | Unreadable


def apply_patch(scratch: ScratchRepository, base: SourceTree, data: bytes) -> Application:
    """Apply `data` to `base` in memory of the scratch repository.

    Raises:
        GitError: git itself failed; nothing is known about the patch.
    """
    try:
        repaired = repair(data)
        read = parse_patch(repaired.data, strip=repaired.strip)
    except MalformedPatch as error:
        return Unreadable(line=error.line, why=error.why)
    patch = Patch(files=read.files, data=read.data, strip=read.strip, repairs=repaired.repairs)
    if unsafe := tuple(_unsafe(base, patch)):
        return Unsafe(patch=patch, misfits=unsafe)
    if outside := tuple(_in_submodules(base, patch)):
        return OutOfReach(patch=patch, misfits=outside)
    patch = replace(patch, files=tuple(_settled(base, file) for file in patch.files))
    if blocked := tuple(_onto_folders(base, patch)):
        return Refused(patch=patch, misfits=blocked)
    applied = _Attempt(scratch, base, patch).run()
    # The patch text need not say that a file is a link, or where it leads: the result does.
    if isinstance(applied, Applied) and (unsafe := tuple(_leading_out(applied.after))):
        return Unsafe(patch=patch, misfits=unsafe)
    return applied


class _Attempt:
    def __init__(self, scratch: ScratchRepository, base: SourceTree, patch: Patch) -> None:
        self.scratch = scratch
        self.base = base
        self.patch = patch

    def run(self) -> Application:
        index = self.scratch.new_index()
        try:
            self._fill(index)
            done = self._apply(index)
            if done.code == 0:
                offsets = _offsets(done.err)
                patch = _moved(self.patch, offsets)
                return Applied(patch=patch, after=self._after(index), offsets=tuple(offsets.values()))
            # 1: does not fit; 128: git's reader, stricter in places than ours, has the last word.
            if done.code == 128 and "corrupt patch" in done.err:
                return Unreadable(line=_corrupt_line(done.err), why=_first_error(done.err))
            if done.code not in (1, 128):
                raise GitError(f"git apply ended with code {done.code}: {done.err.strip()[:300]}")
            for file in self.patch.files:  # git also says "does not apply" of content that it cannot read
                _ = self.base.read(file.old_path) if file.old_path else None
            reverse = self._apply(index, "--check", "-R").code == 0
            return Refused(patch=self.patch, misfits=tuple(self._misfits(done.err)), reverse_applies=reverse)
        finally:
            index.unlink(missing_ok=True)

    def _apply(self, index: Path, *flags: str) -> GitReply:
        command = ["apply", "--cached", "--verbose", f"-p{self.patch.strip}", *flags, "-"]
        return self.scratch.run_on_index(command, stdin=self.patch.data, index=index)

    def _fill(self, index: Path) -> None:
        entries = {path: self.base.entry(path) for path in _with_ancestors(self.patch.paths)}
        known = {path: entry for path, entry in entries.items() if entry is not None and entry.mode != DIRECTORY}
        for entry in known.values():
            if entry.mode != SUBMODULE:
                self.scratch.lend(entry.oid)
        index.write_bytes(write_index(known, self.scratch.object_format))

    def _after(self, index: Path) -> PatchedTree:
        now = read_index(index.read_bytes(), self.scratch.object_format)
        unseen = [
            path for path, entry in now.items() if path not in self.patch.paths and entry != self.base.entry(path)
        ]
        if unseen:
            raise GitError(
                f"git apply wrote {unseen[0]!r}, which our reader of the patch did not see; report this patch"
            )
        changed = {path: now.get(path) for path in self.patch.paths if now.get(path) != self.base.entry(path)}
        return PatchedTree(self.scratch, self.base, changed)

    def _misfits(self, err: str) -> Iterable[Misfit]:
        """Turn git's complaints into reasons; git names the first bad hunk of each file."""
        by_path = {path: file for file in self.patch.files for path in (file.old_path, file.path) if path}
        explained: set[str] = set()
        for match in _NO_DATA.finditer(err):
            explained.add(match[1])
            yield Misfit(
                path=match[1], hunk=None, line=None, why="a binary change without its data; use git diff --binary"
            )
        for match in _FAILED.finditer(err):
            file = by_path.get(match[1])
            explained.add(match[1])
            yield self._explain(file, match[1], int(match[2]))
        for complaint in _ERROR.findall(err):
            path, _, why = complaint.partition(": ")
            if path in by_path and path not in explained and why:
                explained.add(path)
                yield Misfit(path=path, hunk=None, line=None, why=_PLAIN.get(why, why))
        if not explained:
            yield Misfit(path="", hunk=None, line=None, why=_first_error(err))

    def _explain(self, file: FileChange | None, path: str, line: int) -> Misfit:
        source = self.base.read(file.old_path) if file and file.old_path else None
        if file is None or source is None:
            return Misfit(path=path, hunk=None, line=line, why="the file is not in the base")
        old = [text.removesuffix("\n") for text in split_lines(decode(source))]
        for number, hunk in enumerate(file.hunks, 1):
            if hunk.old_start == line or (hunk.old_start == 0 and line == 1):
                return Misfit(path=path, hunk=number, line=line, why=_difference(old, hunk))
        return Misfit(path=path, hunk=None, line=line, why="the lines it expects are not in the base")


def _offsets(err: str) -> dict[tuple[int, int], int]:
    """Read from git's report how far hunks moved, by position of the file in the patch and number of the hunk."""
    offsets: dict[tuple[int, int], int] = {}
    file = -1
    for line in err.splitlines():
        if line.startswith("Checking patch "):
            file += 1
        elif moved := _OFFSET.match(line):
            offsets[file, int(moved[1])] = int(moved[2])
    return offsets


def _moved(patch: Patch, offsets: dict[tuple[int, int], int]) -> Patch:
    """Return the patch with its hunks at the lines where they applied, which is what rules ask about."""
    if not offsets:
        return patch
    files = (
        replace(file, hunks=tuple(_moved_hunks(file, {n: by for (f, n), by in offsets.items() if f == at})))
        for at, file in enumerate(patch.files)
    )
    return replace(patch, files=tuple(files))


def _moved_hunks(file: FileChange, offsets: dict[int, int]) -> Iterable[Hunk]:
    growth = 0
    for number, hunk in enumerate(file.hunks, 1):
        by = offsets.get(number, 0)
        # Git counts from the new side; where the old side lies follows from what came before.
        old_by = hunk.new_start + by - growth - hunk.old_start if by and hunk.old_count and hunk.new_count else by
        yield hunk.moved(old_by, by)
        growth += hunk.new_count - hunk.old_count


_PLAIN = {
    "does not exist in index": "the file is not in the base",
    "already exists in index": "the patch creates the file, but the base has it already",
}


def _difference(old: list[str], hunk: Hunk) -> str:
    """Say where the pre-image of a hunk first differs from the base."""
    wanted = [line.text for line in hunk.lines if line.kind != "+"]
    here = old[max(hunk.old_start - 1, 0) :][: len(wanted)]
    for ahead, (expected, actual) in enumerate(zip(wanted, here, strict=False)):
        if expected != actual:
            number = hunk.old_start + ahead
            return f"base line {number} is {_short(actual)}, the patch expects {_short(expected)}"
    if len(here) < len(wanted):
        return f"the base ends at line {len(old)}, the patch expects {_short(wanted[len(here)])} after it"
    if hunk.lines[-1].kind != " " and hunk.old_start - 1 + len(wanted) < len(old):
        return "it ends without a context line, so git looks for it at the end of the file only"
    return "its context matches, but an earlier hunk of the file has moved it"


def _short(text: str) -> str:
    text = text.strip()
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _first_error(err: str) -> str:
    match = _ERROR.search(err)
    return match[1] if match else err.strip()[:200]


def _corrupt_line(err: str) -> int:
    match = re.search(r"corrupt patch at line (\d+)", err)
    return int(match[1]) if match else 0


def _with_ancestors(paths: Iterable[str]) -> list[str]:
    """Each path and the folders above it: a file or link standing there must be seen by git."""
    seen: dict[str, None] = {}
    for path in paths:
        for parent in reversed(PurePosixPath(path).parents):
            if str(parent) != ".":
                seen[str(parent)] = None
        seen[path] = None
    return list(seen)


def _unsafe(base: SourceTree, patch: Patch) -> Iterable[Misfit]:
    for file in patch.files:
        for path in dict.fromkeys((file.old_path, file.new_path)):
            if path is not None and (why := _path_fault(base, path)):
                yield Misfit(path=path, hunk=None, line=None, why=why)
        if file.new_mode == SYMLINK or file.old_mode == SYMLINK:
            target = "".join(line.text for line in file.added)
            if file.added and _escapes(file.path, target):
                yield Misfit(path=file.path, hunk=None, line=None, why=f"a link to {target!r}, outside the tree")


def _path_fault(base: SourceTree, path: str) -> str | None:
    parts = path.split("/")
    if path.startswith("/"):
        return "an absolute path"
    if ".." in parts or "." in parts or "" in parts:
        return "a path that leaves the tree or is not normal ('..', '.' or '//')"
    if any(part.lower().rstrip(". ") == ".git" or part.lower() == "git~1" for part in parts):
        return "a path inside a .git directory"
    if "\0" in path or "\n" in path:
        return "a path with a control character"
    for depth in range(1, len(parts)):
        above = base.entry("/".join(parts[:depth]))
        if above is not None and above.mode == SYMLINK:
            return f"a path through the symbolic link {'/'.join(parts[:depth])!r}"
    return None


def _settled(base: SourceTree, file: FileChange) -> FileChange:
    """A section without a `diff --git` line creates its file where there is none and none is expected."""
    creates = file.status == "modified" and len(file.hunks) == 1 and file.hunks[0].old_count == 0
    if creates and base.entry(file.path) is None:
        return replace(file, status="added", old_path=None)
    return file


def _onto_folders(base: SourceTree, patch: Patch) -> Iterable[Misfit]:
    """Files created where the base has a folder, which an index of the touched paths alone cannot see."""
    left = [file.old_path for file in patch.files if file.old_path and file.old_path != file.new_path]
    for file in patch.files:
        here = base.entry(file.new_path) if file.new_path is not None else None
        if here is not None and here.mode == DIRECTORY and not any(path.startswith(f"{file.path}/") for path in left):
            why = "the patch creates the file, but the base has a folder of that name"
            yield Misfit(path=file.path, hunk=None, line=None, why=why)


def _leading_out(after: PatchedTree) -> Iterable[Misfit]:
    for path, entry in after.changed.items():
        if entry is not None and entry.mode == SYMLINK:
            target = decode(after.read(path) or b"")
            if _escapes(path, target):
                yield Misfit(path=path, hunk=None, line=None, why=f"a link to {target!r}, outside the tree")


def _in_submodules(base: SourceTree, patch: Patch) -> Iterable[Misfit]:
    for file in patch.files:
        parts = file.path.split("/")
        here = (base.entry("/".join(parts[:depth])) for depth in range(1, len(parts) + 1))
        if SUBMODULE in (file.old_mode, file.new_mode) or any(entry and entry.mode == SUBMODULE for entry in here):
            yield Misfit(path=file.path, hunk=None, line=None, why="part of a submodule")


def _escapes(link: str, target: str) -> bool:
    """Whether a link may lead out of the tree; `..` behind a name counts, as that name may be a link itself."""
    parts = target.split("/")
    climbs = next((n for n, part in enumerate(parts) if part not in ("..", ".", "")), len(parts))
    depth = len(PurePosixPath(link).parent.parts)
    return target.startswith("/") or parts[:climbs].count("..") > depth or ".." in parts[climbs:]


def touched_lines(lines: Iterable[DiffLine]) -> frozenset[int]:
    """Return the line numbers (1-based, of their own side) of added or removed lines."""
    return frozenset(number for line in lines if (number := line.new if line.kind == "+" else line.old) is not None)
