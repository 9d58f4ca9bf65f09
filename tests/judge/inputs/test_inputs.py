"""Every layout gives the same cases and candidates; what cannot be used is a fault that says what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import commit, diff_of, git, make_repo, write

from judge.inputs.batch import Batch, Defaults, all_readers, read_inputs
from judge.static_checks.checker import CaseError, Checker
from judge.static_checks.model.case import UnreadablePatch, read_patch

DIFF = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n"


def read(*paths: Path, **defaults: object) -> Batch:
    return read_inputs(paths, Defaults(**defaults))  # type: ignore[arg-type]  # keyword sets of the tests


def faults(batch: Batch) -> str:
    return "\n".join(fault.message for fault in batch.faults)


def case_folder(folder: Path, toml: str = "", *names: str) -> Path:
    """Write a case with candidates in `candidates/`, and return its folder."""
    files: dict[str, bytes | str | None] = {"case.toml": toml}
    write(folder, files | {f"candidates/{name}.diff": DIFF for name in names or ("one",)})
    return folder


# Layouts


def test_case_folder(tmp_path: Path) -> None:
    """A case takes its own values first and the flags' where it is silent; paths are relative to its file."""
    write(tmp_path / "cases/fast", {"human.diff": DIFF, "two.patch": DIFF, "bench.py": "", "src/x": "1\n"})
    folder = case_folder(
        tmp_path / "cases/fast",
        'repo = "src"\nbenchmark = "bench.py"\ndescription = " Make it fast. "\ntests = "pytest -q"\n'
        '[timing]\nimport_paths = ["src"]\nbudget_s = 3\n',
    )
    batch = read(tmp_path / "cases", base="main", human="abc", benchmark=Path("other.py"))
    (case,) = batch.cases
    assert not batch.faults
    assert (case.id, case.repo, case.base, case.human) == ("fast", folder / "src", "main", folder / "human.diff")
    assert (case.benchmark, case.description, case.tests) == (folder / "bench.py", "Make it fast.", "pytest -q")
    assert dict(case.timing) == {"import_paths": ("src",), "budget_s": 3.0}
    assert [candidate.id for candidate in batch.candidates] == ["fast/one", "fast/two"]
    assert all(candidate.case == "fast" for candidate in batch.candidates)


@pytest.mark.parametrize("depth", ["", "a", "a/b"])
def test_case_folders_are_found(depth: str, tmp_path: Path) -> None:
    """A case may be named itself, or lie one or two levels below the path."""
    case_folder(tmp_path / "top" / depth)
    assert len(read(tmp_path / "top").candidates) == 1


def test_bare_diff_folder(tmp_path: Path) -> None:
    """A folder of diff files, or one diff file, is one case made of the flags."""
    write(tmp_path / "patches", {"b.diff": DIFF, "a.patch": DIFF, "notes.txt": "", "sub/c.diff": DIFF})
    human = tmp_path / "human.diff"
    human.write_text(DIFF)
    for path, names in ((tmp_path / "patches", ["a", "b"]), (tmp_path / "patches/b.diff", ["b"])):
        batch = read(path, repos={"": tmp_path}, base="main", human=str(human), benchmark=Path("bench.py"))
        (case,) = batch.cases
        assert not batch.faults
        assert (case.id, case.repo, case.base) == ("patches", tmp_path, "main")
        assert (case.human, case.benchmark) == (human, Path("bench.py"))
        assert [candidate.id for candidate in batch.candidates] == [f"patches/{name}" for name in names]


ENTRIES: list[dict[str, object]] = [
    {"instance_id": "one", "model_patch": DIFF, "model_name_or_path": "m", "extra": [1, None]},
    {"instance_id": "two", "model_patch": None, "model_name_or_path": "m"},
    {"instance_id": "two", "model_patch": "", "base_commit": "other"},
]
SHAPES = {
    "p.jsonl": "\n\n".join(json.dumps(entry) for entry in ENTRIES[:2]),
    "list.json": json.dumps(ENTRIES[:2]),
    "dict.json": json.dumps({"a": ENTRIES[0], "b": ENTRIES[1]}),
}


