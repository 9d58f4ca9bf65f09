"""Which candidates are timed, what is tried again, and which patches count as the same text for other tasks."""

from __future__ import annotations

from pathlib import Path

import pytest

from judge import GradeOptions, grade
from judge.core.judgement import Abstained, Errored, Judged, Judgement, NotAsked
from judge.core.verdict import NECESSARY
from judge.inputs.batch import Defaults
from judge.pipeline import TimePolicy, why_not_timed
from judge.static_checks.model.case import Case
from judge.static_checks.model.finding import Gate, GateResult, cannot_check, conclude

CASE = Case(id="c", benchmark=Path("bench.py"))
CLEAN: dict[Gate, GateResult] = {gate: GateResult(status="pass") for gate in NECESSARY}
UNSURE: dict[Gate, GateResult] = {**CLEAN, "parse": conclude([cannot_check("x", "m")])}
ANSWERS: dict[str, Judgement] = {
    "full": Judged(judge="t", scope="t", logic_match="full", completeness=1, bottleneck="same"),
    "partial": Judged(judge="t", scope="t", logic_match="partial", completeness=0.5, bottleneck="same"),
    "none": Judged(judge="t", scope="t", logic_match="none", completeness=0, bottleneck="none"),
    "abstained": Abstained(judge="t", scope="t", reason="r", message="m"),
    "errored": Errored(judge="t", scope="t", reason="r", message="m"),
    "not asked": NotAsked(reason="r", message="m"),
    "in a batch": NotAsked(reason="in-batch", message="m"),
}


@pytest.mark.parametrize(
    ("policy", "timed"),
    [
        ("passing", {"full", "partial", "abstained", "not asked"}),
        ("all", set(ANSWERS) - {"in a batch"}),
        ("none", set()),
    ],
)
def test_who_is_timed(policy: TimePolicy, timed: set[str]) -> None:
    """A match or an honest 'I do not know' is timed; what the judge refused or failed on only with `all`."""
    skips = {name: why_not_timed(policy, CASE, CLEAN, answer) for name, answer in ANSWERS.items()}
    assert {name for name, skip in skips.items() if skip is None} == timed


@pytest.mark.parametrize("policy", ["passing", "all"])
def test_nothing_is_timed_before_the_gates_pass(policy: TimePolicy) -> None:
    """Neither a failed nor an undecided gate, nor a case without a benchmark, leads to timing."""
    skip = why_not_timed(policy, CASE, UNSURE, ANSWERS["full"])
    assert skip is not None and skip.reason == "gates"
    skip = why_not_timed(policy, Case(id="c"), CLEAN, ANSWERS["full"])
    assert skip is not None and skip.reason == "no-benchmark"


PATCH = "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-x = {}\n+x = 3\n"


def library(folder: Path, value: int) -> None:
    """A case whose library holds one number, with two candidates."""
    (folder / "library").mkdir(parents=True)
    (folder / "library/x.py").write_text(f"x = {value}\n")
    (folder / "case.toml").write_text('repo = "library"\n')
    (folder / "candidates").mkdir()


def test_repeated_patch_names_the_other_task(tmp_path: Path) -> None:
    """The same text for two tasks is a warning on both; twice for one task, or an empty text, is none."""
    for name in ("one", "two"):
        library(tmp_path / name, 1)
        (tmp_path / name / "library" / "which.py").write_text(f"name = {name!r}\n")
        (tmp_path / name / "candidates/a.diff").write_text(PATCH.format(1))
        (tmp_path / name / "candidates/empty.diff").write_text("")
    (tmp_path / "one/candidates/own.diff").write_text(PATCH.format(1).replace("x = 3", "x = 4"))
    (tmp_path / "one/candidates/twice.diff").write_text(PATCH.format(1).replace("x = 3", "x = 4"))
    result = grade([tmp_path], GradeOptions(judge="none", time="none", jobs=1))
    warned = {r.id: [f.message for f in r.gates["template"].findings] for r in result.records if "template" in r.gates}
    assert {name for name, messages in warned.items() if messages} == {"one/a", "two/a"}
    assert "two" in warned["one/a"][0]


def test_resume_grades_what_changed_and_nothing_else(tmp_path: Path) -> None:
    """A changed patch is graded anew; the others keep their line; another judge is another run."""
    library(tmp_path / "case", 1)
    for name in ("a", "b"):
        (tmp_path / f"case/candidates/{name}.diff").write_text(PATCH.format(1))
    options = GradeOptions(judge="none", time="none", jobs=1, out=tmp_path / "out")
    assert grade([tmp_path / "case"], options).resumed == 0
    assert grade([tmp_path / "case"], options).resumed == 2
    (tmp_path / "case/candidates/b.diff").write_text("")
    again = grade([tmp_path / "case"], options)
    assert (again.resumed, [record.level for record in again.records]) == (1, [4, 0])
    other = GradeOptions(judge="structural", time="none", jobs=1, out=tmp_path / "out")
    assert grade([tmp_path / "case"], other).resumed == 0
    assert len((tmp_path / "out/verdicts.jsonl").read_text().splitlines()) == 5


def test_nothing_to_grade_is_no_crash(tmp_path: Path) -> None:
    """No input at all is a result with a fault, for the caller to report."""
    result = grade([tmp_path / "absent"], GradeOptions(), Defaults())
    assert (result.records, len(result.faults)) == ((), 1)
