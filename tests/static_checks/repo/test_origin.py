"""The commit a patch was really made against is found by its pre-image blobs, with its distance from the base."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import commit, diff, git, make_repo, write

from judge.static_checks.patch.parse import parse_patch
from judge.static_checks.repo.git import Repository, ScratchRepository
from judge.static_checks.repo.origin import Origin, UnknownOrigin, find_origin


class History:
    """main: c0 .. c5, each changing `a` and every second one `b`; `side` leaves main at c2 with two commits."""

    def __init__(self, repo: Path) -> None:
        self.repo = repo
        self.main = [make_repo(repo, {"a": "0\n", "b": "0\n", "still": "x\n"})]
        for n in range(1, 6):
            self.main.append(commit(repo, {"a": f"{n}\n", "b": f"{n // 2}\n"}))
        git(repo, "checkout", "-q", "-b", "side", self.main[2])
        self.side = [commit(repo, {"a": f"side {n}\n"}) for n in range(2)]
        git(repo, "checkout", "-q", "main")
        self.scratch = ScratchRepository(Repository.open(repo))

    def patch_at(self, where: str, *options: str, files: tuple[str, ...] = ("a",)) -> bytes:
        """Return a patch made with the tree of `where` checked out."""
        git(self.repo, "checkout", "-q", where)
        write(self.repo, {name: "patched\n" for name in files})
        made = diff(self.repo, *options, "HEAD")
        git(self.repo, "checkout", "-q", "-f", "main")
        return made

    def blob(self, name: str, at: int) -> bytes:
        return git(self.repo, "rev-parse", f"{self.main[at]}:{name}").out.strip()

    def find(self, base: str, patch: bytes) -> Origin | UnknownOrigin | None:
        return find_origin(self.scratch, base, parse_patch(patch))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    made = History(tmp_path_factory.mktemp("origin") / "repo")
    yield made
    made.scratch.close()


@pytest.mark.parametrize("options", [(), ("--full-index",), ("--abbrev=4",)], ids=["short", "full", "four"])
def test_made_after_the_base(history: History, options: tuple[str, ...]) -> None:
    """A patch made three commits after the base is told so, however short its blob ids are."""
    origin = history.find(history.main[1], history.patch_at(history.main[4], *options))
    assert origin == Origin(commit=history.main[4], relation="after", distance=3)
    assert origin.describe() == f"{history.main[4][:12]}, 3 commits after the base"


def test_made_before_the_base(history: History) -> None:
    """A patch made before the base is told so."""
    origin = history.find(history.main[5], history.patch_at(history.main[4]))
    assert origin == Origin(commit=history.main[4], relation="before", distance=1)
    assert origin.describe().endswith(", 1 commit before the base")


def test_made_on_another_branch(history: History) -> None:
    """On another branch the commits of both sides count."""
    origin = history.find(history.main[4], history.patch_at(history.side[1]))
    assert origin == Origin(commit=history.side[1], relation="beside", distance=4)
    assert origin.describe().endswith("4 commits from the base, on another branch")


def test_made_on_the_base(history: History) -> None:
    """A patch whose pre-images are the base's was made for it, wherever else they occur."""
    assert history.find(history.main[3], history.patch_at(history.main[3])) is None
    assert history.find(history.main[5], history.patch_at(history.main[0], files=("still",))) is None


def test_all_files_have_to_agree(history: History) -> None:
    """The commit is the one that holds every pre-image together, not just one of them."""
    # b is 1 at c2 and c3, a is 3 at c3 only
    origin = history.find(history.main[0], history.patch_at(history.main[3], files=("a", "b")))
    assert origin == Origin(commit=history.main[3], relation="after", distance=3)


def test_nearest_commit_wins(history: History) -> None:
    """Where several commits hold the content, the one nearest to the base is named."""
    origin = history.find(history.main[0], history.patch_at(history.main[3], files=("b",)))
    assert origin == Origin(commit=history.main[2], relation="after", distance=2)


