"""pytest-codspeed's result files: each session against the one before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from run_tree_kit import dump, read


def session(file: Path, instrument: str = "walltime", **means: float | tuple[float, str] | None) -> Path:
    """Write a session's file; a benchmark has a mean in ns, or a mean and an output hash."""
    benchmarks = []
    for name, mean in means.items():
        entry: dict[str, Any] = {"name": name, "uri": f"tests/test_x.py::{name}"}
        ns, digest = mean if isinstance(mean, tuple) else (mean, None)
        stats = {"mean_ns": ns, "median_ns": ns, "min_ns": ns, "stdev_ns": 1.0, "rounds": 10, "iter_per_round": 3}
        benchmarks.append({**entry, "stats": stats, **({"output_hash": digest} if digest else {})})
    creator = {"name": "pytest-codspeed", "version": "5.0.4", "pid": 1}
    body: dict[str, Any] = {"creator": creator, "python": {"sysconfig": {}}, "instrument": {"type": instrument}}
    return dump(file, body | ({"benchmarks": benchmarks} if instrument == "walltime" else {}))


def test_two_sessions(tmp_path: Path) -> None:
    """The later mean is set against the earlier one; the first session alone is no attempt."""
    session(tmp_path / ".codspeed/results_999.json", test_sort=3e6, test_gone=1e6)
    later = session(tmp_path / ".codspeed/results_1000.json", test_sort=2e6, test_new=1e6)
    sort, new = read(tmp_path).runs
    assert sort.evaluation is not None
    assert (sort.evaluation.baseline_ms, sort.evaluation.patched_ms, sort.evaluation.speedup) == (3.0, 2.0, 1.5)
    assert (sort.evaluation.status, sort.evaluation.interval) == ("measured", None)
    assert (sort.item, sort.run, sort.started) == ("tests/test_x.py::test_sort", "results_1000", 1.0)
    assert (sort.sources, sort.patch_state) == ((str(later),), "unknown")
    assert new.evaluation is not None
    assert (new.evaluation.status, new.evaluation.speedup) == ("nothing to compare with", None)


@pytest.mark.parametrize(
    ("before", "after", "correctness"),
    [((3e6, "aa"), (2e6, "aa"), "same"), ((3e6, "aa"), (2e6, "bb"), "changed"), ((3e6, "aa"), 2e6, "unknown")],
)
def test_outputs(before: Any, after: Any, correctness: str, tmp_path: Path) -> None:
    """Outputs are the same or changed only where both sessions captured them."""
    session(tmp_path / "results_1.json", test_sort=before)
    session(tmp_path / "results_2.json", test_sort=after)
    evaluation = read(tmp_path).run.evaluation
    assert evaluation is not None
    assert evaluation.correctness == correctness


def test_the_latest_session_that_has_the_benchmark_counts(tmp_path: Path) -> None:
    """A session that left a benchmark out does not hide the one before."""
    session(tmp_path / "results_1.json", a=4e6)
    session(tmp_path / "results_2.json", b=1e6)
    session(tmp_path / "results_3.json", a=2e6)
    by_run = {run.run: run.evaluation and run.evaluation.speedup for run in read(tmp_path).runs}
    assert by_run == {"results_2": None, "results_3": 2.0}


def test_one_file(tmp_path: Path) -> None:
    """A single session is read, and has nothing to be compared with; a mean that is none is unknown."""
    output = read(session(tmp_path / "results_1.json", a=4e6, b=None))
    times = [run.evaluation.patched_ms for run in output.runs if run.evaluation]
    assert times == [4.0, None]


def test_damage_and_other_instruments_are_named(tmp_path: Path) -> None:
    """A file that is cut short or that another instrument wrote is named, and the others are compared."""
    session(tmp_path / "results_1.json", a=4e6)
    whole = session(tmp_path / "results_2.json", a=3e6).read_text()
    (tmp_path / "results_2.json").write_text(whole[:-20])
    session(tmp_path / "results_3.json", instrument="valgrind")
    session(tmp_path / "results_4.json", a=2e6)
    output = read(tmp_path)
    assert output.run.evaluation is not None
    assert output.run.evaluation.speedup == 2.0
    assert {Path(unread.path).name: unread.why for unread in output.unread} == {
        "results_2.json": output.unread[0].why,
        "results_3.json": "holds no benchmarks: measured by valgrind",
    }
    assert output.unread[0].why.startswith("is cut short")
