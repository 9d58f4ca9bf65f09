"""A patch is applied as git would, to whatever holds the source, and nothing of the user's is written."""

# ruff: noqa: E501 - the tables of patches read best with one patch in a row
from __future__ import annotations

import base64
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import applied_by_git, commit, diff_of, git, listing, make_repo

from judge.static_checks.repo.apply import (
    Application,
    Applied,
    OutOfReach,
    Refused,
    Unreadable,
    Unsafe,
    apply_patch,
)
from judge.static_checks.repo.git import GitError, Repository, ScratchRepository
from judge.static_checks.repo.tree import DirectoryTree, GitTree, SourceTree

NUMBERED = "".join(f"line {n}\n" for n in range(1, 41))
BASE: dict[str, bytes | str | None] = {
    "lib/core.py": NUMBERED,
    "lib/util.py": "def f():\n    return 1\n",
    "lib/bin": bytes(range(256)),
    "open": "1\n2",
    "café/nom é.py": "x = 1\n",
    "latin.txt": b"caf\xe9\n",
    "tool": "#!/bin/sh\n",
}


@dataclass(frozen=True)
class Workspace:
    """A repository, its base tree, and the scratch repository over it."""

    repo: Path
    scratch: ScratchRepository
    tree: SourceTree

    def apply(self, patch: bytes | str) -> Application:
        return apply_patch(self.scratch, self.tree, patch if isinstance(patch, bytes) else patch.encode())


def open_workspace(place: Path) -> Workspace:
    """Open a repository at its checked-out commit, or a plain directory as it is."""
    repository = Repository.open(place)
    scratch = ScratchRepository(repository)
    if repository is None:
        return Workspace(place, scratch, DirectoryTree(scratch, place))
    return Workspace(place, scratch, GitTree(scratch, repository.resolve("HEAD")))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """BASE in a repository, with a link inside, a link to a folder, and a submodule."""
    repo = tmp_path_factory.mktemp("application") / "repo"
    make_repo(repo, BASE)
    (repo / "link").symlink_to("lib/core.py")
    (repo / "folder").symlink_to("lib")
    (repo / "tool").chmod(0o755)
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/sub")
    (repo / "vendor/sub").mkdir(parents=True)
    commit(repo, {})
    opened = open_workspace(repo)
    yield opened
    opened.scratch.close()


def contents(applied: Application) -> dict[str, bytes | None]:
    assert isinstance(applied, Applied), applied
    return {path: applied.after.read(path) for path in applied.after.changed}


def edited(text: str, line: int, new: str) -> str:
    lines = text.splitlines(keepends=True)
    lines[line - 1] = new + "\n"
    return "".join(lines)


EDITS: dict[str, dict[str, bytes | str | None]] = {
    "two hunks": {"lib/core.py": edited(edited(NUMBERED, 3, "three"), 30, "thirty")},
    "new, deleted, nested": {"lib/util.py": None, "new/deep/file.py": "x\n", "empty": ""},
    "file in place of its folder": {"café/nom é.py": None, "café": "now a file\n"},
    "folder in place of a file": {"tool": None, "tool/main.sh": "#!/bin/sh\n"},
    "binary": {"lib/bin": bytes(reversed(range(256))), "lib/other": b"\0" * 1000},
    "no newline at the end": {"open": "1\ntwo", "lib/util.py": "def f():\n    return 2"},
    "names and bytes beyond ASCII": {"café/nom é.py": "x = 2\n", "latin.txt": b"th\xe9\n", "Ωmega\t.py": b"\xff\n"},
    "CRLF": {"lib/util.py": "def f():\r\n    return 1\r\n"},
}


@pytest.mark.parametrize("name", EDITS)
def test_applies_exactly_as_git(workspace: Workspace, name: str) -> None:
    """Every touched path gets the mode and bytes that a real `git apply --cached` gives it."""
    made = diff_of(workspace.repo, EDITS[name], "--binary")
    real = applied_by_git(workspace.repo, made)
    applied = workspace.apply(made)
    assert isinstance(applied, Applied) and real is not None
    assert applied.offsets == () and applied.patch.repairs == ()
    assert set(applied.after.changed) == set(EDITS[name])
    for path, content in EDITS[name].items():
        entry = applied.after.entry(path)
        if entry is not None and entry.mode == "040000":  # a folder now stands where the file was
            continue
        assert (entry.mode, applied.after.read(path)) == real[path] if entry else path not in real
        assert content is None or applied.after.read(path) == (
            content.encode() if isinstance(content, str) else content
        )


