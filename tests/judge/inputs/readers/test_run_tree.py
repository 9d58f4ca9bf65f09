"""`judge grade` takes the run tree of a known harness: each run with a patch is a candidate of its task."""

from __future__ import annotations

from pathlib import Path

from run_tree_kit import BASE, HUMAN, PATCH, RUN, dump, iso_run, prediction, results

from judge.inputs.batch import Defaults, read_inputs
from judge.static_checks.model.case import Candidate

OTHER = "vllm/codex/gpt-5/389be848/vllm_core-0003"


def test_runs_become_candidates_of_their_tasks(tmp_path: Path) -> None:
    """Two runs of one task share its case; agent, model, run and claim come from the tree."""
    first = iso_run(tmp_path / "state", RUN)
    iso_run(tmp_path / "state", OTHER, patch=None, status="error")
    dump(tmp_path / "eval" / RUN / "test_results.json", results())
    repo = tmp_path / "repo"
    batch = read_inputs([tmp_path], Defaults(repos={"vllm": repo, "other": tmp_path}))
    (case,) = batch.cases
    assert (case.id, case.repo, case.base, case.human) == (f"vllm-{HUMAN}-{BASE[:12]}", repo, BASE, HUMAN)
    assert batch.candidates == (
        Candidate(
            id=f"{case.id}/state/{OTHER}",
            case=case.id,
            source=f"{tmp_path}/state/{OTHER}/journal.json",
            patch=None,
            agent="codex",
            model="gpt-5",
            run="389be848",
            claimed="error",
        ),
        Candidate(
            id=f"{case.id}/state/{RUN}",
            case=case.id,
            source=str(first / "model_patch.diff"),
            patch=first / "model_patch.diff",
            agent="trae",
            model="gpt-5",
            run="2025-11-06_03-26-11",
            claimed="success",
        ),
    )
    assert not batch.faults


def test_another_base_is_another_task(tmp_path: Path) -> None:
    """Runs of one human commit from different bases are not compared as one task."""
    iso_run(tmp_path / "state", RUN)
    iso_run(tmp_path / "state", OTHER, commits={"pre": "3" * 40, "human": HUMAN})
    assert {case.base for case in read_inputs([tmp_path], Defaults()).cases} == {BASE, "3" * 40}


def test_flags_fill_what_the_tree_does_not_say(tmp_path: Path) -> None:
    """A journal without commits leaves them to --base and --human; a repository without a name is for all."""
    iso_run(tmp_path / "state", RUN, commits={})
    (case,) = read_inputs([tmp_path], Defaults(repos={"": tmp_path}, base="main", human="fix")).cases
    assert (case.repo, case.base, case.human) == (tmp_path, "main", "fix")


def test_what_cannot_be_graded_is_said(tmp_path: Path) -> None:
    """A damaged journal is a fault and its patch is graded; evaluations alone have no patches to grade."""
    (iso_run(tmp_path / "runs", RUN) / "journal.json").write_text("{")
    batch = read_inputs([tmp_path / "runs"], Defaults(base="main"))
    assert len(batch.candidates) == 1
    assert "journal.json: is cut short" in batch.faults[0].message
    dump(tmp_path / "eval" / RUN / "test_results.json", results())
    batch = read_inputs([tmp_path / "eval"], Defaults())
    assert not batch.candidates
    assert "its patch is not here; give the tree that holds it too" in batch.faults[0].message


def test_other_readers_come_first(tmp_path: Path) -> None:
    """A file of predictions and a folder of diffs are what they were; only folders of a known harness are run trees."""
    dump(tmp_path / "preds.json", [prediction("a__b-1")])
    assert read_inputs([tmp_path / "preds.json"], Defaults()).candidates[0].source.endswith("preds.json:entry 1")
    (tmp_path / "diffs").mkdir()
    (tmp_path / "diffs/x.diff").write_text(PATCH)
    assert read_inputs([tmp_path / "diffs"], Defaults()).candidates[0].id == "diffs/x"
    (tmp_path / "nothing").mkdir()
    assert "the run tree of a known harness" in read_inputs([tmp_path / "nothing"], Defaults()).faults[0].message