@pytest.mark.parametrize("name", SHAPES)
def test_predictions(name: str, tmp_path: Path) -> None:
    """JSON lines, a JSON list and a JSON object of entries say the same; a null patch is an empty one."""
    write(tmp_path, {name: SHAPES[name]})
    batch = read(tmp_path / name, repos={"": tmp_path}, base="main", human="abc")
    assert not batch.faults
    assert [(case.id, case.repo, case.base, case.human) for case in batch.cases] == [
        ("one", tmp_path, "main", "abc"), ("two", tmp_path, "main", "abc"),
    ]  # fmt: skip
    assert [(found.id, found.model, read_patch(found)) for found in batch.candidates] == [
        ("one/m", "m", DIFF.encode()), ("two/m", "m", b""),
    ]  # fmt: skip
    assert all(name in candidate.source for candidate in batch.candidates)


def test_single_prediction(tmp_path: Path) -> None:
    """A JSON file may hold one entry."""
    write(tmp_path, {"p.json": json.dumps(ENTRIES[0])})
    assert [candidate.id for candidate in read(tmp_path / "p.json").candidates] == ["one/m"]


def test_all_layouts_have_a_reader() -> None:
    """Each file in `readers/` is a reader that says what it looks for."""
    assert len({reader.LAYOUT for reader in all_readers()}) == len(all_readers()) >= 3


# Repositories


def test_repository_by_name(tmp_path: Path) -> None:
    """`repo` may be a name that --repo NAME=PATH gives, in cases and in predictions."""
    case_folder(tmp_path / "case", 'repo = "numpy"\n')
    write(tmp_path, {"p.jsonl": json.dumps(ENTRIES[0] | {"repo": "numpy", "base_commit": "v1", "human_commit": "v2"})})
    batch = read(tmp_path / "case", tmp_path / "p.jsonl", repos={"numpy": tmp_path / "np"}, base="main")
    assert not batch.faults
    assert [case.repo for case in batch.cases] == [tmp_path / "np"] * 2
    assert (batch.cases[1].base, batch.cases[1].human) == ("v1", "v2")


def test_repository_that_is_neither(tmp_path: Path) -> None:
    """A repository that is no name and no folder is a fault with the flag that would help."""
    case_folder(tmp_path / "case", 'repo = "numpy"\n')
    batch = read(tmp_path / "case")
    assert not batch.cases and "give --repo numpy=PATH" in faults(batch) and "case.toml" in faults(batch)


def test_worktree_as_repository(tmp_path: Path) -> None:
    """A git worktree is a repository like any other, for base, human revision and candidates."""
    repo = tmp_path / "repo"
    base = make_repo(repo, {"x": "1\n"})
    human = commit(repo, {"x": "3\n"})
    git(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "tree"), base)
    folder = case_folder(tmp_path / "case", f'repo = "../tree"\nbase = "HEAD"\nhuman = "{human[:10]}"\n')
    batch = read(folder)
    with Checker(rules=()) as checker:
        change = checker.change(batch.cases[0], read_patch(batch.candidates[0]))
    assert change.human is not None
    assert [(f.before, f.after) for f in (*change.files, *change.human.files)] == [(b"1\n", b"2\n"), (b"1\n", b"3\n")]


