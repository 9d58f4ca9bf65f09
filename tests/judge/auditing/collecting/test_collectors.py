"""What collectors share: groups that stay few, rows that come back in order, runs of a set once each."""

from __future__ import annotations

from judge.auditing.collecting.collectors import Groups, cut, describes_process, recoverable, share, task_label
from judge.auditing.collecting.samples import sample, timed
from judge.auditing.stores.grouped_rows import ConcernedRuns, GroupedRows
from judge.inputs.runs.recorded_run import Evaluation


def test_groups_are_few() -> None:
    """More words than the limit are counted, not kept; the table says how many runs it leaves out."""
    groups = Groups(most=3)
    for number in range(10):
        groups.add(f"word {number % 5}", sample(f"{number}", number=number))
    assert len(groups) == 3
    assert groups.unnamed == 4
    assert groups.table("word", most=2)["runs_of_further"] == 6


def test_largest_group_first() -> None:
    """Groups come by size, then by word, so that the same runs always give the same report."""
    groups = Groups()
    for number, word in enumerate("bacac"):
        groups.add(word, sample(f"{number}", number=number))
    assert [(group.label, len(group.runs)) for group in groups] == [("a", 2), ("c", 2), ("b", 1)]


def test_rows_come_back_in_order() -> None:
    """Rows come by group and value, however many there were and however they came."""
    rows = GroupedRows()
    for number in range(5000):
        rows.add(f"g{number % 2}", sample(f"{number}", number=number), value=-number)
    groups = {group: [row.number for row in members] for group, members in rows.groups()}
    assert groups == {"g0": list(range(4998, -1, -2)), "g1": list(range(4999, 0, -2))}


def test_concerned_names_the_first_runs() -> None:
    """Runs gathered in any order come out once each in order of number, with the names of the first."""
    rows = GroupedRows()
    for number in range(20):
        rows.add("g", sample(f"run {number:02}", number=number), value=-number)
    concerned = ConcernedRuns()
    for _, members in rows.groups():
        for row in (*members, *members):
            concerned.add(row)
    runs = concerned.runs()
    assert list(runs) == list(range(20))
    assert runs.examples == [f"run {number:02}" for number in range(5)]


def test_recoverable() -> None:
    """Mending a harness wins back only runs with a patch to time and an evaluation without a number."""
    lost = Evaluation(error="no module")
    assert recoverable(sample("a", patch_state="yes", evaluation=lost).run)
    assert not recoverable(sample("a", patch_state="empty", evaluation=lost).run)
    assert not recoverable(sample("a", patch_state="yes", evaluation=timed(2.0, 1.0)).run)
    assert not recoverable(sample("a", patch_state="yes").run)


def test_whose_record_it_is() -> None:
    """A report on patches does not describe an agent's process; a return code, a log or a word of its own does."""
    assert not describes_process(sample("a", claimed="error", claimed_status="unresolved").run)
    assert describes_process(sample("a", claimed="error", claimed_status="error").run)
    assert describes_process(sample("a", returncode=0).run)


def test_words() -> None:
    """Shares, tasks and long texts are put the same way everywhere."""
    assert share(3, 12) == "3 of 12 (25.0 %)"
    assert share(0, 0) == "0 of 0"
    assert cut("a  b\nc") == "a b c"
    assert len(cut("x" * 500, 50)) == 50
    assert task_label(sample("a", repo="r", human="c0ffee00c0ffee").run) == "r c0ffee00"
    assert task_label(sample("a", item="numpy__numpy-1234").run) == "numpy__numpy-1234"
