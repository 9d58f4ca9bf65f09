"""Which lines of a tree are watched, and where watching would prove nothing."""

from pathlib import Path

import pytest

from judge.bench import Variant, watch_new_lines


def watched(tmp_path: Path, before: dict[str, str], after: dict[str, str]) -> dict[str, set[int]]:
    for name, files in (("before", before), ("after", after)):
        for path, text in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text, encoding="utf-8")
    by_file = watch_new_lines(tmp_path / "before", Variant(name="candidate", tree=tmp_path / "after")).watched
    return {path: set(lines) for path, lines in by_file.items()}


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("a\nb\nc\n", "a\nx\ny\nc\n", {2, 3}),
        ("a\nb\nc\n", "a\nc\n", {1, 2}),  # what went leaves its neighbours
        ("a\n", "a\nz\n", {2}),
    ],
)
def test_new_lines_and_the_neighbours_of_lost_ones(tmp_path: Path, before: str, after: str, lines: set[int]) -> None:
    """Added and replaced lines count themselves, removed ones through those next to them."""
    assert watched(tmp_path, {"m.py": before}, {"m.py": after}) == {"m.py": lines}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"m.py": "a\n"}, {"m.py": "b\n", "t.json": "1"}),
        ({"m.py": "a\n", "n.py": "a\n"}, {"m.py": "b\n"}),
        ({"m.py": "a\n"}, {"m.py": "a\n"}),
    ],
)
def test_nothing_is_watched_where_silence_proves_nothing(
    tmp_path: Path, before: dict[str, str], after: dict[str, str]
) -> None:
    """Data beside the code, a module that is gone, and no difference at all."""
    assert watched(tmp_path, before, after) == {}


def test_tests_and_prose_do_not_stop_the_watch(tmp_path: Path) -> None:
    """They are not what a benchmark runs."""
    after = {"m.py": "b\n", "README.md": "x", "tests/data.json": "1"}
    assert watched(tmp_path, {"m.py": "a\n"}, after) == {"m.py": {1}}
