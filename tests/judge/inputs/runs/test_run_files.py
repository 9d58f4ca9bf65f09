"""What harnesses left behind is read within limits, and what cannot be read is named with a reason."""

from __future__ import annotations

import json
import os
import resource
import tempfile
from pathlib import Path

import pytest

from judge.inputs.runs import recorded_values, run_files
from judge.inputs.runs.recorded_run import Unread


def why(content: bytes, tmp_path: Path) -> str:
    """Return what is said of a JSON file with this content."""
    file = tmp_path / "x.json"
    file.write_bytes(content)
    unread = run_files.load_json_object(file)
    assert isinstance(unread, Unread)
    assert unread.path == str(file)
    return unread.why


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"status": "suc', "is cut short: Unterminated string"),
        (b'{"status": "success", ', "is cut short"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b'{"a": 1}}', "is not valid JSON: Extra data (line 1, column 9)"),
        (b'{"name": "\xe9"}', "is not UTF-8: invalid continuation byte at byte 10"),
        (b"\x00" * 64, "is not valid JSON"),
        (b'{"a": "\x00"}', "is not valid JSON: Invalid control character"),
        (b"[1, 2]", "holds a list where a JSON object was looked for"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is not valid JSON: Exceeds the limit"),
    ],
    ids=[
        "cut",
        "cut-after-comma",
        "empty",
        "blank",
        "extra",
        "latin-1",
        "null-bytes",
        "null",
        "list",
        "deep",
        "digits",
    ],
)
def test_damaged_json_is_named(content: bytes, expected: str, tmp_path: Path) -> None:
    """Each kind of damage to a JSON file is one line that says what and where."""
    assert expected in why(content, tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_every_encoding_of_json_is_read(encoding: str, tmp_path: Path) -> None:
    """JSON may stand in UTF-8, 16 or 32, with a mark or without; that is no damage."""
    file = tmp_path / "x.json"
    file.write_bytes(json.dumps({"a": "é"}, ensure_ascii=False).encode(encoding))
    assert run_files.load_json_object(file) == {"a": "é"}


def test_numbers_that_are_none_are_unknown(tmp_path: Path) -> None:
    """NaN, infinities, booleans, texts and numbers too large are no numbers."""
    file = tmp_path / "x.json"
    file.write_text(
        '{"a": NaN, "b": Infinity, "c": -Infinity, "d": 1e999, "e": true, "f": "1", "g": 1' + "0" * 400 + "}"
    )
    content = run_files.load_json_object(file)
    assert isinstance(content, dict)
    assert [recorded_values.number(content[key]) for key in "abcdefg"] == [None] * 7
    assert recorded_values.tidy({"d": content["d"], "a": content["a"]}) == {"d": None, "a": None}
    assert (
        recorded_values.number(2),
        recorded_values.integer(2.0),
        recorded_values.integer(2.5),
        recorded_values.integer(2**70),
    ) == (
        2.0,
        2,
        None,
        None,
    )


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    """A JSON file of a gigabyte is named without being read."""
    file = tmp_path / "x.json"
    file.touch()
    os.truncate(file, 1 << 30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unread = run_files.load_json(file)
    assert isinstance(unread, Unread)
    assert "1024 MiB, over the limit of 64 MiB" in unread.why
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe, a folder and a broken link in place of a file are named; reading a pipe would never end."""
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "link.json").symlink_to("nowhere")
    loaded = {name: run_files.load_json(tmp_path / f"{name}.json") for name in ("pipe", "folder", "link", "absent")}
    assert {name: content.why for name, content in loaded.items() if isinstance(content, Unread)} == {
        "pipe": "cannot be read (not a regular file)",
        "folder": "cannot be read (not a regular file)",
        "link": "cannot be read (No such file or directory)",
        "absent": "cannot be read (No such file or directory)",
    }
    assert run_files.read_head(tmp_path / "pipe.json") == b""
    assert run_files.read_first_object(tmp_path / "pipe.json") == {}
    assert run_files.readable_size(tmp_path / "pipe.json") == loaded["pipe"]
    assert run_files.find_patch(tmp_path / "pipe.json") == (None, "unreadable", loaded["pipe"])
    assert [line.why for line in run_files.read_lines(tmp_path / "pipe.json") if isinstance(line, Unread)] == [
        "cannot be read (not a regular file)"
    ]


def test_no_file_stays_open(tmp_path: Path) -> None:
    """A file that turns out to be none is closed again."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        run_files.load_json(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_long_line_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line over the limit is named by its number, and the next one is read."""
    monkeypatch.setattr(run_files, "MAX_LINE_BYTES", 1 << 20)
    file = tmp_path / "x.jsonl"
    file.write_bytes(b'{"a": 1}\n\n{"b": "' + b"x" * (3 << 20) + b'"}\n{"c": 1}')
    first, long, last = run_files.read_lines(file)
    assert first == (f"{file}:1", b'{"a": 1}\n')
    assert long == Unread(path=f"{file}:3", why="is not read: a line over the limit of 1 MiB")
    assert last == (f"{file}:4", b'{"c": 1}')


def test_walk_names_loops_and_goes_on(tmp_path: Path) -> None:
    """A link back to a folder above, to itself, or around a ring is named; every folder is walked once."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/up").symlink_to(tmp_path)
    (tmp_path / "a/own").symlink_to("own")
    (tmp_path / "z").mkdir()
    (tmp_path / "z/file").touch()
    walked = list(run_files.walk(tmp_path))
    folders = [folder.path for folder in walked if isinstance(folder, run_files.Folder)]
    assert folders == [str(tmp_path), f"{tmp_path}/a", f"{tmp_path}/a/b", f"{tmp_path}/z"]
    unread = {entry.path: entry.why for entry in walked if isinstance(entry, Unread)}
    assert "a directory loop" in unread.pop(f"{tmp_path}/a/b/up")
    assert "Too many levels of symbolic links" in unread.pop(f"{tmp_path}/a/own")
    assert not unread


def test_a_link_is_walked_unless_its_target_is(tmp_path: Path) -> None:
    """A link to a folder inside the tree counts nothing twice; one to a folder outside is walked, once."""
    outside, root = tmp_path / "outside", tmp_path / "root"
    (outside / "deep").mkdir(parents=True)
    (root / "runs/one").mkdir(parents=True)
    (root / "latest").symlink_to("runs/one")
    (root / "more").symlink_to(outside)
    (root / "more-again").symlink_to(outside / "deep")
    folders = [folder.path for folder in run_files.walk(root) if isinstance(folder, run_files.Folder)]
    assert folders == [str(root), f"{root}/more", f"{root}/more/deep", f"{root}/runs", f"{root}/runs/one"]


def test_what_may_not_be_read_is_named() -> None:
    """A folder and a file without permission are named; the others are walked."""
    nobody = 65534
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        for secret in ("folder", "x.json", "y"):
            (root / secret).mkdir() if secret != "x.json" else (root / secret).touch()
        (root / "folder").chmod(0)
        (root / "x.json").chmod(0)
        uid = os.geteuid()
        try:
            if uid == 0:  # whom nothing is forbidden
                os.seteuid(nobody)
            walked = list(run_files.walk(root))
            loaded, usable = run_files.load_json(root / "x.json"), run_files.readable_size(root / "x.json")
        finally:
            os.seteuid(uid)
    denied = "cannot be read (Permission denied)"
    assert [entry for entry in walked if isinstance(entry, Unread)] == [Unread(path=f"{root}/folder", why=denied)]
    assert [entry.path for entry in walked if isinstance(entry, run_files.Folder)] == [name, f"{name}/y"]
    assert loaded == usable == Unread(path=f"{root}/x.json", why=denied)


def test_look_sees_trees_side_by_side(tmp_path: Path) -> None:
    """The sample of a large tree still holds the files of a small one beside it."""
    for number in range(300):
        (tmp_path / f"large/{number // 30}/{number}").mkdir(parents=True)
        (tmp_path / f"large/{number // 30}/{number}/one.json").touch()
    (tmp_path / "small/deep/er").mkdir(parents=True)
    (tmp_path / "small/deep/er/two.json").touch()
    assert set(run_files.take_sample(tmp_path).files) == {"one.json", "two.json"}


def test_long_texts_keep_head_and_end() -> None:
    """The last line of a traceback survives the cut, and no lone surrogate reaches a report."""
    cut = recorded_values.text("first\n" + "x" * 10_000 + "\nModuleNotFoundError: No module named 'xformers'")
    assert cut is not None
    assert cut.startswith("first")
    assert cut.endswith("No module named 'xformers'")
    assert len(cut) < 4100
    assert recorded_values.text("\ud800") == "\\ud800"


def test_only_known_words_claim() -> None:
    """A word that nobody knows claims neither success nor failure."""
    words = {"success": "success", "Error": "error", "max_steps_exceeded": "error", "baseline_failed": None, None: None}
    assert {word: recorded_values.claim_from_status(word) for word in words} == words
