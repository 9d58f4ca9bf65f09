"""`--judge replay:FILE`: which kind of file it is, and that a recorded failure of a judge is none of the patch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import commit, git, make_repo

from judge.errors import UsageError
from judge.inputs.batch import Defaults
from judge.judges.panel import open_panel
from judge.llm.options import JudgingOptions
from judge.pipeline import GradeOptions, grade

FAILED = "No JSON found in response: "


def evaluation(reasoning: str, **values: bool) -> dict[str, object]:
    """One stored evaluation, all failing but for `values`."""
    flags = ("syntax_correct", "files_match", "optimization_logic_match", "is_complete", "true_success")
    values_given: dict[str, object] = {name: values.get(name, False) for name in flags}
    return values_given | {"is_template_code": False, "quality_score": 0.0, "issues": [], "reasoning": reasoning}


def recorded(folder: Path, human: str, *attempts: tuple[int, dict[str, object]]) -> Path:
    """A file of recorded evaluations of patches of these sizes."""
    listed = [
        {"run_id": "r", "item_id": f"i{number}", "status": "success", "patch_size": size, "evaluation": evaluation}
        for number, (size, evaluation) in enumerate(attempts)
    ]
    entry = {"commit": human[:8], "subject": "s", "human_files": [], "total_attempts": 1, "evaluated_attempts": listed}
    file = folder / "recorded.json"
    file.write_text(json.dumps([entry]))
    return file


@pytest.fixture
def project(tmp_path: Path) -> tuple[Path, str, str, Path]:
    """A repository, its base, a human commit, and a folder with three candidates of different size."""
    repo = tmp_path / "repo"
    base = make_repo(repo, {"a.py": "x = 1\n"})
    human = commit(repo, {"a.py": "x = 2\n"})
    patches = tmp_path / "patches"
    patches.mkdir()
    for name, value in (("short", "30"), ("middle", "300"), ("long", "3000")):
        commit(repo, {"a.py": "x = 1\n"})
        after = commit(repo, {"a.py": f"x = {value}\n"})
        (patches / f"{name}.diff").write_bytes(git(repo, "diff", base, after).out)
    return repo, base, human, patches


def test_recorded_failures_are_errors_and_answers_without_ground_truth_decide_nothing(
    tmp_path: Path, project: tuple[Path, str, str, Path]
) -> None:
    """An empty reply stored as a failed patch is an error; an answer without the human change abstains."""
    repo, base, human, patches = project
    sizes = {file.stem: file.stat().st_size for file in patches.iterdir()}
    failed, answered = evaluation(f"Could not evaluate: {FAILED}"), evaluation("Some text.", syntax_correct=True)
    file = recorded(tmp_path, human, (sizes["short"], failed), (sizes["middle"], answered))
    result = grade(
        [patches],
        GradeOptions(judge=f"replay:{file}", time="none", jobs=1),
        Defaults(repos={"": repo}, base=base, human=human),
    )
    by_name = {record.id.partition("/")[2]: record for record in result.records}
    reasons = {name: (record.judgement.status, record.judgement.reason) for name, record in by_name.items()}  # type: ignore[union-attr]
    assert reasons == {
        "short": ("error", "empty"),
        "middle": ("abstained", "no-ground-truth"),
        "long": ("abstained", "not-recorded"),
    }
    assert {record.true_success for record in result.records} == {None}


def test_two_recorded_answers_that_differ_are_none(tmp_path: Path, project: tuple[Path, str, str, Path]) -> None:
    """Where the record contradicts itself about one patch, it says nothing."""
    repo, base, human, patches = project
    size = (patches / "long.diff").stat().st_size
    file = recorded(
        tmp_path, human, (size, evaluation(f"Could not evaluate: {FAILED}")), (size, evaluation("Some text."))
    )
    options = GradeOptions(judge=f"replay:{file}", time="none", jobs=1)
    result = grade([patches / "long.diff"], options, Defaults(repos={"": repo}, base=base, human=human))
    assert "differ" in result.records[0].judgement.message  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b'{"custom_id": "a", "text": "x"}\n{"text": "y"}\n', "answers.jsonl:2"),
        (b'{"custom_id": "a", "text": "x"}\n{"custom_id": "a", "text": "y"}\n', "second answer"),
        (b'{"custom_id": "a", "te', "answers.jsonl:1"),
        (b'{"schema": 1}\n', "answers.jsonl:1"),
        (b'[{"commit": "c", "evaluated_attempts": [{}]}]', "answers.jsonl"),
    ],
)
def test_a_file_that_is_damaged_is_one_error_with_its_place(tmp_path: Path, content: bytes, wrong: str) -> None:
    """A line that is not what the first one promises stops the run before anything is graded."""
    file = tmp_path / "answers.jsonl"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=wrong):
        open_panel([f"replay:{file}"], JudgingOptions())