def test_rename_copy_and_mode(workspace: Workspace) -> None:
    """A rename leaves nothing behind, a copy leaves its source, a mode change keeps the bytes."""
    moved = "diff --git a/lib/util.py b/lib/moved.py\nsimilarity index 100%\nrename from lib/util.py\nrename to lib/moved.py\n"
    assert contents(workspace.apply(moved)) == {"lib/util.py": None, "lib/moved.py": b"def f():\n    return 1\n"}
    copied = workspace.apply(moved.replace("rename ", "copy "))
    assert contents(copied) == {"lib/moved.py": b"def f():\n    return 1\n"}
    mode = workspace.apply("diff --git a/lib/util.py b/lib/util.py\nold mode 100644\nnew mode 100755\n")
    assert isinstance(mode, Applied)
    entry = mode.after.entry("lib/util.py")
    assert (
        entry is not None and entry.mode == "100755" and mode.after.read("lib/util.py") == b"def f():\n    return 1\n"
    )


def hunk(start: int, *lines: str) -> str:
    old = sum(line[0] != "+" for line in lines)
    new = sum(line[0] != "-" for line in lines)
    return f"@@ -{start},{old} +{start},{new} @@\n" + "".join(f"{line}\n" for line in lines)


CORE = "--- a/lib/core.py\n+++ b/lib/core.py\n"


def test_offset_is_reported(workspace: Workspace) -> None:
    """A hunk found elsewhere applies, and by how many lines it moved is on record."""
    applied = workspace.apply(CORE + hunk(5, " line 9", "-line 10", "+ten", " line 11"))
    assert isinstance(applied, Applied) and applied.offsets == (4,)
    back = workspace.apply(CORE + hunk(20, " line 9", "-line 10", "+ten", " line 11"))
    assert isinstance(back, Applied) and back.offsets == (-11,)


def test_lines_are_where_the_hunk_applied(workspace: Workspace) -> None:
    """After an offset, lines are numbered as they stand in the files, not as the headers said."""
    both = (
        CORE
        + hunk(5, " line 9", "-line 10", "+ten", "+more", " line 11")
        + hunk(20, " line 29", "-line 30", " line 31")
    )
    moved = workspace.apply(both)
    assert isinstance(moved, Applied) and len(moved.offsets) == 2
    text = (moved.after.read("lib/core.py") or b"").decode().split("\n")
    (file,) = moved.patch.files
    assert [text[line.new - 1] for line in file.added if line.new] == ["ten", "more"]
    assert [line.old for line in file.removed] == [10, 30]


