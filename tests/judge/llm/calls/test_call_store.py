"""The store: what is committed survives, one process at a time gets a call, and a file that cannot be used says so."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from judge.errors import JudgeError, OutputError, UsageError
from judge.llm.calls.call_store import SCHEMA, Attempt, CallStore, standing, this_process

KEY = "k" * 64
REPLY = '{"object": "response"}'


def begin(store: CallStore, key: str = KEY, number: int = 1, **more: object) -> bool:
    """Note a call about nothing in particular."""
    return store.begin(key, number, model="openai:m", custom_id="c", max_output_tokens=100, **more)  # type: ignore[arg-type]


def only(store: CallStore, key: str = KEY) -> Attempt:
    """Return the one call for a key."""
    (attempt,) = store.attempts(key)
    return attempt


def python(code: str, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a piece of code in a process of its own."""
    command = [sys.executable, "-P", "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 or not check, done.stderr
    return done


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A place for a store, its folder still to be made."""
    return tmp_path / "cache" / "replies.sqlite"


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, path: Path) -> Iterator[CallStore]:
    """An empty store of either kind."""
    with CallStore(path if request.param == "file" else None) as opened:
        yield opened


def test_nothing_is_kept_of_what_was_not_asked(store: CallStore) -> None:
    """A key without calls has none."""
    assert store.attempts(KEY) == ()


def test_a_call_is_noted_before_it_is_made(store: CallStore) -> None:
    """A call that has begun is there as `sent`, held by this living process."""
    assert begin(store)
    assert (only(store).state, only(store).holder, only(store).payload) == ("sent", "alive", None)


def test_a_number_is_given_once(store: CallStore) -> None:
    """The second who wants to make call 1 is told that it is taken."""
    assert begin(store)
    assert not begin(store)


def test_a_reply_is_kept_as_it_came(store: CallStore) -> None:
    """The payload comes back to the byte, whatever characters it holds."""
    begin(store)
    payload = '{"text": "é \\ud800 \\u0000 \'\\"; DROP TABLE attempts"}'
    store.answer(KEY, 1, payload)
    assert (only(store).state, only(store).payload) == ("answered", payload)


def test_attempts_come_in_order(store: CallStore) -> None:
    """Calls of one key are listed by number, with the limit each had."""
    for number in (1, 2, 10):
        begin(store, number=number)
        store.answer(KEY, number, str(number))
    assert [attempt.payload for attempt in store.attempts(KEY)] == ["1", "2", "10"]


def test_giving_up_does_not_touch_a_reply(store: CallStore) -> None:
    """A reply that is there stays, whoever gives the call up."""
    begin(store)
    store.answer(KEY, 1, REPLY)
    assert not store.give_up(KEY, 1, state="lost", reason="died")
    assert only(store).state == "answered"


def test_a_late_reply_counts(store: CallStore) -> None:
    """A reply to a call that was taken for lost is kept: it was paid for."""
    begin(store)
    assert store.give_up(KEY, 1, state="lost", reason="died")
    store.answer(KEY, 1, REPLY)
    assert (only(store).state, only(store).reason) == ("answered", None)


def test_nobody_gives_up_the_call_of_another(path: Path) -> None:
    """A store gives up its own calls, and those of another only by the other's name."""
    with CallStore(path) as ours, CallStore(path) as theirs:
        begin(theirs)
        assert not ours.give_up(KEY, 1, state="lost", reason="died")
        assert ours.give_up(KEY, 1, state="lost", reason="died", owner=only(ours).owner)


def test_a_batch_never_dies(store: CallStore) -> None:
    """A call in a provider's batch is held by nobody's process."""
    begin(store, owner="batch:1")
    assert only(store).holder == "batch"


def test_a_call_past_its_time_is_dead(store: CallStore) -> None:
    """Whoever made it: a call that is not settled when its time is over will not be."""
    begin(store, lease_s=-1.0)
    assert only(store).holder == "dead"


def test_several_things_at_once_or_none(store: CallStore) -> None:
    """A transaction that breaks off leaves nothing behind, own tables included; one inside another is part of it."""
    with pytest.raises(ZeroDivisionError), store.transaction() as connection:
        connection.execute("CREATE TABLE batches (id TEXT)")
        begin(store)
        raise ZeroDivisionError
    assert store.attempts(KEY) == ()
    with store.transaction() as connection:
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'batches'").fetchall()


def test_a_process_is_known_alive_and_dead() -> None:
    """An owner lives as long as its process, and is dead as soon as it is killed, unburied or not."""
    code = "from judge.llm.calls.call_store import this_process; print(this_process(), flush=True); input()"
    child = subprocess.Popen(
        [sys.executable, "-P", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin and child.stdout
    with child.stdin, child.stdout:
        owner = child.stdout.readline()
        assert standing(owner) == "alive"
        child.send_signal(signal.SIGKILL)
        until = time.monotonic() + 10
        while standing(owner) != "dead" and time.monotonic() < until:
            time.sleep(0.01)
        assert standing(owner) == "dead", "it is a zombie now"
        child.wait(10)
    assert standing(owner) == "dead"


def test_a_reused_process_id_is_no_life() -> None:
    """The same process id with another time of start is another process."""
    owner = this_process()
    assert standing(owner) == "alive"
    assert standing(owner.replace('"start": "', '"start": "1')) == "dead"


def test_another_machine_cannot_be_seen() -> None:
    """An owner from elsewhere is neither alive nor dead; only its time tells."""
    assert standing(this_process().replace('"place": "', '"place": "x')) == "elsewhere"


def test_owners_of_one_process_differ() -> None:
    """Two stores in one process are two owners."""
    assert this_process() != this_process()


def test_what_is_committed_survives_a_kill(path: Path) -> None:
    """After `kill -9` the kept reply is there and the call in flight is known to be dead."""
    code = """
import os, signal, sys
from pathlib import Path
from judge.llm.calls.call_store import CallStore
store = CallStore(Path(sys.argv[1]))
for key in ("answered", "open"):
    store.begin(key, 1, model="m", custom_id="c", max_output_tokens=1, lease_s=3600)
store.answer("answered", 1, "reply")
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert python(code, path, check=False).returncode == -signal.SIGKILL
    with CallStore(path) as store:
        assert only(store, "answered").payload == "reply"
        assert (only(store, "open").state, only(store, "open").holder) == ("sent", "dead")


def test_processes_open_one_file_at_once(path: Path) -> None:
    """Six processes make and fill one file at the same moment; each of 60 calls is given to exactly one."""
    code = """
import sys
from pathlib import Path
from judge.llm.calls.call_store import CallStore
input()
with CallStore(Path(sys.argv[1])) as store:
    got = [n for n in range(1, 61) if store.begin("k", n, model="m", custom_id="c", max_output_tokens=1)]
print(*got)
"""
    command = [sys.executable, "-P", "-c", code, str(path)]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    for child in children:
        assert child.stdin
        child.stdin.write("\n")
        child.stdin.flush()
    got = [number for child in children for number in child.communicate(timeout=120)[0].split()]
    assert sorted(map(int, got)) == list(range(1, 61))
    assert [child.returncode for child in children] == [0] * 6


def test_a_foreign_file_is_refused_untouched(path: Path) -> None:
    """A text file, a database of another program and one of a newer version: one clear error, nothing written."""
    path.parent.mkdir()
    path.write_text("just some notes\n" * 500)
    with pytest.raises(OutputError, match="is no file of kept replies; choose another with --cache"):
        CallStore(path)
    assert path.read_text() == "just some notes\n" * 500

    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (text TEXT)")
    connection.close()
    with pytest.raises(UsageError, match="database of another program; choose another file"):
        CallStore(path)

    path.unlink()
    CallStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    connection.close()
    with pytest.raises(UsageError, match="written by a newer version"):
        CallStore(path)


def test_a_damaged_file_is_named(path: Path) -> None:
    """Pages that were overwritten are found when they are read, and the message says what to do."""
    with CallStore(path) as store:
        for number in range(200):
            begin(store, key=f"{number:064}")
            store.answer(f"{number:064}", 1, "x" * 3000)
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = os.urandom(len(damaged) - 4096)
    path.write_bytes(damaged)
    with (
        pytest.raises(JudgeError, match="is damaged; move it away, or choose another with --cache"),
        CallStore(path) as s,
    ):
        s.attempts(KEY)


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    """A folder under the file's name, and a file under its folder's name, are said to be unusable."""
    with pytest.raises(OutputError, match="cannot be opened"):
        CallStore(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="its folder cannot be made"):
        CallStore(tmp_path / "file" / "store")


def test_a_read_only_file_is_named() -> None:
    """A file that belongs to somebody else gives one clear error."""
    folder = Path(tempfile.mkdtemp())
    try:
        path = folder / "replies.sqlite"
        CallStore(path).close()
        folder.chmod(0o555)
        path.chmod(0o444)
        code = """
import os, sys
from pathlib import Path
from judge.errors import OutputError
from judge.llm.calls.call_store import CallStore
CallStore(None).close()  # whatever is imported late is in reach of the first user only
if os.getuid() == 0:
    os.setuid(65534)
try:
    CallStore(Path(sys.argv[1]))
except OutputError as error:
    print(error)
"""
        assert "cannot be written; choose another with --cache" in python(code, path).stdout
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_full_disk_is_named_and_loses_nothing(path: Path) -> None:
    """Where no more fits, the write that failed says so, and what was committed before stays readable."""
    code = """
import resource, signal, sys
from pathlib import Path
from judge.errors import OutputError
from judge.llm.calls.call_store import CallStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
store = CallStore(Path(sys.argv[1]))
try:
    for number in range(100):
        store.begin(str(number), 1, model="m", custom_id="c", max_output_tokens=1)
        store.answer(str(number), 1, "x" * 10_000)
        print(number)
except OutputError as error:
    print(error)
"""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    *kept, message = python(code, path).stdout.splitlines()
    assert "then give the same command again" in message
    assert 3 < len(kept) < 100
    with CallStore(path) as store:
        assert {only(store, number).payload for number in kept} == {"x" * 10_000}
