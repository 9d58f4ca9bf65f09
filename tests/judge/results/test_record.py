"""`verdicts.jsonl` survives kills, two writers and hostile text; every line is JSON that any program reads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from judge.core.judgement import NotAsked
from judge.core.timing import NotTimed
from judge.core.verdict import decide
from judge.errors import OutputError
from judge.results.ledger import Ledger
from judge.results.record import VerdictRecord, make_record
from judge.static_checks.model.case import Candidate, Case
from judge.static_checks.model.finding import GATES, Finding, Gate, GateResult, cannot_check, conclude, skipped

KEYS = ["0" * 64, "1" * 64, "2" * 64]


def record(key: str = KEYS[0], *, name: str = "a", gates: dict[Gate, GateResult] | None = None) -> VerdictRecord:
    """A small verdict; `gates` replace those that say nothing."""
    all_gates = {gate: skipped("not run") for gate in GATES} | (gates or {})
    judgement = NotAsked(reason="gates-failed", message="not asked")
    timing = NotTimed(status="skipped", reason="gates-failed", message="not timed")
    return make_record(
        key=key,
        case=Case(id="case", repo=Path("repo"), base="main", human=b"a diff"),
        candidate=Candidate(id=f"case/{name}", case="case", source=f"{name}.diff", patch=None),
        verdict=decide(all_gates, judgement, timing, None),
        gates=all_gates,
        judgement=judgement,
        timing=timing,
        text=None,
    )


def finding(message: str = "m", path: str = "p", quote: str = "q") -> dict[Gate, GateResult]:
    """A gate whose only finding says something hostile."""
    seen = Finding(code="parse-x", severity="block", message=message, path=path, quote=quote)
    return {"parse": conclude([seen])}


def strict(line: bytes) -> dict[str, object]:
    """Read JSON as the strictest reader does: UTF-8, no NaN, no lone surrogate."""

    def refuse(word: str) -> float:
        raise AssertionError(f"{word} is no JSON")

    read: dict[str, object] = json.loads(line.decode("utf-8", "strict"), parse_constant=refuse)
    json.dumps(read, ensure_ascii=False).encode("utf-8", "strict")
    return read


HOSTILE = "\udce9 \udc80\ud800 \u2028 \0 \x1b[2J \" \\ 'é' \U0001f600"
TEXTS: dict[str, VerdictRecord] = {
    "plain": record(),
    "message": record(gates=finding(message=HOSTILE)),
    "path": record(gates=finding(path=HOSTILE)),
    "quote": record(gates=finding(quote=HOSTILE)),
    "fault": record(gates={"parse": conclude([cannot_check("parse-x", HOSTILE)])}),
    "skip reason": record(gates={"parse": skipped(HOSTILE)}),
    "fact": record(gates={"overlap": conclude([], {"files": {"candidate": [HOSTILE], HOSTILE: 1}})}),
    "name": record(name=HOSTILE),
}


@pytest.mark.parametrize("name", TEXTS)
def test_every_line_is_json(name: str, tmp_path: Path) -> None:
    """Whatever bytes were in names, patches and messages, the line is one line of valid JSON, and reads back."""
    with Ledger(tmp_path) as ledger:
        ledger.append(TEXTS[name])
        (line,) = (text for _, text in ledger.lines())
        assert line.endswith(b"\n") and strict(line)["key"] == KEYS[0]
        assert ledger.finished(frozenset(KEYS))[KEYS[0]].line().encode() + b"\n" == line


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1, float("-inf")]])
def test_no_number_is_not_finite(value: object) -> None:
    """NaN and infinity are refused before they reach the file."""
    with pytest.raises(ValueError):
        record(gates={"overlap": conclude([], {"ratio": value})})


def test_later_line_wins(tmp_path: Path) -> None:
    """Of two lines with one key the later is the verdict; keys that were not asked for are left out."""
    with Ledger(tmp_path) as ledger:
        for key, name in ((KEYS[0], "first"), (KEYS[1], "other"), (KEYS[0], "second")):
            ledger.append(record(key, name=name))
        assert {key: seen.id for key, seen in ledger.finished(frozenset(KEYS[:1])).items()} == {KEYS[0]: "case/second"}


@pytest.mark.parametrize("cut", [1, 7, 400, 100_000])
def test_cut_last_line_is_dropped(cut: int, tmp_path: Path) -> None:
    """What a killed run left of its last line is cut off, and only that; the candidate counts as not graded."""
    with Ledger(tmp_path) as ledger:
        ledger.append(record(KEYS[0]))
        whole = ledger.path.read_bytes()
        ledger.append(record(KEYS[1], gates=finding(message="long " * 30_000)))
        os.truncate(ledger.path, max(len(whole) + 1, ledger.path.stat().st_size - cut))
    with Ledger(tmp_path) as ledger:
        assert ledger.path.read_bytes() == whole
        assert set(ledger.finished(frozenset(KEYS))) == {KEYS[0]}
        ledger.append(record(KEYS[1]))
        assert set(ledger.finished(frozenset(KEYS))) == {KEYS[0], KEYS[1]}


def test_file_that_is_one_cut_line(tmp_path: Path) -> None:
    """A first line that was cut leaves an empty file."""
    (tmp_path / "verdicts.jsonl").write_bytes(b'{"schema":1,"id":"cas')
    with Ledger(tmp_path) as ledger:
        assert ledger.path.read_bytes() == b"" and not ledger.finished(frozenset(KEYS))


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_record import KEYS, record
from judge.results.ledger import Ledger
with Ledger(Path(sys.argv[1])) as ledger:
    for _ in range(int(sys.argv[3])):
        ledger.append(record(KEYS[0]))
        print("written", flush=True)
    sys.stdin.read()
"""


