"""A layout is recognised by looking; what is unknown or ambiguous is an error that says what was looked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from run_tree_kit import RUN, dump, iso_run, prediction, results, sort_out

from judge.errors import InputError
from judge.inputs.runs.discovery import all_layouts, discover


def test_every_layout_has_a_name_and_says_what_it_looks_for() -> None:
    """The names are those of `--layout`, the words those of the error."""
    layouts = all_layouts()
    assert set(layouts) == {
        "iso-bench", "iso-bench-evaluations", "iso-bench-benchmarks", "swe-bench", "swefficiency", "gso", "codspeed",
        "recorded-judgements", "run-lines",
    }  # fmt: skip
    assert all(layout.LAYOUT for layout in layouts.values())


def test_trees_side_by_side_are_all_read(tmp_path: Path) -> None:
    """A folder may hold a run tree and its evaluations; both describe the same run."""
    iso_run(tmp_path / "state/runs")
    dump(tmp_path / "eval" / RUN / "test_results.json", results())
    layouts = discover(tmp_path)
    assert [layout.NAME for layout in layouts] == ["iso-bench", "iso-bench-evaluations"]
    assert [sort_out(layout.read(tmp_path)).run.key for layout in layouts] == [RUN, RUN]


def test_a_named_layout_is_not_looked_for(tmp_path: Path) -> None:
    """`--layout` reads only what it names."""
    iso_run(tmp_path / "state/runs")
    dump(tmp_path / "eval" / RUN / "test_results.json", results())
    assert [layout.NAME for layout in discover(tmp_path, "iso-bench-evaluations")] == ["iso-bench-evaluations"]


def test_an_unknown_path_says_what_was_looked_for(tmp_path: Path) -> None:
    """A folder or file that nothing recognises is one error that lists every layout."""
    (tmp_path / "notes.txt").touch()
    for path in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(InputError) as error:
            discover(path)
        assert "no runs found" in str(error.value)
        assert all(f"{name}: {layout.LAYOUT}" in str(error.value) for name, layout in all_layouts().items())


def test_an_ambiguous_file_says_what_it_may_be(tmp_path: Path) -> None:
    """A file that looks like two kinds is not guessed at."""
    both = {"instance_sets": {}, "0": {**prediction("a__b-1")}}
    file = dump(tmp_path / "x.json", both)
    with pytest.raises(InputError, match="more than one layout may be meant") as error:
        discover(file)
    assert "gso: " in str(error.value)
    assert "swe-bench: " in str(error.value)
    assert [layout.NAME for layout in discover(file, "gso")] == ["gso"]


def test_a_wrong_name_and_a_wrong_path(tmp_path: Path) -> None:
    """Both are errors that say what there is."""
    with pytest.raises(InputError, match="none of that name; there are codspeed, gso"):
        discover(tmp_path, "nope")
    with pytest.raises(InputError, match="no such file or directory"):
        discover(tmp_path / "absent")
