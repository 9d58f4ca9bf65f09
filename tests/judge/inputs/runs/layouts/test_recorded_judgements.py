"""Recorded judgements given as a path: every attempt is a run, with what the judge said and what the harness knew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from run_tree_kit import BASE, HUMAN, PATCH, dump, read

from judge.core.judgement import Errored


def attempt(item: str, *, content: str | None = PATCH, size: int | None = None, **changes: Any) -> dict[str, Any]:
    """Return an attempt as the harness lists it."""
    written = len(content.encode()) if content is not None else 0
    return {
        "run_id": "r-1", "item_id": item, "commit": HUMAN[:8], "status": "success", "outcome": "success_with_patch",
        "patch": {"exists": content is not None, "size_bytes": written if size is None else size, "content": content},
        "prompt": {"commits": {"pre": BASE, "human": HUMAN}},
        "execution": {"returncode": 0, "duration_seconds": 5.0, "error": None, "error_type": None},
        **changes,
    }  # fmt: skip


def evaluations(*items: str) -> list[dict[str, Any]]:
    """Return a judge's file in which every reply was empty."""
    failure = "Could not evaluate: No JSON found in response: "
    flat = dict.fromkeys(("syntax_correct", "files_match", "optimization_logic_match", "is_complete"), False)
    answer = {
        **flat,
        "is_template_code": True,
        "quality_score": 0.0,
        "issues": [],
        "reasoning": failure,
        "true_success": False,
    }
    judged = [
        {"run_id": "r-1", "item_id": item, "status": "success", "patch_size": 50, "evaluation": answer}
        for item in items
    ]
    return [{"commit": HUMAN[:8], "human_files": [], "evaluated_attempts": judged}]


def test_evaluations_with_their_attempts(tmp_path: Path) -> None:
    """All attempts are runs; those that were judged carry the judgement, with the full commit from beside it."""
    attempts = [attempt("i-0"), attempt("i-1", content=None, status="error", outcome="error_unknown")]
    dump(tmp_path / "all_attempts_comprehensive.json", attempts)
    judged, other = read(dump(tmp_path / "gpt5_evaluations.json", evaluations("i-0"))).runs
    assert (judged.key, judged.base, judged.human, judged.claimed) == ("r-1/i-0", BASE, HUMAN, "success")
    (judgement,) = judged.judgements
    assert isinstance(judgement.judgement, Errored)
    assert judgement.judgement.reason == "empty"
    assert (judged.patch, judged.patch_state, judged.duration_s) == (PATCH.encode(), "yes", 5.0)
    assert (other.judgements, other.patch_state, other.claimed) == ((), "missing", "error")
    assert other.config == {"outcome": "error_unknown"}


def test_evaluations_alone(tmp_path: Path) -> None:
    """Without the attempts a judgement still names its run and commit; the patch is not here."""
    run = read(dump(tmp_path / "gpt5_evaluations.json", evaluations("i-0"))).run
    assert (run.key, run.human, run.patch_state, run.patch_recorded) == ("r-1/i-0", HUMAN[:8], "unknown", True)
    assert len(run.judgements) == 1


def test_a_cut_patch_is_not_taken_for_the_patch(tmp_path: Path) -> None:
    """The attempts hold what the judge was shown; where that is less than the patch, the patch is not here."""
    attempts = [attempt("i-0", size=len(PATCH) + 1), attempt("i-1", content="")]
    cut, empty = read(dump(tmp_path / "all_attempts_comprehensive.json", attempts)).runs
    assert (cut.patch, cut.patch_state, cut.patch_recorded) == (None, "unknown", True)
    assert (empty.patch_state, empty.patch_recorded) == ("empty", False)


def test_damage_is_named(tmp_path: Path) -> None:
    """An entry without a name, or a file that is cut short, is named; the rest is read."""
    output = read(dump(tmp_path / "attempts.json", [attempt("i-0"), {"run_id": 5}]))
    assert output.run.item == "i-0"
    assert output.why.endswith("attempts.json:entry 2: is no attempt: needs run_id and item_id")
    file = dump(tmp_path / "evaluations.json", evaluations("i-0"))
    file.write_text(file.read_text()[:-5])
    assert "no list of recorded evaluations" in read(file).why
