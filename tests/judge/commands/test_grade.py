"""`judge grade` as a user runs it: the real command, real files, real exit codes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import command_kit
import pytest
from support import ROOT

FIXTURES = ROOT / "fixtures"
INTERRUPTED = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
"""A shell that starts the tests in the background has them ignore ^C, and what they start as well."""
MANY = 4
"""As many as this a machine with a neighbour may leave open; one that leaves more can show nothing here."""
BY_THE_MACHINE = ("inconclusive", "error")

Graded = tuple[Path, subprocess.CompletedProcess[str]]


def judge(*args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line anew, as a shell does."""
    command = [*command_kit.JUDGE, *map(str, args)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=280)


def started(*args: str | Path, cwd: Path) -> subprocess.Popen[str]:
    """Start the command line in a process group of its own."""
    *python, code = command_kit.JUDGE
    command = [*python, INTERRUPTED + code, *map(str, args)]
    out, err = subprocess.DEVNULL, subprocess.PIPE
    return subprocess.Popen(command, cwd=cwd, text=True, start_new_session=True, stdout=out, stderr=err)


def lines(out: Path) -> dict[str, dict[str, Any]]:
    """The verdicts of an output folder, by candidate."""
    records = [json.loads(line) for line in (out / "verdicts.jsonl").read_text().splitlines()]
    assert len({record["id"] for record in records}) == len(records), "a candidate was graded twice"
    return {record["id"]: record for record in records}


def verdicts(out: Path) -> dict[str, str]:
    """Only what was decided."""
    return {name: record["verdict"] for name, record in lines(out).items()}


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The demo, offline."""
    folder = tmp_path_factory.mktemp("offline")
    return folder / "out", judge("grade", FIXTURES / "patches", "--out", folder / "out", cwd=folder)


@pytest.fixture(scope="module")
def untimed(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The demo, offline and without timing."""
    folder = tmp_path_factory.mktemp("untimed")
    return folder / "out", grade_untimed(folder)