UTIL = "--- a/lib/util.py\n+++ b/lib/util.py\n"
REFUSED = {
    "second hunk": (CORE + hunk(1, " line 1", "-line 2", "+two", " line 3") + hunk(9, " line 9", "-line ten", "+10", " line 11"),
                    ("lib/core.py", 2, 9, "base line 10 is 'line 10', the patch expects 'line ten'")),
    "end of the file expected": (CORE + hunk(1, " line 1", "-line 2", "+two"),
                                 ("lib/core.py", 1, 1, "it ends without a context line, so git looks for it at the end of the file only")),
    "past the end": (CORE + hunk(40, " line 40", "-line 41", "+41"),
                     ("lib/core.py", 1, 40, "the base ends at line 40, the patch expects 'line 41' after it")),
    "file not there": (f"--- a/gone.py\n+++ b/gone.py\n{hunk(1, '-a', '+b')}", ("gone.py", None, None, "the file is not in the base")),
    "file there already": ("diff --git a/open b/open\nnew file mode 100644\n--- /dev/null\n+++ b/open\n@@ -0,0 +1 @@\n+1\n",
                           ("open", None, None, "the patch creates the file, but the base has it already")),
    "folder of that name": ("--- /dev/null\n+++ b/lib\n@@ -0,0 +1 @@\n+1\n",
                            ("lib", None, None, "the patch creates the file, but the base has a folder of that name")),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refusal_says_where_and_why(workspace: Workspace, name: str) -> None:
    """A patch that does not fit names file, hunk, line, and what stands there instead; git refuses it too."""
    patch, expected = REFUSED[name]
    assert applied_by_git(workspace.repo, patch.encode()) is None
    refused = workspace.apply(patch)
    assert isinstance(refused, Refused) and not refused.reverse_applies
    (misfit,) = refused.misfits
    assert (misfit.path, misfit.hunk, misfit.line, misfit.why) == expected


def test_file_in_the_way_of_a_folder(workspace: Workspace) -> None:
    """A file cannot be created below a file of the base."""
    patch = "--- /dev/null\n+++ b/open/x.py\n@@ -0,0 +1 @@\n+1\n"
    assert applied_by_git(workspace.repo, patch.encode()) is None
    refused = workspace.apply(patch)
    assert isinstance(refused, Refused) and refused.misfits


def test_one_bad_file_refuses_all(workspace: Workspace) -> None:
    """Partial is not applied: every file that does not fit is named, and nothing is applied."""
    good = CORE + hunk(1, "-line 1", "+one", " line 2")
    bad = UTIL + hunk(1, "-def g():", "+def h():", "     return 1")
    refused = workspace.apply(good + bad + "--- a/gone\n+++ b/gone\n" + hunk(1, "-line 0", "+0"))
    assert isinstance(refused, Refused)
    assert {misfit.path for misfit in refused.misfits} == {"lib/util.py", "gone"}


def test_already_applied(workspace: Workspace) -> None:
    """A patch whose result is already there does not apply, and is known for what it is."""
    refused = workspace.apply(UTIL + hunk(1, "-def old():", "+def f():", "     return 1"))
    assert isinstance(refused, Refused) and refused.reverse_applies


def test_plain_section_creates_an_absent_file(workspace: Workspace) -> None:
    """Without a `diff --git` line, a hunk that expects nothing creates the file where there is none."""
    applied = workspace.apply("--- a/n.py\n+++ b/n.py\n@@ -0,0 +1 @@\n+1\n")
    assert contents(applied) == {"n.py": b"1\n"}
    assert isinstance(applied, Applied)
    assert [(file.status, file.old_path) for file in applied.patch.files] == [("added", None)]


def creating(path: str, *, mode: str = "100644", line: str = "1") -> str:
    return (
        f"diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{line}\n"
        "\\ No newline at end of file\n"
    )


LINK = "120000"
UNSAFE = {
    "absolute": ("--- /dev/null\n+++ b//etc/cron\n@@ -0,0 +1 @@\n+1\n", "an absolute path"),
    "parent": (creating("../x"), "a path that leaves the tree"),
    "parent inside": (creating("lib/../../x"), "a path that leaves the tree"),
    ".git": (creating(".git/hooks/post-checkout"), "a path inside a .git directory"),
    ".GIT": (creating("lib/.GIT/config"), "a path inside a .git directory"),
    ".git with a dot": (creating(".git./config"), "a path inside a .git directory"),
    "short name of .git": (creating("GIT~1/config"), "a path inside a .git directory"),
    "through a link": (creating("folder/new.py"), "a path through the symbolic link 'folder'"),
    "rename out": ("diff --git a/open b/x\nsimilarity index 100%\nrename from open\nrename to ../x\n", "leaves the tree"),
    "link to an absolute path": (creating("evil", mode=LINK, line="/etc/passwd"), "a link to '/etc/passwd', outside"),
    "link to a parent": (creating("lib/evil", mode=LINK, line="../../x"), "a link to '../../x', outside"),
    "link through another link": (creating("evil", mode=LINK, line="folder/../x"), "a link to 'folder/../x', outside"),
    "link in other mode bits": (creating("evil", mode="0120777", line="/etc"), "a link to '/etc', outside"),
    "existing link, plain section": (
        "--- a/link\n+++ b/link\n@@ -1 +1 @@\n-lib/core.py\n\\ No newline at end of file\n+/etc/passwd\n"
        "\\ No newline at end of file\n", "a link to '/etc/passwd', outside"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSAFE)
def test_unsafe_paths_are_refused(workspace: Workspace, name: str) -> None:
    """No path or link of a patch leads out of the tree, or into git's own folder."""
    patch, why = UNSAFE[name]
    unsafe = workspace.apply(patch)
    assert isinstance(unsafe, Unsafe), unsafe
    assert why in unsafe.misfits[0].why


def test_link_as_binary_data_is_seen(workspace: Workspace) -> None:
    """A link whose target comes as binary data is held to the same rule, for the result is looked at."""
    target = b"/etc"
    oid = git(workspace.repo, "hash-object", "--stdin", stdin=target).out.decode().strip()
    packed = zlib.compress(target)
    made = (
        f"diff --git a/evil b/evil\nnew file mode {LINK}\nindex {'0' * 40}..{oid}\nGIT binary patch\nliteral {len(target)}\n"
        f"{chr(ord('A') + len(packed) - 1)}{base64.b85encode(packed, pad=True).decode()}\n\n"
    )
    assert applied_by_git(workspace.repo, made.encode()) is not None
    unsafe = workspace.apply(made)
    assert isinstance(unsafe, Unsafe) and "'/etc'" in unsafe.misfits[0].why


@pytest.mark.parametrize(
    ("link", "target"), [("alias", "lib/core.py"), ("lib/alias", "../open"), ("lib/x", "./util.py")]
)
def test_link_inside_is_fine(workspace: Workspace, link: str, target: str) -> None:
    """A link that stays inside the tree applies, and reads as its target's name."""
    assert contents(workspace.apply(creating(link, mode=LINK, line=target))) == {link: target.encode()}


SUB = "diff --git a/vendor/sub b/vendor/sub\nindex 1111111..2222222 160000\n--- a/vendor/sub\n+++ b/vendor/sub\n"
SUBMODULES = {
    "moved": SUB + f"@@ -1 +1 @@\n-Subproject commit {'1' * 40}\n+Subproject commit {'2' * 40}\n",
    "inside": "--- a/vendor/sub/x.py\n+++ b/vendor/sub/x.py\n@@ -1 +1 @@\n-1\n+2\n",
    "created inside": creating("vendor/sub/deep/x.py"),
    "new": creating("other", mode="160000", line=f"Subproject commit {'2' * 40}"),
}


@pytest.mark.parametrize("name", SUBMODULES)
def test_submodules_are_out_of_reach(workspace: Workspace, name: str) -> None:
    """What lies in a submodule cannot be judged here, and that is said of the patch, not held against it."""
    assert isinstance(workspace.apply(SUBMODULES[name]), OutOfReach)


def test_binary_without_data(workspace: Workspace) -> None:
    """A binary change without its data is refused with git's reason."""
    made = diff_of(workspace.repo, {"lib/bin": b"\0\1"})
    assert b"Binary files" in made
    refused = workspace.apply(made)
    assert isinstance(refused, Refused)
    assert [misfit.why for misfit in refused.misfits] == ["a binary change without its data; use git diff --binary"]


@pytest.mark.parametrize("text", ["", "no patch at all\n", "diff --git a/x b/x\n", CORE + "@@ -1,9 +1,9 @@\n line 1\n"])
def test_unreadable(workspace: Workspace, text: str) -> None:
    """A text that is no patch is that, not a patch that does not apply."""
    unreadable = workspace.apply(text)
    assert isinstance(unreadable, Unreadable) and unreadable.why


def test_the_source_is_never_written(workspace: Workspace) -> None:
    """After everything above, each file of the repository, git's own included, has the bytes it had."""
    before = listing(workspace.repo)
    for edit in EDITS.values():
        made = diff_of_copy(workspace.repo, edit)
        workspace.apply(made)
    for patch, _ in [*REFUSED.values(), *UNSAFE.values()]:
        workspace.apply(patch)
    assert listing(workspace.repo) == before


def diff_of_copy(repo: Path, edit: dict[str, bytes | str | None]) -> bytes:
    """Make a diff in a clone, so that the repository itself is left alone."""
    clone = repo.parent / "clone"
    if not clone.exists():
        git(repo.parent, "clone", "-q", str(repo), str(clone))
    return diff_of(clone, edit, "--binary")


def plain(repo: Path, place: Path) -> Path:
    git(repo.parent, "clone", "-q", str(repo), str(place))
    git(place, "worktree", "prune")
    for file in sorted((place / ".git").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    (place / ".git").rmdir()
    return place


def cloned(*options: str) -> Callable[[Path, Path], Path]:
    def make(repo: Path, place: Path) -> Path:
        git(repo.parent, "clone", "-q", *options, repo.as_uri() if "--depth=1" in options else str(repo), str(place))
        return place

    return make


def worktree(repo: Path, place: Path) -> Path:
    git(repo, "worktree", "add", "-q", "--detach", str(place))
    return place


def sha256(repo: Path, place: Path) -> Path:
    made = plain(repo, place)
    make_repo(made, {}, "--object-format=sha256")
    return made


def inside_another(repo: Path, place: Path) -> Path:
    make_repo(place, {"lib/util.py": "another file\n", "README": "outer\n"})
    return plain(repo, place / "inner")


PLACES: dict[str, Callable[[Path, Path], Path]] = {
    "itself": lambda repo, place: repo,
    ".git of it": lambda repo, place: repo / ".git",
    "bare": cloned("--bare"),
    "clone with borrowed objects": cloned("--shared"),
    "shallow": cloned("--depth=1"),
    "worktree": worktree,
    "SHA-256": sha256,
    "plain directory": plain,
    "plain directory inside another checkout": inside_another,
}


@pytest.mark.parametrize("kind", PLACES)
def test_every_kind_of_source_gives_the_same(kind: str, tmp_path: Path) -> None:
    """Wherever the base lies, the same patch gives the same files, refusals and modes, and writes nothing there."""
    repo = tmp_path / "repo"
    make_repo(repo, BASE)
    (repo / "tool").chmod(0o755)
    (repo / "folder").symlink_to("lib")
    commit(repo, {})
    made = diff_of(repo, EDITS["two hunks"] | {"new.py": "1\n", "tool": "#!/bin/bash\n"})
    place = PLACES[kind](repo, tmp_path / "place")
    before = listing(place)
    workspace = open_workspace(place)
    try:
        assert (Repository.open(place) is None) == kind.startswith("plain")
        applied = workspace.apply(made)
        assert contents(applied) == {
            "lib/core.py": str(EDITS["two hunks"]["lib/core.py"]).encode(),
            "new.py": b"1\n", "tool": b"#!/bin/bash\n",
        }  # fmt: skip
        assert isinstance(applied, Applied)
        entry = applied.after.entry("tool")
        assert entry is not None and entry.mode == "100755"
        assert isinstance(workspace.apply(UNSAFE["through a link"][0]), Unsafe)
        assert isinstance(workspace.apply(REFUSED["second hunk"][0]), Refused)
        assert isinstance(workspace.apply(REFUSED["folder of that name"][0]), Refused)
    finally:
        workspace.scratch.close()
    assert listing(place) == before
    assert not workspace.scratch.git_dir.exists()


def test_configuration_of_the_user_takes_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the user's nor the repository's settings, hooks or attributes change what applying does."""
    repo = tmp_path / "repo"
    make_repo(repo, {"x.py": "1\t \n2\n", ".gitattributes": "* text=auto eol=crlf whitespace=fix\n"})
    for name, value in (("core.autocrlf", "true"), ("apply.whitespace", "fix"), ("apply.ignoreWhitespace", "change")):
        git(repo, "config", name, value)
    settings = tmp_path / "gitconfig"
    settings.write_text("[apply]\n\twhitespace = fix\n\tignoreWhitespace = change\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    workspace = open_workspace(repo)
    try:
        patch = "--- a/x.py\n+++ b/x.py\n"
        assert contents(workspace.apply(patch + "@@ -1,2 +1,2 @@\n 1\t \n-2\n+two \t\n")) == {"x.py": b"1\t \ntwo \t\n"}
        assert isinstance(workspace.apply(patch + "@@ -1,2 +1,2 @@\n 1\n-2\n+two\n"), Refused)
    finally:
        workspace.scratch.close()


@pytest.mark.parametrize("lost", ["d/x", "d"])
def test_missing_objects_are_an_error(lost: str, tmp_path: Path) -> None:
    """A repository that lacks an object of the base is an error of git, never a patch that does not apply."""
    repo = tmp_path / "repo"
    make_repo(repo, {"d/x": "1\n"})
    oid = git(repo, "rev-parse", f"HEAD:{lost}").out.decode().strip()
    (repo / ".git/objects" / oid[:2] / oid[2:]).unlink()
    workspace = open_workspace(repo)
    try:
        with pytest.raises(GitError):
            workspace.apply("--- a/d/x\n+++ b/d/x\n@@ -1 +1 @@\n-1\n+2\n")
    finally:
        workspace.scratch.close()


def test_time_stamps_of_the_repository_stay(tmp_path: Path) -> None:
    """Git renews the time of a pack that holds what it writes; not that of the user's repository."""
    repo = tmp_path / "repo"
    make_repo(repo, {"a.py": "x = 2\n"})
    commit(repo, {"a.py": "x = 1\n"})
    git(repo, "gc", "--quiet")
    files = [file for file in (repo / ".git/objects").rglob("*") if file.is_file()]
    for file in files:
        os.utime(file, (1, 1))
    opened = open_workspace(repo)
    applied = opened.apply("--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n")
    assert contents(applied) == {"a.py": b"x = 2\n"}
    opened.scratch.close()
    assert [file for file in files if file.stat().st_mtime != 1] == []