def test_content_that_nobody_has(history: History) -> None:
    """A patch made from content unknown to the repository says which file, and claims no commit."""
    git(history.repo, "checkout", "-q", history.main[2])
    write(history.repo, {"a": "never committed\n"})
    made = diff(history.repo, "HEAD").replace(b"index ", b"index 1234567..", 1).split(b"\n")
    made[1] = b"index 1234567..89abcde 100644"
    git(history.repo, "checkout", "-q", "-f", "main")
    origin = history.find(history.main[2], b"\n".join(made))
    assert isinstance(origin, UnknownOrigin) and "'a'" in origin.why


def test_files_of_different_commits(history: History) -> None:
    """Pre-images that no one commit holds together have no origin, and that is said."""
    first = history.patch_at(history.main[1])
    other = history.patch_at(history.main[5], files=("b",))
    origin = history.find(history.main[3], first + other)
    assert isinstance(origin, UnknownOrigin) and "no commit holds them together" in origin.why


NAMELESS = "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-0\n+1\n"
NEW = "diff --git a/n b/n\nnew file mode 100644\nindex 0000000..e69de29\n"


@pytest.mark.parametrize("text", [NAMELESS, NEW], ids=["no index line", "new file"])
def test_no_pre_image_named(history: History, text: str) -> None:
    """A patch without an index line, or with new files only, says nothing about its origin."""
    assert history.find(history.main[3], text.encode()) is None


def test_renamed_file(history: History) -> None:
    """The pre-image of a renamed file is looked for under its old name."""
    git(history.repo, "checkout", "-q", history.main[4])
    git(history.repo, "mv", "a", "moved")
    write(history.repo, {"moved": "4\n"})
    made = diff(history.repo, "-M", "HEAD")
    git(history.repo, "reset", "-q", "--hard", history.main[4])
    git(history.repo, "checkout", "-q", "-f", "main")
    assert history.find(history.main[2], made) is None  # a pure rename has no index line
    body = b"..1234567 100644\n--- a/a\n+++ b/moved\n@@ -1 +1 @@\n-4\n+5\n"
    origin = history.find(history.main[2], made + b"index " + history.blob("a", 4) + body)
    assert isinstance(origin, Origin) and origin.commit == history.main[4]


def test_shallow_clone(history: History, tmp_path: Path) -> None:
    """In a shallow clone what is there is searched, and the cut is no fault of git."""
    clone = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=3", history.repo.as_uri(), str(clone))
    with ScratchRepository(Repository.open(clone)) as scratch:
        patch = parse_patch(history.patch_at(history.main[4]))
        assert find_origin(scratch, history.main[5], patch) == Origin(
            commit=history.main[4], relation="before", distance=1
        )
        older = parse_patch(history.patch_at(history.main[0]))
        assert isinstance(find_origin(scratch, history.main[5], older), UnknownOrigin)


def test_base_that_no_ref_reaches(tmp_path: Path) -> None:
    """The base itself is part of the history that is searched, even where no branch or tag holds it."""
    repo = tmp_path / "repo"
    first = make_repo(repo, {"a": "0\n"})
    second = commit(repo, {"a": "1\n"})
    write(repo, {"a": "2\n"})
    git(repo, "checkout", "-q", "-f", first)
    write(repo, {"a": "2\n"})
    made = diff(repo, "HEAD")
    git(repo, "checkout", "-q", "-f", "--orphan", "other")
    git(repo, "branch", "-q", "-D", "main")
    with ScratchRepository(Repository.open(repo)) as scratch:
        assert find_origin(scratch, second, parse_patch(made)) == Origin(commit=first, relation="before", distance=1)


def test_plain_directory(tmp_path: Path, history: History) -> None:
    """Without a history there is nothing to look in, and nothing is claimed."""
    with ScratchRepository(None) as scratch:
        assert find_origin(scratch, "", parse_patch(history.patch_at(history.main[1]))) is None