def writer(folder: Path, count: int) -> subprocess.Popen[bytes]:
    """A process that writes `count` lines and then holds the folder until it is told to end."""
    command = [sys.executable, "-P", "-c", WRITER, str(folder), str(Path(__file__).parent), str(count)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_kill_leaves_whole_lines(tmp_path: Path) -> None:
    """A run killed while it writes leaves a file from which the next run goes on, and gives the folder free."""
    child = writer(tmp_path, 100_000)
    with child:
        assert child.stdout is not None
        for _ in range(3):
            assert child.stdout.readline() == b"written\n"
        child.send_signal(signal.SIGKILL)
    with Ledger(tmp_path) as ledger:
        lines = [strict(text) for _, text in ledger.lines()]
        assert len(lines) >= 3


def test_second_writer_is_refused(tmp_path: Path) -> None:
    """Two runs never write one folder: the second is told so, and nothing of the first is touched."""
    child = writer(tmp_path, 1)
    with child:
        assert child.stdin is not None and child.stdout is not None
        assert child.stdout.readline() == b"written\n"
        before = (tmp_path / "verdicts.jsonl").read_bytes()
        with pytest.raises(OutputError, match=r"another run is writing .*--out"):
            Ledger(tmp_path)
        assert (tmp_path / "verdicts.jsonl").read_bytes() == before
        child.stdin.close()
    assert child.returncode == 0
    Ledger(tmp_path).close()


FOREIGN = {
    "no JSON": b"hello\n",
    "empty line": b"\n",
    "other JSON": b'{"a": 1}\n',
    "a list": b"[]\n",
    "another schema": record().line().replace('"schema":1', '"schema":2').encode() + b"\n",
    "a key left out": record().line().replace('"level":0', '"lvl":0').encode() + b"\n",
    "not UTF-8": record().line().encode().replace(b"case/a", b"case/\xe9") + b"\n",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_line_is_named(name: str, tmp_path: Path) -> None:
    """A line that is no verdict stops the run with its file and number: nothing may be graded twice unseen."""
    with Ledger(tmp_path) as ledger:
        ledger.append(record())
        with ledger.path.open("ab") as file:
            file.write(FOREIGN[name])
        with pytest.raises(OutputError, match=r"verdicts\.jsonl:2: not a verdict of schema 1 .*--out"):
            ledger.finished(frozenset(KEYS))


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A place where no folder can be is refused with the way out."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="choose another with --out"):
        Ledger(tmp_path / "file")


FULL = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_record import KEYS, record
from judge.errors import OutputError
from judge.results.ledger import Ledger
with Ledger(Path(sys.argv[1])) as ledger:
    ledger.append(record(KEYS[0]))
    size = ledger.path.stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, size + 100))
    for _ in range(2):
        try:
            ledger.append(record(KEYS[1]))
        except OutputError as error:
            print(error)
"""


def test_full_disk_is_said(tmp_path: Path) -> None:
    """A line that could not be written whole is an error, not a verdict, and does not spoil the next one."""
    command = [sys.executable, "-P", "-c", FULL, str(tmp_path), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.count("cannot be written") == 2, done.stderr
    with Ledger(tmp_path) as ledger:
        assert set(ledger.finished(frozenset(KEYS))) == {KEYS[0]}
