"""Real git for the tests: small repositories with commits, and the diffs that git makes of them."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""
_IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "core.autocrlf=false")


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One finished git command."""

    code: int
    out: bytes
    err: str


def git(folder: Path, *args: str, stdin: bytes = b"", check: bool = True) -> Ran:
    """Run git in `folder`, away from the configuration of whoever runs the tests."""
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    done = subprocess.run(["git", *_IDENTITY, *args], cwd=folder, input=stdin, capture_output=True, env=env, timeout=60)
    ran = Ran(code=done.returncode, out=done.stdout, err=done.stderr.decode("utf-8", "replace"))
    assert not check or ran.code == 0, (args, ran.err)
    return ran


def write(folder: Path, files: Mapping[str, bytes | str | None]) -> None:
    """Write files (None deletes one) without touching their line ends."""
    for name in [name for name, content in files.items() if content is None]:
        (folder / name).unlink()
        if (folder / name).parent != folder and not any((folder / name).parent.iterdir()):
            (folder / name).parent.rmdir()
    for name, content in files.items():
        file = folder / name
        if content is None:
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())


def make_repo(folder: Path, files: Mapping[str, bytes | str | None], *options: str) -> str:
    """Make a repository with one commit of `files`, plus what already lies there; return the commit."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main", *options)
    write(folder, files)
    return commit(folder, {})


def commit(folder: Path, files: Mapping[str, bytes | str | None]) -> str:
    """Write files, commit everything, and return the commit's full id."""
    write(folder, files)
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "--allow-empty", "-m", "change")
    return head(folder)


def head(folder: Path) -> str:
    """Return the commit checked out in `folder`."""
    return git(folder, "rev-parse", "HEAD").out.decode().strip()


def diff(folder: Path, *args: str) -> bytes:
    """Return what `git diff` says, by default of the work tree against the commit checked out."""
    return git(folder, "diff", *(args or ("HEAD",))).out


def diff_of(folder: Path, files: Mapping[str, bytes | str | None], *options: str) -> bytes:
    """Return the diff that these edits make (new files too), and undo them."""
    write(folder, files)
    git(folder, "add", "-A", "-f")
    made = diff(folder, "--cached", *options)
    git(folder, "reset", "-q", "--hard")
    return made


def applied_by_git(folder: Path, patch: bytes, strip: int = 1) -> dict[str, tuple[str, bytes]] | None:
    """Return (mode, content) of every file after a real `git apply --cached`, None when git refuses."""
    git(folder, "read-tree", "HEAD")
    done = git(folder, "apply", "--cached", f"-p{strip}", "-", stdin=patch, check=False)
    (folder / ".git/index.lock").unlink(missing_ok=True)  # left behind where git dies of an assertion
    files = index_of(folder)
    git(folder, "read-tree", "HEAD")
    return files if done.code == 0 else None


def index_of(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Return (mode, content) of every file in the index; a submodule's content is its commit id."""
    files = {}
    for row in git(folder, "ls-files", "-s", "-z").out.decode("utf-8", "surrogateescape").split("\0"):
        if row:
            meta, _, path = row.partition("\t")
            mode, oid, _ = meta.split(" ")
            content = oid.encode() if mode == "160000" else git(folder, "cat-file", "blob", oid).out
            files[path] = (mode, content)
    return files


def listing(folder: Path) -> dict[str, str]:
    """Return a digest of everything below `folder`, to show that nothing was written."""
    files = {}
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.is_symlink():
            files[name] = f"link to {file.readlink()}"
        elif file.is_file():
            files[name] = hashlib.sha256(file.read_bytes()).hexdigest()
        else:
            files[name] = "folder"
    return files