CANNOT_GRADE = {
    "no repository": ('base = "main"\n', {}, "give --repo PATH"),
    "no base": ('repo = "../repo"\n', {}, "give --base REV"),
    "unknown base": ('repo = "../repo"\nbase = "nowhere"\n', {}, "has no commit 'nowhere'"),
    "base like an option": ('repo = "../repo"\nbase = "--all"\n', {}, "has no commit '--all'"),
    "unknown human": ('repo = "../repo"\nbase = "main"\nhuman = "nowhere"\n', {}, "has no commit 'nowhere'"),
    "base of a plain directory": ('repo = "."\nbase = "main"\n', {}, "no git repository"),
    "human revision of a plain directory": ('repo = "."\nhuman = "main"\n', {}, "a plain directory has no revisions"),
    "human diff does not apply": (
        'repo = "../repo"\nbase = "main"\n', {"human.diff": DIFF.replace("-1", "-7")}, "does not apply"),
}  # fmt: skip


@pytest.mark.parametrize("name", CANNOT_GRADE)
def test_case_that_cannot_be_graded(name: str, tmp_path: Path) -> None:
    """A case without usable base or human side is an error of the case, which names it and the next step."""
    toml, files, message = CANNOT_GRADE[name]
    make_repo(tmp_path / "repo", {"x": "1\n"})
    folder = case_folder(tmp_path / "case", toml)
    write(folder, dict(files))
    batch = read(folder)
    with Checker(rules=()) as checker, pytest.raises(CaseError) as caught:
        checker.change(batch.cases[0], DIFF.encode())
    assert "case 'case'" in str(caught.value) and message in str(caught.value)


# Provenance


def test_provenance(tmp_path: Path) -> None:
    """`NAME.toml` beside `NAME.diff` says where the candidate came from and what was claimed for it."""
    folder = case_folder(tmp_path / "case", "", "one", "two")
    write(folder, {"candidates/one.toml": 'agent = "A"\nmodel = "M"\nrun = "7"\nclaimed = "success"\n'})
    one, two = read(folder).candidates
    assert (one.agent, one.model, one.run, one.claimed) == ("A", "M", "7", "success")
    assert (two.agent, two.model, two.run, two.claimed) == (None, None, None, None)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('claimed = "fast"\n', "key 'claimed'"),
        ('speed = "2x"\n', "key 'speed': Extra inputs are not permitted; known keys: agent, model, run, claimed"),
        ("agent = 3\n", "key 'agent'"),
        ("agent = \n", "not valid TOML"),
    ],
)
def test_bad_provenance_costs_its_candidate(toml: str, message: str, tmp_path: Path) -> None:
    """A provenance file that cannot be read is a fault of that candidate; the others are graded."""
    folder = case_folder(tmp_path / "case", "", "one", "two")
    write(folder, {"candidates/one.toml": toml})
    batch = read(folder)
    assert [candidate.id for candidate in batch.candidates] == ["case/two"]
    assert message in faults(batch) and "one.toml" in faults(batch)


# Faults


BAD_TOML = {
    "unknown key": ('bass = "main"\n', "key 'bass': Extra inputs are not permitted; known keys: repo, base, human"),
    "unknown key of a table": ("[timing]\nbudget = 3\n", "key 'timing.budget'"),
    "wrong type": ("base = 3\n", "key 'base'"),
    "number out of range": ("[timing]\nbudget_s = 0\n", "key 'timing.budget_s'"),
    "nested too deep": ("base = " + "[" * 20_000 + "\n", "not valid TOML"),
    "not TOML": ("base = main\n", "not valid TOML"),
    "human diff not there": ('human = "gone.diff"\n', "human diff 'gone.diff' is not a file"),
}


@pytest.mark.parametrize("name", BAD_TOML)
def test_bad_case_file(name: str, tmp_path: Path) -> None:
    """A case file with anything odd in it is a fault that names file and key; other cases are graded."""
    toml, message = BAD_TOML[name]
    case_folder(tmp_path / "top/bad", toml)
    case_folder(tmp_path / "top/good")
    batch = read(tmp_path / "top")
    assert [case.id for case in batch.cases] == ["good"] and len(batch.faults) == 1
    assert message in faults(batch) and str(Path("bad") / "case.toml") in faults(batch)


