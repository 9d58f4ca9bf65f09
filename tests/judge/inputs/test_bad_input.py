"""Bad input: one clear error that names thing, place and next step; the others are graded all the same."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from command_kit import judge

GOOD = "--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n def f():\n-    return 1\n+    return 2\n"


def git(*args: str, cwd: Path) -> str:
    """Run git with a pinned identity."""
    settings = ("user.name=t", "user.email=t@t", "protocol.file.allow=always", "init.defaultBranch=main")
    identity = [word for setting in settings for word in ("-c", setting)]
    done = subprocess.run(["git", *identity, *args], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with a small repository `repo` and one good patch in `patches`."""
    repo = tmp_path / "repo"
    repo.mkdir()
    git("init", "-q", cwd=repo)
    (repo / "x.py").write_text("def f():\n    return 1\n")
    (repo / "link").symlink_to("x.py")
    git("add", "-A", cwd=repo)
    git("commit", "-qm", "base", cwd=repo)
    (tmp_path / "patches").mkdir()
    (tmp_path / "patches/good.diff").write_text(GOOD)
    return tmp_path


def records(work: Path) -> dict[str, dict[str, object]]:
    """The verdicts, by file stem."""
    text = (work / "judge-out/verdicts.jsonl").read_text()
    return {record["id"].split("/")[1]: record for record in map(json.loads, text.splitlines())}


