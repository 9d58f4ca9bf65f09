"""The only place that runs git: pinned environment, a limit on every wait, nothing written to the user's repository.

Work happens in a throw-away bare repository (`ScratchRepository`) that borrows the objects of the
user's repository, so neither its configuration, hooks nor refs take part when a patch is applied.
"""

from __future__ import annotations

import hashlib
import os
import select
import selectors
import shutil
import subprocess
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

GIT_TIMEOUT_S = 120.0

# `-c` wins over every configuration file; these are the settings that change what apply does.
_PINNED = (
    "-c", "core.autocrlf=false",
    "-c", "core.quotePath=true",
    "-c", "apply.whitespace=nowarn",
    "-c", "apply.ignoreWhitespace=no",
    "-c", "safe.directory=*",
    "-c", "core.fsmonitor=false",
    "-c", "gc.auto=0",
)  # fmt: skip


class GitError(RuntimeError):
    """Git could not answer: it is missing, failed, or ran past its limit."""


class RepositoryError(ValueError):
    """The named repository or revision is not there; the message says what to do next."""


class GitObject(NamedTuple):
    """One object of a repository: its type, as git names it (blob, tree, commit, tag), and its content."""

    type: str
    content: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class GitReply:
    """Exit code and streams of one finished git command."""

    code: int
    out: bytes
    err: str


def git_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which git's answers depend on its arguments alone."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
        **(extra or {}),
    }


def run_git(
    args: Sequence[str],
    *,
    git_dir: Path | None = None,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    timeout_s: float = GIT_TIMEOUT_S,
) -> GitReply:
    """Run one git command to its end; any exit code is returned, not raised.

    Raises:
        GitError: git is not installed or did not finish within `timeout_s` seconds.
    """
    where = ["--git-dir", str(git_dir)] if git_dir else []
    command = ["git", *_PINNED, *where, *args]
    with ExitStack() as files:
        # Files in memory, not pipes: nothing has to be pumped while git runs, and none can fill up.
        given, out, err = (files.enter_context(os.fdopen(os.memfd_create("git"), "w+b")) for _ in range(3))
        given.write(stdin)
        given.seek(0)
        try:
            child = subprocess.Popen(command, stdin=given, stdout=out, stderr=err, env=git_environment(env))
        except FileNotFoundError as error:
            raise GitError("git is not installed or not on PATH; install git 2.35 or newer") from error
        if not _ended(child, timeout_s):
            raise GitError(f"git {args[0]} did not finish within {timeout_s:g} s")
        return GitReply(code=child.returncode, out=_content(out), err=_content(err).decode("utf-8", "replace"))


def _ended(child: subprocess.Popen[bytes], timeout_s: float) -> bool:
    """Wait for the end of a process, and kill it at the limit; `Popen.wait` would sleep a millisecond too long."""
    try:
        with suppress(OSError), os.fdopen(os.pidfd_open(child.pid), "rb") as handle:
            waiter = select.poll()
            waiter.register(handle, select.POLLIN)
            if waiter.poll(timeout_s * 1000):
                timeout_s = 5.0
        child.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return False
    finally:
        if child.returncode is None:
            child.kill()
            child.wait()
    return True


