"""`judge prompts` as a user runs it: no key, no network, the providers' batch format, answers come back by replay."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import command_kit
import pytest
from support import ROOT

PATCHES = ROOT / "fixtures/patches"
FRAME = re.compile(r"^BEGIN ([0-9a-f]{16}) C\d+ candidate change\n= (.+)\n((?:.*\n)*?)END \1$", re.MULTILINE)


def judge(*args: str | Path, cwd: Path) -> CompletedProcess[str]:
    """Run the command line without any key in its environment, with one worker: a second costs more than it saves."""
    return command_kit.judge(*args, "--jobs", "1", cwd=cwd, env={"PATH": "/usr/bin:/bin", "HOME": str(cwd)})


def rows(file: Path) -> list[dict[str, Any]]:
    """Return the lines of a file."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The demo's questions with two votes, and what was printed."""
    folder = tmp_path_factory.mktemp("prompts")
    done = judge("prompts", PATCHES, "--out", "q.jsonl", "--votes", "2", "--judge", "openai:some-model", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "not graded" not in done.stderr
    return folder / "q.jsonl", done.stdout


def test_the_format_of_openai(written: tuple[Path, str]) -> None:
    """Each line is a batch request with our schema, named by a custom_id that no other line has."""
    requests = rows(written[0])
    assert all(set(row) == {"custom_id", "method", "url", "body"} for row in requests)
    assert {(row["method"], row["url"]) for row in requests} == {("POST", "/v1/responses")}
    assert len({row["custom_id"] for row in requests}) == len(requests)
    for row in requests:
        assert re.fullmatch("[0-9a-f]{64}", row["custom_id"])
        assert row["body"]["model"] == "some-model"
        assert row["body"]["text"]["format"]["strict"] is True
        assert "hack_signs" in row["body"]["text"]["format"]["schema"]["properties"]


def test_the_format_of_anthropic(tmp_path: Path) -> None:
    """The same questions in the other provider's format have the same names."""
    done = judge("prompts", PATCHES, "--out", "q.jsonl", "--judge", "anthropic:m", cwd=tmp_path)
    assert done.returncode == 0
    requests = rows(tmp_path / "q.jsonl")
    assert all(set(row) == {"custom_id", "params"} and row["params"]["model"] == "m" for row in requests)
    plain = judge("prompts", PATCHES, "--out", "p.jsonl", cwd=tmp_path)
    assert plain.returncode == 0
    assert [row["custom_id"] for row in requests] == [row["custom_id"] for row in rows(tmp_path / "p.jsonl")]


def test_the_summary(written: tuple[Path, str]) -> None:
    """It says how many candidates are asked about, how many the gates stop, and how much of the evidence fits."""
    lines = len(rows(written[0]))
    assert written[1].splitlines()[0] == (
        "20 candidates: 13 asked about, 7 stopped by the gates, 0 could not be checked, 0 left out"
    )
    assert f"q.jsonl: {lines} lines; about " in written[1]
    assert "evidence: 13 whole, 0 cut" in written[1]
    assert "signs of addressing the judge: 1, asked a second time with neutral text" in written[1]
    same = "--pack logic-1 --votes 2 --context 128000 --max-output-tokens 16000"
    assert written[1].endswith(f"answers come back with: judge grade ... --judge replay:ANSWERS {same}\n")
    assert lines == 13 * 2 + 2, "the one with signs is asked about twice as often"


def test_the_same_file_however_it_is_made(written: tuple[Path, str], tmp_path: Path) -> None:
    """The number of workers does not show in the file."""
    more = ("--votes", "2", "--judge", "openai:some-model", "--jobs", "1")
    assert judge("prompts", PATCHES, "--out", "q.jsonl", *more, cwd=tmp_path).returncode == 0
    assert (tmp_path / "q.jsonl").read_bytes() == written[0].read_bytes()


def test_nothing_is_asked_about_what_the_gates_stop(written: tuple[Path, str]) -> None:
    """No question is written for a candidate that a gate stops, so nothing is spent on it."""
    assert judge("grade", PATCHES, "--judge", "none", "--time", "none", cwd=written[0].parent).returncode == 0
    verdicts = rows(written[0].parent / "judge-out/verdicts.jsonl")
    passed = [row for row in verdicts if not any(gate["status"] == "fail" for gate in row["gates"].values())]
    questions = Counter(row["body"]["input"][-1]["content"][-1]["text"] for row in rows(written[0]))
    assert len(passed) == 13
    assert len(questions) == 13 * 2 + 2


def test_a_smaller_context_says_what_is_cut(tmp_path: Path) -> None:
    """What does not fit is named, and what could not stand on the rest is not asked."""
    done = judge(
        "prompts", PATCHES, "--out", "q.jsonl", "--context", "6300", "--max-output-tokens", "300", cwd=tmp_path
    )
    assert done.returncode == 0
    evidence = re.search(r"evidence: (\d+) whole, (\d+) cut", done.stdout)
    assert evidence
    assert int(evidence[2]) > 0
    assert done.stdout.count("\ncut: ") == int(evidence[2])
    left = re.search(r"(\d+) left out", done.stdout)
    assert left
    assert int(evidence[1]) + int(evidence[2]) + int(left[1]) == 13
    assert done.stdout.count("\nleft out: ") == int(left[1])


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["--judge", "structural"], "questions are written for models"),
        (["--judge", "gpt"], "no judge is called 'gpt'"),
        (["--pack", "logic-0"], "there are: logic-1"),
        (["--context", "2000"], "leaves no room"),
    ],
)
def test_bad_usage(args: list[str], word: str, tmp_path: Path) -> None:
    """What cannot work is one message, exit code 2, and no file."""
    done = judge("prompts", PATCHES, "--out", "q.jsonl", *args, cwd=tmp_path)
    assert done.returncode == 2
    assert word in done.stderr
    assert list(tmp_path.glob("*q.jsonl*")) == []


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    """A run that cannot do its work leaves the earlier file as it is."""
    (tmp_path / "q.jsonl").write_text("before")
    done = judge("prompts", tmp_path / "absent", "--out", "q.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert "no such file" in done.stderr
    assert (tmp_path / "q.jsonl").read_text() == "before"
    assert judge("prompts", PATCHES, "--out", tmp_path / "no/q.jsonl", cwd=tmp_path).returncode == 2


def test_answers_come_back(written: tuple[Path, str], tmp_path: Path) -> None:
    """Answers by hand, in any order, are judgements of the very candidates; quotes are looked up as for live ones."""
    answers = []
    for row in rows(written[0]):
        text = "\n".join(block["text"] for block in row["body"]["input"][-1]["content"])
        added = [
            {"side": "candidate", "file": json.loads(f'"{frame[2]}"'), "text": line[1:]}
            for frame in FRAME.finditer(text)
            for line in frame[3].splitlines()
            if line.startswith("+") and len(re.findall(r"\w", line)) > 10
        ][:1]
        units = re.findall(r"^(U\d+) ", text, re.MULTILINE)
        answer = {
            "human_change": "h", "candidate_change": "c",
            "units": [{"unit": unit, "quotes": added, "why": "w", "coverage": "covered"} for unit in units],
            "bottleneck_quotes": added, "bottleneck_why": "b", "bottleneck": "same",
            "extra_scope": [], "risks": [], "hack_signs": [], "disputed_facts": [],
        }  # fmt: skip
        answers.append({"custom_id": row["custom_id"], "text": json.dumps(answer), "judge": "a person"})
    answers.reverse()
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in answers[:-1]))
    more = ("--judge", "replay:a.jsonl", "--votes", "2", "--time", "none")
    done = judge("grade", PATCHES, *more, cwd=tmp_path)
    assert done.returncode in (0, 3), done.stderr
    outcomes = Counter(
        (row["judgement"]["status"], row["judgement"].get("logic_match"), row["judgement"].get("reason"))
        for row in rows(tmp_path / "judge-out/verdicts.jsonl")
        if row["judgement"]["status"] != "skipped"
    )
    assert outcomes["judged", "full", None] >= 10
    assert sum(outcomes.values()) == 13
    assert len(outcomes) == 2, "one answer is missing, and that is said, not guessed"