@pytest.mark.parametrize("content", [b"base = '\xe9'\n", None], ids=["not UTF-8", "a folder"])
def test_case_file_that_cannot_be_read(content: bytes | None, tmp_path: Path) -> None:
    """A case file that cannot be read costs its own case only."""
    case_folder(tmp_path / "top/good")
    if content is None:
        (tmp_path / "top/bad/case.toml").mkdir(parents=True)
    else:
        write(tmp_path / "top/bad", {"case.toml": content})
    batch = read(tmp_path / "top")
    assert [case.id for case in batch.cases] == ["good"]
    assert str(Path("bad") / "case.toml") in faults(batch)


def test_two_cases_with_one_name(tmp_path: Path) -> None:
    """Nobody can say which of two cases with one name is meant: both places are named, neither is graded."""
    case_folder(tmp_path / "a/same")
    case_folder(tmp_path / "b/same")
    case_folder(tmp_path / "b/other")
    batch = read(tmp_path / "a", tmp_path / "b")
    assert [case.id for case in batch.cases] == ["other"]
    assert [candidate.id for candidate in batch.candidates] == ["other/one"]
    assert "two cases are called 'same'" in faults(batch)
    assert str(tmp_path / "a") in faults(batch) and str(tmp_path / "b") in faults(batch)


def test_path_given_twice(tmp_path: Path) -> None:
    """A candidate named twice is graded once, and that is said."""
    write(tmp_path / "p", {"one.diff": DIFF, "one.patch": DIFF})
    batch = read(tmp_path / "p", repos={"": tmp_path})
    assert len(batch.candidates) == 1 and "'p/one' is also the name of" in faults(batch)


def test_prediction_uses_the_case_of_its_name(tmp_path: Path) -> None:
    """A prediction for an instance that a case.toml defines belongs to that case, in whatever order they come."""
    case_folder(tmp_path / "one", 'base = "v1"\n')
    write(tmp_path, {"p.jsonl": json.dumps(ENTRIES[0])})
    for paths in ((tmp_path / "one", tmp_path / "p.jsonl"), (tmp_path / "p.jsonl", tmp_path / "one")):
        batch = read(*paths, base="main")
        assert not batch.faults and [case.base for case in batch.cases] == ["v1"]
        assert sorted(candidate.id for candidate in batch.candidates) == ["one/m", "one/one"]


@pytest.mark.parametrize("content", [None, {"readme.txt": "x"}, {}], ids=["missing", "nothing to grade", "empty"])
def test_path_without_input(content: dict[str, bytes | str | None] | None, tmp_path: Path) -> None:
    """A path that is not there, or holds nothing that can be graded, is a fault that says what was looked for."""
    place = tmp_path / "place"
    if content is not None:
        place.mkdir()
        write(place, content)
    batch = read(place)
    assert not batch.candidates and str(place) in faults(batch)
    assert ("no such file" if content is None else "looked for: ") in faults(batch)


BAD_ENTRIES = {
    "no instance": '{"model_patch": ""}',
    "no patch": '{"instance_id": "x"}',
    "instance null": '{"instance_id": null, "model_patch": ""}',
    "patch of numbers": '{"instance_id": "x", "model_patch": 3}',
    "a string": '"x"',
    "a list": "[]",
    "lone surrogate": '{"instance_id": "x", "model_patch": "\\ud800"}',
    "low surrogate": '{"instance_id": "x", "model_patch": "\\udc80"}',
}