def _content(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A git repository of the user's (bare, clone or worktree), only ever read.

    Attributes:
        git_dir: the git directory; a worktree's own, as its HEAD is not that of the main one.
        objects: where the objects are.
        shallow: the file that says where the history is cut; only a shallow clone has it.
        object_format: sha1 or sha256.
    """

    git_dir: Path
    objects: Path
    shallow: Path
    object_format: str

    @classmethod
    def open(cls, path: Path) -> Repository | None:
        """Open the repository whose top or git directory is `path`; None when it is none.

        A plain directory somewhere inside another checkout is not that repository.
        """
        git_dir = path / ".git" if (path / ".git").exists() else path
        query = ["rev-parse", "--path-format=absolute", "--git-dir", "--show-object-format",
                 "--git-path", "objects", "--git-path", "shallow"]  # fmt: skip
        reply = run_git(query, git_dir=git_dir)
        if reply.code != 0 and git_dir.is_file():  # a worktree's .git file names its git directory
            target = git_dir.read_text("utf-8", "replace").removeprefix("gitdir:").strip()
            git_dir = (path / target).resolve()
            reply = run_git(query, git_dir=git_dir)
        if reply.code != 0:
            return None
        own, object_format, objects, shallow = reply.out.decode("utf-8", "surrogateescape").split("\n")[:4]
        return cls(git_dir=Path(own), objects=Path(objects), shallow=Path(shallow), object_format=object_format)

    def resolve(self, revision: str) -> str:
        """Return the full commit id of `revision`.

        Raises:
            RepositoryError: the repository holds no such commit.
        """
        reply = run_git(["rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"],
                        git_dir=self.git_dir)  # fmt: skip
        if reply.code != 0:
            raise RepositoryError(
                f"repository {str(self.git_dir)!r} has no commit {revision!r}; "
                "fetch it into that repository, or correct the revision"
            )
        return reply.out.decode().strip()

    def diff(self, base: str, commit: str) -> bytes:
        """Return the patch from `base` to `commit`, with full blob ids and binary content."""
        reply = run_git(
            ["diff-tree", "-p", "-r", "-M", "--full-index", "--binary", "--no-ext-diff", "--no-textconv",
             "--end-of-options", base, commit],
            git_dir=self.git_dir,
        )  # fmt: skip
        if reply.code != 0:
            raise GitError(f"git diff-tree {base} {commit} failed: {reply.err.strip()}")
        return reply.out


class ScratchRepository(AbstractContextManager["ScratchRepository"]):
    """A throw-away bare repository: new objects and indexes go here, old objects are borrowed.

    Borrowed for reading only: git renews the time stamp of a pack that holds what it is about to
    write, so whatever writes is given an object store of its own that borrows nothing.
    """

    def __init__(self, source: Repository | None) -> None:
        """Create it in the temporary directory; `source` lends its objects."""
        self.source = source
        self.git_dir = Path(tempfile.mkdtemp(prefix="judge-git-"))
        self.object_format = source.object_format if source else "sha1"
        self._written = self.git_dir / "written"
        for name in ("objects/info", "refs", "written"):
            (self.git_dir / name).mkdir(parents=True)
        (self.git_dir / "HEAD").write_text("ref: refs/heads/none\n")
        version = "[core]\nrepositoryformatversion = {}\nbare = true\n"
        extension = "[extensions]\nobjectFormat = sha256\n" if self.object_format == "sha256" else ""
        (self.git_dir / "config").write_text(version.format(1 if extension else 0) + extension)
        stores = [self._written, *([source.objects] if source else [])]
        (self.git_dir / "objects/info/alternates").write_bytes(b"".join(os.fsencode(store) + b"\n" for store in stores))
        if source and source.shallow.is_file():  # where the history is cut, parents are not looked for
            shutil.copyfile(source.shallow, self.git_dir / "shallow")
        self._reader: _BatchReader | None = None
        self._serial = 0
        self._tips: bytes | None = None
        self._histories: dict[str, tuple[tuple[str, str], ...]] = {}

    def close(self) -> None:
        """Stop the reader and delete the directory."""
        if self._reader:
            self._reader.close()
            self._reader = None
        shutil.rmtree(self.git_dir, ignore_errors=True)

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, args: Sequence[str], *, stdin: bytes = b"") -> GitReply:
        """Run git inside the scratch repository, with all objects of the source in reach."""
        return run_git(args, git_dir=self.git_dir, stdin=stdin)

    def run_on_index(self, args: Sequence[str], *, index: Path, stdin: bytes) -> GitReply:
        """Run git on an index file, with only those objects in reach that `lend` or `store` put there."""
        env = {"GIT_INDEX_FILE": str(index), "GIT_OBJECT_DIRECTORY": str(self._written)}
        return run_git(args, git_dir=self.git_dir, stdin=stdin, env=env)

    def new_index(self) -> Path:
        """Return a fresh path for a temporary index file."""
        self._serial += 1
        return self.git_dir / f"index-{self._serial}"

    def read(self, name: str) -> GitObject | None:
        """Return the object called `name`, or None when there is none."""
        if self._reader is None:
            self._reader = _BatchReader(self.git_dir)
        try:
            return self._reader.read(name)
        except GitError:
            # What is left in its pipe would be taken for the answer to the next question.
            self._reader.close()
            self._reader = None
            raise

    def commits_touching(self, paths: Sequence[str], *, limit: int, tip: str | None = None) -> bytes:
        """Return the newest `limit` commits of the source, one id a line, that changed one of `paths`.

        The history is that of all refs, or of `tip` alone.

        A commit graph with changed-path filters is written to the scratch repository first: one
        second for 20,000 commits, and every question after it is ten times faster.
        """
        assert self.source is not None, "a plain directory has no history"
        if self._tips is None:
            self._tips = _answer(run_git(["rev-list", "--all", "--no-walk"], git_dir=self.source.git_dir))
            _answer(self.run(["commit-graph", "write", "--stdin-commits", "--changed-paths"], stdin=self._tips))
        tips = self._tips if tip is None else tip.encode() + b"\n"
        return _answer(self.run(["rev-list", "--stdin", f"--max-count={limit}", "--", *paths], stdin=tips))

    def changes(self, paths: Sequence[str], *, limit: int, tip: str | None = None) -> Iterator[tuple[str, str, str]]:
        """Yield (commit, path, blob it gave the path) for the newest `limit` commits that changed one of `paths`."""
        command = ["diff-tree", "--stdin", "--root", "-m", "-r", "--raw", "--no-abbrev", "--no-renames", "-z", "--"]
        listed = _answer(self.run([*command, *paths], stdin=self.commits_touching(paths, limit=limit, tip=tip)))
        commit, blob = "", None
        for word in listed.decode("utf-8", "surrogateescape").split("\0"):
            if word.startswith(":"):
                blob = word.split(" ")[3]
            elif blob is not None:
                yield commit, word, blob
                blob = None
            elif word:
                commit = word.strip().split(" ")[0]

    def history(self, path: str, *, limit: int) -> tuple[tuple[str, str], ...]:
        """Return (commit, blob it gave the path) of the commits that changed one path; kept for the next question.

        Much faster than for several paths at once: git uses the changed-path filters for one path only.
        """
        if path not in self._histories:
            self._histories[path] = tuple((commit, blob) for commit, _, blob in self.changes((path,), limit=limit))
        return self._histories[path]

    def store(self, content: bytes) -> str:
        """Write a blob to the scratch repository and return its id."""
        whole = b"blob %d\0" % len(content) + content
        oid = hashlib.new(self.object_format, whole).hexdigest()
        file = self._written / oid[:2] / oid[2:]
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(zlib.compress(whole, 1))
        return oid

    def lend(self, oid: str) -> None:
        """Put a blob of the source where `run_on_index` reaches it.

        Raises:
            GitError: the source does not hold it.
        """
        if (self._written / oid[:2] / oid[2:]).exists():
            return
        blob = self.read(oid)
        if blob is None:
            raise GitError(f"object {oid} is missing from the repository (a shallow or partial clone?)")
        self.store(blob.content)


def _answer(reply: GitReply) -> bytes:
    if reply.code != 0:
        raise GitError(f"git could not read the history: {reply.err.strip()[:300]}")
    return reply.out


class _BatchReader:
    """One `git cat-file --batch` kept open: 0.1 ms an object instead of a process each."""

    def __init__(self, git_dir: Path) -> None:
        command = ["git", *_PINNED, "--git-dir", str(git_dir), "cat-file", "--batch"]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=git_environment(), bufsize=0,
        )  # fmt: skip
        assert self._child.stdout is not None
        self._buffer = bytearray()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._child.stdout, selectors.EVENT_READ)

    def read(self, name: str) -> GitObject | None:
        if "\n" in name:
            return None
        assert self._child.stdin is not None
        deadline = time.monotonic() + GIT_TIMEOUT_S
        try:
            self._child.stdin.write(name.encode("utf-8", "surrogateescape") + b"\n")
        except BrokenPipeError as error:
            raise GitError("git cat-file ended early") from error
        header = self._take_line(deadline)
        words = header.rsplit(" ", 2)
        if len(words) != 3 or not words[2].isdigit():
            return None  # "NAME missing" or "NAME ambiguous"
        content = self._take(int(words[2]) + 1, deadline)
        return GitObject(words[1], bytes(content[:-1]))

    def _take_line(self, deadline: float) -> str:
        while (end := self._buffer.find(b"\n")) < 0:
            self._fill(deadline)
        return self._take(end + 1, deadline)[:-1].decode("utf-8", "surrogateescape")

    def _take(self, count: int, deadline: float) -> bytearray:
        while len(self._buffer) < count:
            self._fill(deadline)
        taken = self._buffer[:count]
        del self._buffer[:count]
        return taken

    def _fill(self, deadline: float) -> None:
        if not self._selector.select(max(0.0, deadline - time.monotonic())):
            raise GitError(f"git cat-file did not answer within {GIT_TIMEOUT_S:g} s")
        assert self._child.stdout is not None
        chunk = os.read(self._child.stdout.fileno(), 1 << 20)
        if not chunk:
            raise GitError("git cat-file ended early")
        self._buffer += chunk

    def close(self) -> None:
        self._selector.close()
        for stream in (self._child.stdin, self._child.stdout):
            if stream:
                stream.close()
        try:
            self._child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
