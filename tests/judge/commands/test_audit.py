"""`judge audit` as a user runs it: the real command, real files, real exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import command_kit
import pytest
from command_kit import JUDGE
from old_runs import NOTHING, OTHER, OldRuns, old_runs, verdicts, write_all
from support import ROOT

from judge.inputs.runs.discovery import all_layouts


def judge(*args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run `judge audit` with one worker: a second costs more than it saves."""
    return command_kit.judge(*args, "--jobs", "1", cwd=cwd)


@pytest.fixture
def tree(tmp_path: Path) -> OldRuns:
    """An empty tree of the test's own."""
    return old_runs(tmp_path)


def test_the_headline_comes_first(tree: OldRuns, tmp_path: Path) -> None:
    """The first line says what is left of the runs claimed successful; exit code 0, no escape codes in a pipe."""
    write_all(tree)
    done = judge("audit", tree.tree, "--repo", f"demo={tree.repo}", "--out", tree.out, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "Of 8 runs claimed successful (9 in all), how many ..."
    assert "\x1b" not in done.stdout
    assert "success-without-patch" in done.stdout
    assert {file.name for file in tree.out.iterdir()} >= {
        "verdicts.jsonl", "audit.json", "audit.md", "eval.json", "run.json", "tables",
    }  # fmt: skip


@pytest.mark.parametrize("format_name", ["json", "md"])
def test_other_formats_are_the_files(tree: OldRuns, tmp_path: Path, format_name: str) -> None:
    """What is printed is what is written."""
    tree.add("01", tree.edit(OTHER))
    done = judge("audit", tree.tree, "--out", tree.out, "--format", format_name, cwd=tmp_path)
    assert done.stdout == (tree.out / f"audit.{format_name}").read_text()
    if format_name == "json":
        assert json.loads(done.stdout)["runs"] == 1


def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_audited(tree: OldRuns, tmp_path: Path) -> None:
    """Exit code 3: audited in part."""
    tree.add("01", tree.edit(OTHER))
    (tree.add("02", tree.edit(OTHER)) / "journal.json").write_text('{"status": ')
    done = judge("audit", tree.tree, "--out", tree.out, cwd=tmp_path)
    assert done.returncode == 3
    assert "02/journal.json" in done.stderr
    assert "01" in verdicts(tree.out)


def test_a_missing_repository_is_said_once_with_its_flag(tree: OldRuns, tmp_path: Path) -> None:
    """However many patches need it; with the flag nothing is said."""
    for name in ("01", "02"):
        tree.add(name, tree.edit(OTHER))
    done = judge("audit", tree.tree, "--out", tree.out, cwd=tmp_path)
    assert done.stderr.count("not checked") == 1
    assert "not checked: 2 patches: no repository 'demo'; give --repo demo=PATH" in done.stderr
    done = judge("audit", tree.tree, "--out", tree.out, "--repo", f"demo={tree.repo}", cwd=tmp_path)
    assert "not checked" not in done.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["missing-folder"], "no such file or directory"),
        ([".", "--layout", "imaginary"], "there is none of that name"),
        (["tree", "--expect", "no-colon"], "FILE:PATH=VALUE"),
        (["tree", "--repo", "demo=missing"], "not a directory"),
        (["tree", "--judgements", "tree/x.json"], "x.json"),
        (["tree", "--against", "tree"], "no audit in there"),
        (["tree", "--write-corrected", "tree/copies"], "never touched"),
    ],
)
def test_bad_usage_is_one_line_that_says_what_to_do(
    tree: OldRuns, tmp_path: Path, args: list[str], message: str
) -> None:
    """Exit code 2, the thing named, no traceback, nothing written into the tree."""
    tree.add("01", tree.edit(OTHER))
    done = judge("audit", *args, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_expectations_are_held_against_the_file(tree: OldRuns, tmp_path: Path) -> None:
    """A claimed mitigation that the file does not have is a finding; one that it has is none."""
    tree.add("01", tree.edit(OTHER))
    (tmp_path / "agent.json").write_text(json.dumps({"models": {"main": {"parallel": True}}}))
    expect = f"{tmp_path / 'agent.json'}:models.main.parallel"
    drifted = judge("audit", tree.tree, "--out", tree.out, "--expect", f"{expect}=false", cwd=tmp_path)
    assert "config-drift" in drifted.stdout
    held = judge("audit", tree.tree, "--out", tree.out, "--expect", f"{expect}=true", cwd=tmp_path)
    assert "config-drift" not in held.stdout


def test_against_says_what_changed(tree: OldRuns, tmp_path: Path) -> None:
    """Audit, mend, audit against the first; and two stored audits against each other."""
    folder = tree.add("01", "", timing=NOTHING)
    first = judge("audit", tree.tree, "--out", tree.out / "a", "--repo", f"demo={tree.repo}", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    (folder / "model_patch.diff").write_text(tree.edit(OTHER))
    done = judge(
        "audit", tree.tree, "--out", tree.out / "b", "--repo", f"demo={tree.repo}", "--against", tree.out / "a",
        cwd=tmp_path,
    )  # fmt: skip
    assert "false_positive (level 0)" in done.stdout
    assert (tree.out / "b/against.json").is_file()
    stored = judge("audit", tree.out / "b", "--against", tree.out / "a", "--format", "json", cwd=tmp_path)
    assert json.loads(stored.stdout)["changes"]["rows"][4] == ["runs with another verdict", 1]


def test_the_kinds_of_findings_can_be_listed(tmp_path: Path) -> None:
    """Every kind with why it matters and what to do, without any path."""
    done = judge("audit", "--findings", cwd=tmp_path)
    assert done.returncode == 0
    for code in ("phantom-success", "success-without-patch", "judge-failure-stored", "config-drift"):
        assert f"{code} (" in done.stdout


def test_an_interrupted_audit_goes_on(tree: OldRuns, tmp_path: Path) -> None:
    """Killed in the middle of grading, the same command finishes and keeps what was done."""
    for number in range(40):
        tree.add(f"{number:02d}", tree.edit(OTHER.replace("math.fsum", f"{number} + math.fsum")))
    command = [*JUDGE, "audit", str(tree.tree), "--repo", f"demo={tree.repo}", "--out", str(tree.out), "--jobs", "1"]
    child = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             start_new_session=True)  # fmt: skip
    stored = tree.out / "verdicts.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (stored.is_file() and stored.read_bytes().count(b"\n") >= 5):
        time.sleep(0.02)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait(timeout=30)
    done = judge("audit", tree.tree, "--repo", f"demo={tree.repo}", "--out", tree.out, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(verdicts(tree.out)) == 40
    kept = re.search(r"^(\d+) of the verdicts were there", done.stdout, re.MULTILINE)
    assert kept is not None and 5 <= int(kept[1]) < 40, done.stdout


def test_the_readme_lists_the_layouts() -> None:
    """The table of layouts in the README is the one that the code makes."""
    section = (ROOT / "README.md").read_text().partition("<!-- layouts -->")[2].partition("<!-- /layouts -->")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{name}` | {layout.LAYOUT} |" for name, layout in all_layouts().items()]