@pytest.mark.parametrize("name", BAD_ENTRIES)
@pytest.mark.parametrize("shape", ["jsonl", "json"])
def test_bad_entry_costs_itself(name: str, shape: str, tmp_path: Path) -> None:
    """An entry of the wrong form is a fault that names its place; the entries around it are graded."""
    good = [json.dumps(entry) for entry in ENTRIES[:2]]
    rows = [good[0], BAD_ENTRIES[name], good[1]]
    write(tmp_path, {f"p.{shape}": "\n".join(rows) if shape == "jsonl" else f"[{', '.join(rows)}]"})
    batch = read(tmp_path / f"p.{shape}")
    assert [candidate.id for candidate in batch.candidates] == ["one/m", "two/m"]
    place = f"p.{shape}:2" if shape == "jsonl" else f"p.{shape}:entry 2"
    assert len(batch.faults) == 1 and place in faults(batch) and "not a prediction" in faults(batch)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1,", b"\xff\xfe", b"[" * 100_000, b"null", b"3"],
    ids=["empty", "cut", "cut list", "not UTF-8", "deep", "null", "a number"],
)  # fmt: skip
def test_predictions_that_are_no_json(content: bytes, tmp_path: Path) -> None:
    """A file that is no JSON is one fault that names it, never a crash."""
    write(tmp_path, {"p.json": content, "p.jsonl": content or b"{"})
    for name in ("p.json", "p.jsonl"):
        batch = read(tmp_path / name)
        assert not batch.candidates and batch.faults and name in faults(batch)


def test_duplicate_predictions(tmp_path: Path) -> None:
    """Two predictions of one model for one instance: the first is graded, the second is named."""
    write(tmp_path, {"p.jsonl": "\n".join(json.dumps(ENTRIES[0]) for _ in range(2))})
    batch = read(tmp_path / "p.jsonl")
    assert [candidate.source for candidate in batch.candidates] == [f"{tmp_path / 'p.jsonl'}:1"]
    assert "p.jsonl:2: 'one/m' is also the name of" in faults(batch)


def test_instance_with_two_bases(tmp_path: Path) -> None:
    """Predictions that disagree on what their instance is are not mixed."""
    write(tmp_path, {"p.jsonl": "\n".join(json.dumps(entry) for entry in ENTRIES[1:])})
    batch = read(tmp_path / "p.jsonl", base="main")
    assert [candidate.id for candidate in batch.candidates] == ["two/m"]
    assert "another repo, base or human before" in faults(batch)


# Patch files


def test_patch_file_that_is_gone_or_too_large(tmp_path: Path) -> None:
    """A patch file that cannot be read is an error with its name, not an empty patch."""
    folder = case_folder(tmp_path / "case", "", "gone", "large")
    gone, large = read(folder).candidates
    (folder / "candidates/gone.diff").unlink()
    with (folder / "candidates/large.diff").open("wb") as file:
        file.truncate(11 << 20)
    with pytest.raises(UnreadablePatch, match=r"gone\.diff: cannot be read"):
        read_patch(gone)
    with pytest.raises(UnreadablePatch, match=r"large\.diff: 11\.0 MiB, over the limit of 10 MiB"):
        read_patch(large)


def test_human_side_is_never_a_candidate(tmp_path: Path) -> None:
    """The human diff of a case is not graded against itself."""
    folder = case_folder(tmp_path / "case", 'human = "gold.diff"\n')
    write(folder, {"gold.diff": DIFF})
    assert [candidate.id for candidate in read(folder).candidates] == ["case/one"]


def test_candidate_called_case(tmp_path: Path) -> None:
    """A candidate `case.diff` beside `case.toml` does not take that for its provenance."""
    folder = case_folder(tmp_path / "case", 'base = "main"\n')
    write(folder, {"case.diff": DIFF})
    batch = read(folder)
    assert not batch.faults and [candidate.id for candidate in batch.candidates] == ["case/one", "case/case"]


def test_diff_of_git_is_read(tmp_path: Path) -> None:
    """A diff that git wrote reaches the candidate byte for byte."""
    make_repo(tmp_path / "repo", {"x": b"caf\xe9\r\n"})
    made = diff_of(tmp_path / "repo", {"x": b"th\xe9\r\n"})
    write(tmp_path / "p", {"one.diff": made})
    (candidate,) = read(tmp_path / "p", repos={"": tmp_path / "repo"}).candidates
    assert read_patch(candidate) == made
