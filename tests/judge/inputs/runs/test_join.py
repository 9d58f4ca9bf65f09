"""Joining descriptions of one run, completing commits, and keeping them on disk in order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import commit, make_repo

from judge.auditing.commit_names import CommitNames
from judge.auditing.stores.run_spool import Spool
from judge.inputs.runs.join import join
from judge.inputs.runs.recorded_run import Evaluation, RecordedRun
from judge.results.keys import PatchText


@pytest.fixture
def spool() -> Iterator[Spool]:
    """An empty spool."""
    with Spool() as opened:
        yield opened


def test_the_description_with_the_patch_comes_first() -> None:
    """What stands closest to the agent's own output wins; the other fills in what it does not say."""
    evaluation = Evaluation(status="success", speedup=1.5)
    tree = RecordedRun(
        key="k", id="runs/k", layout="b", sources=("j",), patch=Path("p"), patch_state="yes", claimed="error"
    )
    results = RecordedRun(
        key="k", id="eval/k", layout="a", sources=("t",), claimed="success", agent="x", evaluation=evaluation
    )
    joined = join([results, tree])
    assert joined.id == "runs/k"
    assert joined.claimed == "error"
    assert joined.agent == "x"
    assert joined.evaluation == evaluation
    assert joined.sources == ("j", "t")
    assert joined.patch_state == "yes"


def test_a_missing_patch_outranks_an_unknown_one_and_content_outranks_both() -> None:
    """`unknown` gives way to every other word on the patch."""
    unknown, missing, there = (
        RecordedRun(key="k", id=state, layout="l", patch_state=state) for state in ("unknown", "missing", "yes")
    )
    assert join([unknown, missing]).patch_state == "missing"
    assert join([unknown, missing, there]).patch_state == "yes"


def test_of_several_evaluations_the_one_with_a_number_counts_and_all_are_named() -> None:
    """Nothing that a harness recorded vanishes without a word."""
    first = RecordedRun(key="k", id="a", layout="a", evaluation=Evaluation(status="error", source="one"))
    second = RecordedRun(
        key="k", id="b", layout="b", evaluation=Evaluation(status="success", speedup=2.0, source="two")
    )
    joined = join([first, second])
    assert joined.evaluation == second.evaluation
    assert joined.config["evaluations"] == "2: error (one); success 2.00x (two)"


def test_configurations_are_united_and_the_first_word_stays() -> None:
    """Facts of both descriptions are kept; where they differ the first one's stands."""
    first = RecordedRun(key="k", id="a", layout="a", patch_state="yes", config={"x": 1, "y": 1})
    assert join([first, RecordedRun(key="k", id="b", layout="b", config={"x": 2, "z": 3})]).config == {
        "x": 1,
        "y": 1,
        "z": 3,
    }


def test_runs_come_out_in_order_of_id_however_they_went_in(spool: Spool) -> None:
    """Numbers follow the ids, and descriptions of one key come together."""
    names = [f"run-{number:03d}" for number in range(200)]
    mixed = names * 2
    random.Random(7).shuffle(mixed)
    for name in mixed:
        spool.describe(RecordedRun(key=name, id=name, layout="l"))
    for descriptions in spool.descriptions():
        assert len(descriptions) == 2
        spool.add(join(descriptions), task="t", text=None)
    assert spool.settle() == 200
    spooled_runs = list(spool.runs())
    assert [spooled.run.id for spooled in spooled_runs] == names
    assert [spooled.number for spooled in spooled_runs] == list(range(200))
    assert list(spool.names([3, 5])) == ["run-003", "run-005"]


def test_two_runs_of_one_id_are_both_kept(spool: Spool) -> None:
    """An id that is taken is told apart by the key, so that no run is lost."""
    for key in ("one", "two"):
        spool.add(RecordedRun(key=key, id="same", layout="l"), task="t", text=None)
    assert spool.settle() == 2
    assert sorted(spooled.run.id for spooled in spool.runs()) == ["same", "same (two)"]


def test_the_same_patch_in_another_task_is_a_twin(spool: Spool) -> None:
    """Twins are other tasks with the same, non-empty text; the same task twice is none."""
    text, empty = PatchText(sha256="a" * 64, bytes=3, chars=3), PatchText(sha256="b" * 64, bytes=0, chars=0)
    for name, task, patch in (
        ("1", "x", text), ("2", "x", text), ("3", "y", text), ("4", "z", empty), ("5", "w", empty),
    ):  # fmt: skip
        spool.add(RecordedRun(key=name, id=name, layout="l"), task=task, text=patch)
    spool.settle()
    assert {spooled.run.id: spooled.twins for spooled in spool.runs()} == {
        "1": ("y",), "2": ("y",), "3": ("x",), "4": (), "5": (),
    }  # fmt: skip


def test_a_short_commit_is_completed_from_the_other_runs(spool: Spool) -> None:
    """One full id that begins so is meant; of two nobody can say which, and none is left alone."""
    full, other = "ab12cd34" + "0" * 32, "ab12cd34" + "1" * 32
    spool.describe(RecordedRun(key="1", id="1", layout="l", repo="r", human=full))
    names = CommitNames(spool, {})
    assert names.complete(RecordedRun(key="2", id="2", layout="l", repo="r", human="ab12cd34")).human == full
    assert (
        names.complete(RecordedRun(key="3", id="3", layout="l", repo="elsewhere", human="ab12cd34")).human == "ab12cd34"
    )
    spool.describe(RecordedRun(key="4", id="4", layout="l", repo="r", human=other))
    fresh = CommitNames(spool, {})
    assert fresh.complete(RecordedRun(key="5", id="5", layout="l", repo="r", human="ab12cd34")).human == "ab12cd34"


def test_a_short_commit_is_completed_from_the_repository(spool: Spool, tmp_path: Path) -> None:
    """Where no run gives the full id, the repository does."""
    make_repo(tmp_path / "repo", {"a": "1"})
    full = commit(tmp_path / "repo", {"a": "2"})
    names = CommitNames(spool, {"r": tmp_path / "repo"})
    assert names.complete(RecordedRun(key="1", id="1", layout="l", repo="r", human=full[:8])).human == full
    assert names.complete(RecordedRun(key="2", id="2", layout="l", repo="r", human="0" * 8)).human == "0" * 8