def grade(work: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Grade the folder `patches` against HEAD."""
    return judge(
        "grade", "patches", *more, "--repo", "repo", "--base", "HEAD", "--time", "none", "--jobs", "1", cwd=work
    )


def test_missing_path(work: Path) -> None:
    """A path that does not exist is named; what does exist is graded."""
    done = grade(work, "nowhere")
    assert done.returncode == 3
    assert "nowhere: no such file or directory" in done.stderr
    assert records(work)["good"]["verdict"] == "undetermined"


def test_nothing_to_grade(work: Path) -> None:
    """Nothing but bad input is exit code 2."""
    done = judge("grade", "nowhere", cwd=work)
    assert done.returncode == 2
    (work / "empty").mkdir()
    assert "looked for" in judge("grade", "empty", cwd=work).stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--repo", "repo", "--base", "0123456789" * 4], ["no commit", "0123456789", "fetch it"]),
        (["--base", "HEAD"], ["no repository", "--repo"]),
        (["--repo", "repo"], ["no base revision", "--base"]),
        (["--repo", "repo", "--base", "HEAD", "--human", "nosuch"], ["no commit", "nosuch"]),
        (["--repo", "patches", "--base", "HEAD"], ["no git repository", "leave `base` out"]),
    ],
)
def test_unusable_case(work: Path, args: list[str], words: list[str]) -> None:
    """A case that cannot be graded says why; its candidates stay undetermined and the exit code is 3."""
    done = judge("grade", "patches", *args, cwd=work)
    assert done.returncode == 3
    record = records(work)["good"]
    assert record["verdict"] == "undetermined"
    for word in words:
        assert word in str(record["reasons"])


def not_graded(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What could not be graded, without the lines of progress that a slow machine brings."""
    return [line for line in done.stderr.splitlines() if line.startswith("not graded")]


@pytest.mark.parametrize(("name", "flag"), [("lib", "--repo lib=PATH"), (None, "--repo PATH")])
def test_a_missing_repository_is_said_once(work: Path, name: str | None, flag: str) -> None:
    """One line names it, the case that needs it and the flag that gives it, however many patches there are."""
    entry = {"instance_id": "one", "model_patch": GOOD, "repo": name, "base_commit": "x"}
    lines = [json.dumps(entry | {"model_name_or_path": f"m{number}"}) for number in range(4)]
    (work / "p.jsonl").write_text("\n".join(lines))
    for command in (("grade", "--time", "none"), ("grade", "--dry-run"), ("prompts", "--out", "q.jsonl")):
        done = judge(command[0], "p.jsonl", *command[1:], cwd=work)
        (line,) = not_graded(done)
        assert line.startswith("not graded: case 'one' (4 patches): no repository")
        assert f"give {flag}" in line
        assert done.returncode == (0 if "--dry-run" in command else 3)
    text = (work / "judge-out/verdicts.jsonl").read_text()
    assert text.count('"verdict":"undetermined"') == 4


def test_a_repository_that_several_cases_need_is_said_once(work: Path) -> None:
    """A repository has one name, so one flag gives it to all of its cases."""
    entries = [{"instance_id": f"c{n}", "model_patch": GOOD, "repo": "lib", "base_commit": "x"} for n in range(5)]
    (work / "p.jsonl").write_text("\n".join(map(json.dumps, entries)))
    assert not_graded(judge("grade", "p.jsonl", "--time", "none", cwd=work)) == [
        "not graded: cases 'c0', 'c1', 'c2' and 2 more (5 patches): no repository 'lib'; give --repo lib=PATH"
    ]


def test_bad_repo_flag(work: Path) -> None:
    """A --repo that is no directory is a usage error, before anything runs."""
    done = judge("grade", "patches", "--repo", "absent", cwd=work)
    assert done.returncode == 2
    assert "'absent' is not a directory" in done.stderr


@pytest.mark.parametrize("spec", ["gpt-99", "replay", "replay:absent.jsonl", "structural:x"])
def test_bad_judge(work: Path, spec: str) -> None:
    """An unknown or incomplete judge is a usage error that names it."""
    done = grade(work, "--judge", spec)
    assert done.returncode == 2
    assert spec in done.stderr


ODD = {
    "utf16": (GOOD.encode("utf-16"), "fail", "UTF-16"),
    "prose": (b"I changed f so that it is faster.\n", "fail", "no file section"),
    "huge": (b"+" * (50 << 20), "error", "50.0 MiB"),
    "binary": (
        b"diff --git a/b.bin b/b.bin\nindex 111..222 100644\nBinary files a/b.bin and b/b.bin differ\n",
        "fail",
        "b.bin",
    ),
    "through_link": (GOOD.replace("x.py", "link/x.py").encode(), "fail", "symbolic link"),
    "outside": (GOOD.replace("x.py", "../x.py").encode(), "fail", "leaves the tree"),
    "latin": (
        b"--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,3 @@\n+# -*- coding: latin-1 -*-\n"
        b" def f():\n-    return 1\n+    return '\xe9'\n",
        "pass",
        "",
    ),
}


def test_odd_patches(work: Path) -> None:
    """Each odd patch gets its own named outcome, and the good one among them is graded."""
    for name, (data, _, _) in ODD.items():
        (work / f"patches/{name}.diff").write_bytes(data)
    done = grade(work)
    assert done.returncode == 3, "the huge one could not be graded"
    found = records(work)
    assert found["good"]["gates"]["apply"]["status"] == "pass"  # type: ignore[index]
    for name, (_, status, word) in ODD.items():
        gate = found[name]["gates"]["apply"]  # type: ignore[index]
        assert gate["status"] == status, name
        assert word in str(gate["findings"]), name
    assert found["huge"]["verdict"] == "undetermined"


def test_submodule(work: Path) -> None:
    """A patch over a submodule cannot be checked here, and says so."""
    git("submodule", "--quiet", "add", str(work / "repo"), "sub", cwd=work / "repo")
    git("commit", "-qm", "sub", cwd=work / "repo")
    (work / "patches/inside.diff").write_text(GOOD.replace("x.py", "sub/x.py"))
    assert grade(work).returncode == 3
    record = records(work)["inside"]
    assert record["verdict"] == "undetermined"
    assert "submodule" in str(record["reasons"])


def case(folder: Path, **files: str) -> Path:
    """Write a case with a library and a candidate."""
    (folder / "library").mkdir(parents=True)
    (folder / "library/x.py").write_text("def f():\n    return 1\n")
    (folder / "candidates").mkdir()
    (folder / "candidates/one.diff").write_text(GOOD)
    (folder / "case.toml").write_text('repo = "library"\n')
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def test_two_cases_with_one_name(tmp_path: Path) -> None:
    """Two cases with one name are both named and not graded; the third is."""
    for place in ("a/same", "b/same", "c/other"):
        case(tmp_path / place)
    done = judge("grade", "a", "b", "c", cwd=tmp_path)
    assert done.returncode == 3
    assert "a/same/case.toml" in done.stderr
    assert "b/same/case.toml" in done.stderr
    assert list(records(tmp_path)) == ["one"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("repo = 1\n", ["case.toml", "repo"]),
        ("repos = 'x'\n", ["case.toml", "repos", "known keys"]),
        ("repo = \n", ["case.toml", "TOML"]),
        ("repo = 'absent'\n", ["case.toml", "absent", "--repo absent=PATH"]),
        ("repo = 'library'\nhuman = 'absent.diff'\n", ["case.toml", "absent.diff"]),
    ],
)
def test_bad_case_file(tmp_path: Path, text: str, words: list[str]) -> None:
    """A wrong case.toml is named with its key; the other case is graded."""
    case(tmp_path / "cases/bad", case__toml=text)
    case(tmp_path / "cases/good")
    done = judge("grade", "cases", cwd=tmp_path)
    assert done.returncode == 3
    for word in words:
        assert word in done.stderr
    assert len(records(tmp_path)) == 1


@pytest.mark.parametrize(
    ("benchmark", "words"),
    [
        ("def run():\n    pass\n", ["bench.py", "setup"]),
        ("def setup():\n    return 1\n", ["bench.py", "experiment"]),
        ("def setup(:\n", ["bench.py", "valid Python"]),
        (None, ["bench.py", "no such"]),
    ],
)
def test_benchmark_without_the_contract(tmp_path: Path, benchmark: str | None, words: list[str]) -> None:
    """A benchmark that does not define the contract is a timing error, never a failed patch."""
    files = {"bench__py": benchmark} if benchmark is not None else {}
    case(tmp_path / "cases/c", case__toml='repo = "library"\nbenchmark = "bench.py"\n', **files)
    done = judge("grade", "cases", cwd=tmp_path)
    assert done.returncode == 3
    record = records(tmp_path)["one"]
    assert (record["verdict"], record["true_success"]) == ("undetermined", None)
    timing = record["timing"]
    assert isinstance(timing, dict)
    assert timing["status"] == "error"
    for word in words:
        assert word in timing["message"]


def test_unwritable_output(work: Path) -> None:
    """An output folder that cannot be made is one error with the next step."""
    (work / "taken").write_text("a file\n")
    done = grade(work, "--out", "taken/out")
    assert done.returncode == 2
    assert "--out" in done.stderr