def grade_untimed(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the command of `untimed` in its folder, for the first time or again."""
    untimed = ("--time", "none", "--jobs", "1")
    return command_kit.judge("grade", FIXTURES / "patches", *untimed, "--out", "out", *more, cwd=folder)


def promised(column: str) -> dict[str, str]:
    """The verdicts that fixtures/README.md promises, by candidate."""
    text = (FIXTURES / "README.md").read_text()
    table: dict[str, str] = {}
    for block in re.split(r"\n\n", text):
        heads = [cell.strip() for cell in block.splitlines()[0].strip("| ").split("|")]
        if column in heads:
            for row in block.splitlines()[2:]:
                cells = [cell.strip() for cell in row.strip("| ").split("|")]
                table[f"{heads[0]}/{cells[0]}"] = cells[heads.index(column)].split(":")[0].strip("`")
    return table


def left_open(out: Path) -> dict[str, str]:
    """What the machine could not settle: too noisy to say, or out of time, is `undetermined` or worse, never better."""
    noisy = {name: record for name, record in lines(out).items() if record["timing"]["status"] in BY_THE_MACHINE}
    unsettled = {name: str(record["verdict"]) for name, record in noisy.items()}
    assert set(unsettled.values()) <= {"undetermined", "failure", "false_positive"}
    if len(unsettled) > MANY:
        cores, load = os.cpu_count() or 1, os.getloadavg()[0]
        assert load > cores, f"{unsettled} are open, and the machine was not busy"
        pytest.skip(f"{len(unsettled)} timings could not be settled beside a load of {load:.1f} on {cores} cores")
    return unsettled


@pytest.mark.timing
def test_demo_offline(offline: Graded) -> None:
    """The demo shows each candidate for what it is, as its README promises."""
    out, done = offline
    failed = [record for record in lines(out).values() if record["timing"]["status"] == "error"]
    assert done.returncode == (3 if failed else 0), done.stderr
    assert verdicts(out) == promised("offline") | left_open(out)


@pytest.mark.timing
def test_readme_shows_the_real_output(offline: Graded) -> None:
    """The README's opening shows this run: same candidates, same verdicts; only timings may differ."""
    out, done = offline
    (shown,) = re.findall(r"<!-- demo -->(.*?)<!-- /demo -->", (ROOT / "README.md").read_text(), re.DOTALL)
    row = re.compile(r"^ *(\d\d-[\w-]+) +(\w+)", re.MULTILINE)
    as_here = {name.partition("/")[2]: verdict for name, verdict in left_open(out).items()}
    assert [(name, as_here.get(name, verdict)) for name, verdict in row.findall(shown)] == row.findall(done.stdout)


@pytest.mark.timing
def test_demo_replayed(tmp_path: Path) -> None:
    """With the example judgements all seven verdicts appear, as the README promises.

    Timed are those that need it: what the judgement alone decides does not, and a true success of the offline demo was.
    """
    replay = f"replay:{FIXTURES / 'replay/patches.jsonl'}"
    judge("grade", FIXTURES / "patches", "--judge", replay, "--time", "none", "--out", "untimed", cwd=tmp_path)
    untimed, expected = verdicts(tmp_path / "untimed"), promised("with replay")
    proved = {name for name, verdict in promised("offline").items() if verdict == "true_success"}
    assert {(untimed[name], expected[name]) for name in proved} == {("undetermined", "true_success")}
    by_timing = {name for name, verdict in expected.items() if untimed[name] != verdict} - proved
    by_timing |= {"accesslog/05-faster-by-luck", "accesslog/17-judge-gave-up"}
    shutil.copytree(FIXTURES / "patches", tmp_path / "patches")
    for file in (tmp_path / "patches").glob("*/candidates/*"):
        if f"{file.parts[-3]}/{file.stem}" not in by_timing:
            file.unlink()
    out = tmp_path / "out"
    done = judge("grade", "patches", "--judge", replay, "--time", "all", "--out", out, cwd=tmp_path)
    assert done.returncode == 3, "one stored judgement is an error, so one candidate stays ungraded"
    timed = verdicts(out)
    assert set(timed) == by_timing
    assert untimed | timed | {name: expected[name] for name in proved} == expected | left_open(out)
    assert len(set(expected.values())) == 7
    for record in lines(out).values():
        timing = record["timing"]
        if "speedup" in timing:
            low, high = timing["ci"]
            assert 0 < low <= timing["speedup"] <= high
        else:
            assert timing["reason"] and timing["message"], "a timing has a ratio in its interval, or a reason"


def test_files_of_a_run(untimed: Graded) -> None:
    """A run writes the records, the decision, the report and how it was run."""
    out, _ = untimed
    assert {file.name for file in out.iterdir()} == {"verdicts.jsonl", "eval.json", "report.md", "run.json", ".lock"}
    decision = json.loads((out / "eval.json").read_text())
    assert decision["aggregate_score"] is None, "an unknown score makes the whole unknown"
    assert decision["is_acceptable"] is False
    assert decision["verdicts"] == {**dict.fromkeys(decision["verdicts"], 0), **Counter(verdicts(out).values())}
    assert json.loads((out / "run.json").read_text())["arguments"][0] == "grade"


def test_second_run_does_nothing_twice(untimed: Graded) -> None:
    """The same command again reads its records and writes none."""
    out, first = untimed
    before = (out / "verdicts.jsonl").read_bytes()
    again = grade_untimed(out.parent)
    assert again.returncode == first.returncode == 0
    assert (out / "verdicts.jsonl").read_bytes() == before
    assert f"{len(lines(out))} of these were graded by an earlier run" in again.stdout


def test_strict(untimed: Graded) -> None:
    """--strict exits with 1 when a candidate is no true success."""
    assert grade_untimed(untimed[0].parent, "--strict").returncode == 1


def test_formats(untimed: Graded) -> None:
    """--format json prints eval.json and --format md prints report.md."""
    out, _ = untimed
    for name, file in (("json", "eval.json"), ("md", "report.md")):
        assert grade_untimed(out.parent, "--format", name).stdout == (out / file).read_text()


def wait_for_record(running: subprocess.Popen[str], ledger: Path, part: bytes = b"\n") -> None:
    """Wait until a record with these bytes has been written, or the command has ended."""
    deadline = time.monotonic() + 200
    while running.poll() is None and not (ledger.exists() and part in ledger.read_bytes()):
        assert time.monotonic() < deadline, "nothing was graded"
        time.sleep(0.02)


def test_kill_and_resume(tmp_path: Path) -> None:
    """After kill -9 in the middle, the same command loses nothing and does nothing twice."""
    out, case = tmp_path / "out", tmp_path / "accesslog"
    few = ("01-true-success", "02-other-implementation", "07-syntax-error", "14-empty")
    shutil.copytree(FIXTURES / "patches/accesslog", case)
    for path in (case / "candidates").iterdir():
        if path.stem not in few:
            path.unlink()
    (case / "case.toml").write_text((case / "case.toml").read_text().replace("budget_s = 10", "budget_s = 60"))
    command = ("grade", case, "--judge", "none", "--out", out)
    running = started(*command, cwd=tmp_path)
    ledger = out / "verdicts.jsonl"
    # Once a timed candidate has been written, the kill falls into the timing of the next.
    wait_for_record(running, ledger, b'"baseline_ms"')
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    left = ledger.read_bytes()
    ledger.write_bytes(left + b'{"schema":1,"id":"cut')  # as if the kill had hit a write
    resumed = command_kit.judge(*command, cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert ledger.read_bytes().startswith(left), "what was finished stays as it was"
    assert 0 < left.count(b"\n") < len(lines(out)) == len(few)


def test_interrupt(tmp_path: Path) -> None:
    """^C ends with 130 and says how to go on."""
    running = started("grade", FIXTURES / "patches", "--judge", "none", "--out", tmp_path / "out", cwd=tmp_path)
    wait_for_record(running, tmp_path / "out/verdicts.jsonl")
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=200)
    assert running.returncode == 130
    assert "run the same command again" in err
