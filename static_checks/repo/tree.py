"""Read-only source trees: a git revision, a plain directory, and a patched overlay on either."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from judge.static_checks.repo.git import GitError, ScratchRepository

SYMLINK, SUBMODULE, DIRECTORY = "120000", "160000", "040000"
_MAX_GREP_BYTES = 4 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One path of a tree: git mode (six octal digits) and object id."""

    mode: str
    oid: str


class SourceTree(Protocol):
    """What the rules may ask of a source tree; paths are POSIX, relative to its top."""

    def entry(self, path: str) -> Entry | None:
        """Return the entry at `path`, or None when nothing is there."""

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes (a symlink's target), or None when it is no file."""

    def mentions(self, words: Iterable[str], *, outside: frozenset[str]) -> frozenset[str]:
        """Return those of `words` that occur as whole words in a Python file not in `outside`."""


class GitTree:
    """The tree of one commit, read through a scratch repository that borrows its objects."""

    def __init__(self, scratch: ScratchRepository, commit: str) -> None:
        """Open the tree of `commit` (a full id, or any name of a commit or tree)."""
        self.scratch = scratch
        self.commit = commit
        self._folders: dict[str, dict[str, Entry]] = {}

    def entry(self, path: str) -> Entry | None:
        """Return the entry at `path`, or None when nothing is there."""
        pure = PurePosixPath(path)
        if not pure.parts or pure.is_absolute() or ".." in pure.parts:
            return None
        parent = str(pure.parent)
        folder = self._folder("" if parent == "." else parent)
        return folder.get(pure.name)

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes (a symlink's target), or None when it is no file."""
        entry = self.entry(path)
        if entry is None or entry.mode in (SUBMODULE, DIRECTORY):
            return None
        blob = self.scratch.read(entry.oid)
        if blob is None:
            raise GitError(
                f"object {entry.oid} of {path!r} is missing from the repository (a shallow or partial clone?)"
            )
        return blob.content

    def mentions(self, words: Iterable[str], *, outside: frozenset[str]) -> frozenset[str]:
        """Return those of `words` that occur as whole words in a Python file not in `outside`."""
        wanted = sorted(set(words))
        if not wanted:
            return frozenset()
        patterns = [part for word in wanted for part in ("-e", word)]
        excluded = [f":(exclude,literal,top){path}" for path in sorted(outside)]
        done = self.scratch.run(["grep", "-h", "-o", "-w", "-F", *patterns, self.commit, "--", "*.py", *excluded])
        if done.code not in (0, 1):
            raise GitError(f"git grep failed: {done.err.strip()}")
        return frozenset(done.out.decode("utf-8", "replace").split("\n")) & frozenset(wanted)

    def _folder(self, path: str) -> dict[str, Entry]:
        known = self._folders.get(path)
        if known is None:
            known = self._folders[path] = dict(self._read_folder(path))
        return known

    def _read_folder(self, path: str) -> Iterator[tuple[str, Entry]]:
        if path:
            entry = self.entry(path)
            name = entry.oid if entry and entry.mode == DIRECTORY else None
        else:
            name = self.commit + "^{tree}"
        tree = self.scratch.read(name) if name else None
        if tree is None or tree.type != "tree":
            if not path or name:
                raise GitError(f"the tree of {path!r} in commit {self.commit} cannot be read (a partial clone?)")
            return
        yield from _parse_tree(
            tree.content, 32 if self.scratch.source and self.scratch.source.object_format == "sha256" else 20
        )


def _parse_tree(content: bytes, id_bytes: int) -> Iterator[tuple[str, Entry]]:
    at = 0
    while at < len(content):
        space, end = content.index(b" ", at), content.index(b"\0", at)
        mode = content[at:space].decode().zfill(6)
        name = content[space + 1 : end].decode("utf-8", "surrogateescape")
        at = end + 1 + id_bytes
        yield name, Entry(mode=mode, oid=content[end + 1 : at].hex())


class DirectoryTree:
    """A plain source directory; object ids are made on demand in the scratch repository."""

    def __init__(self, scratch: ScratchRepository, root: Path) -> None:
        """Open the directory `root`, which is read and never written to."""
        self.scratch = scratch
        self.root = root
        self._oids: dict[str, str] = {}

    def entry(self, path: str) -> Entry | None:
        """Return the entry at `path`, or None when nothing is there."""
        pure = PurePosixPath(path)
        if not pure.parts or pure.is_absolute() or ".." in pure.parts or ".git" in pure.parts:
            return None
        if any((self.root / parent).is_symlink() for parent in list(pure.parents)[:-1]):
            return None  # as in git: what lies behind a link is not part of the tree
        try:
            kind = (self.root / path).lstat().st_mode
        except OSError:
            return None
        if stat.S_ISDIR(kind):
            return Entry(mode=DIRECTORY, oid="")
        mode = SYMLINK if stat.S_ISLNK(kind) else "100755" if kind & 0o100 else "100644"
        if path not in self._oids:
            self._oids[path] = self.scratch.store(self._content(path, mode))
        return Entry(mode=mode, oid=self._oids[path])

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes (a symlink's target), or None when it is no file."""
        entry = self.entry(path)
        return None if entry is None or entry.mode == DIRECTORY else self._content(path, entry.mode)

    def mentions(self, words: Iterable[str], *, outside: frozenset[str]) -> frozenset[str]:
        """Return those of `words` that occur as whole words in a Python file not in `outside`."""
        left = set(words)
        mentioned: set[str] = set()
        for file in self.root.rglob("*.py"):
            if not left:
                break
            if file.relative_to(self.root).as_posix() in outside or file.is_symlink() or not file.is_file():
                continue
            if file.stat().st_size <= _MAX_GREP_BYTES:
                mentioned |= words_in(file.read_bytes(), left)
                left -= mentioned
        return frozenset(mentioned)

    def _content(self, path: str, mode: str) -> bytes:
        file = self.root / path
        return str(file.readlink()).encode("utf-8", "surrogateescape") if mode == SYMLINK else file.read_bytes()


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenFile:
    """A file as a patch leaves it: its git mode, and its bytes (a symlink's target)."""

    mode: str
    content: bytes


class PatchedTree:
    """A tree with a patch applied: the touched paths lie over the base, None marks a deletion."""

    def __init__(self, scratch: ScratchRepository, base: SourceTree, changed: Mapping[str, Entry | None]) -> None:
        """Lay `changed` over `base`."""
        self.scratch = scratch
        self.base = base
        self.changed = dict(changed)

    def entry(self, path: str) -> Entry | None:
        """Return the entry at `path`, or None when nothing is there."""
        return self.changed[path] if path in self.changed else self.base.entry(path)

    def written(self) -> dict[str, WrittenFile | None]:
        """Return the touched paths as they are after the patch; None where nothing is left, or a submodule."""
        contents = ((path, entry, self.read(path)) for path, entry in self.changed.items())
        return {
            path: WrittenFile(mode=entry.mode, content=content) if entry and content is not None else None
            for path, entry, content in contents
        }

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes (a symlink's target), or None when it is no file."""
        if path not in self.changed:
            return self.base.read(path)
        entry = self.changed[path]
        if entry is None or entry.mode == SUBMODULE:
            return None
        blob = self.scratch.read(entry.oid)
        if blob is None:
            raise GitError(f"object {entry.oid} of {path!r} is missing after the patch was applied")
        return blob.content

    def mentions(self, words: Iterable[str], *, outside: frozenset[str]) -> frozenset[str]:
        """Return those of `words` that occur as whole words in a Python file not in `outside`."""
        wanted = set(words)
        mentioned: set[str] = set()
        for path in self.changed:
            if path.endswith(".py") and path not in outside and (content := self.read(path)) is not None:
                mentioned |= words_in(content, wanted - mentioned)
        return frozenset(mentioned) | self.base.mentions(wanted - mentioned, outside=outside | frozenset(self.changed))


def words_in(content: bytes, words: Iterable[str]) -> set[str]:
    """Return those of `words` that occur as whole words in `content`."""
    return {word for word in words if re.search(rb"\b" + re.escape(word.encode()) + rb"\b", content)}
