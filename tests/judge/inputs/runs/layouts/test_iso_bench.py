"""ISO-Bench run and evaluation trees: every run once, joined by what its folder is called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from run_tree_kit import BASE, HUMAN, PATCH, RUN, dump, iso_run, prediction, read, results

from judge.inputs.runs.recorded_run import Evaluation


def test_a_run_as_its_journal_says(tmp_path: Path) -> None:
    """Path, journal and summary give a run; the folder names repository, agent, model, time and item."""
    folder = iso_run(tmp_path / "state/runs")
    summary = {"meta": {"repo": "vll", "model_full": "gpt-5-2025"}, "agent": {"patch_generated": False}}
    dump(folder / "run_summary.json", summary)
    run = read(tmp_path).run
    assert (run.key, run.id) == (RUN, f"state/runs/{RUN}")
    assert (run.repo, run.agent, run.model, run.run, run.item) == tuple(RUN.split("/"))
    assert (run.base, run.human, run.claimed, run.claimed_status) == (BASE, HUMAN, "success", "success")
    assert (run.patch, run.patch_state, run.patch_recorded) == (folder / "model_patch.diff", "yes", False)
    assert (run.returncode, run.duration_s, run.time_to_first_edit_s, run.started) == (0, 200.0, 12.5, 1762399800.5)
    assert (run.logs, run.prompt) == ((folder / "trae_stdout.txt",), folder / "prompt.json")
    assert run.sources == (str(folder / "journal.json"), str(folder / "run_summary.json"))
    assert run.config == {
        "experiment.hints_enabled": False,
        "metrics.commit_count": 1,
        "metrics.patch_size_loc": 2,
        "cli": "python",
        "time_budget_minutes": 60,
        "model_full": "gpt-5-2025",
    }
    assert (run.evaluation, run.steps, run.tokens_input) == (None, None, None)


def test_the_root_may_be_any_folder_of_the_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is the same from wherever the tree is read, so that descriptions still join."""
    folder = iso_run(tmp_path / "state/runs")
    monkeypatch.chdir(folder)
    places = [tmp_path, folder.parent, folder, Path(), Path("../..")]
    assert {read(place).run.key for place in places} == {RUN}
    assert read(folder).run.id == "vllm_core-0003"


@pytest.mark.parametrize(
    ("name", "key", "run", "repo"),
    [
        (
            "state/runs/vllm_core-39bd9d7d/vllm_core-0000",
            "vllm_core-39bd9d7d/vllm_core-0000",
            "vllm_core-39bd9d7d",
            "r",
        ),
        ("x/runs/vllm/2026-05-01_21-56-41/i-0", "vllm/2026-05-01_21-56-41/i-0", "2026-05-01_21-56-41", "r"),
        ("other/place/i-0", "place/i-0", "place", "r"),
        ("runs/sglang/codex/gpt-5/389be848/i-0", "sglang/codex/gpt-5/389be848/i-0", "389be848", "sglang"),
    ],
)
def test_older_folders(name: str, key: str, run: str, repo: str, tmp_path: Path) -> None:
    """Runs of older versions have less in their path; what it does not say comes from the files."""
    iso_run(tmp_path, name, run_metadata={"repo": "r"})
    output = read(tmp_path).run
    assert (output.key, output.run, output.repo, output.agent) == (key, run, repo, "trae" if repo == "r" else "codex")


@pytest.mark.parametrize(
    ("patch", "line", "state"),
    [
        (PATCH, None, "yes"),
        ("", None, "empty"),
        (" \n", None, "empty"),
        (None, None, "missing"),
        (None, PATCH, "yes"),
        (None, "", "empty"),
        ("", PATCH, "empty"),
    ],
)
def test_what_is_known_of_the_patch(patch: str | None, line: str | None, state: str, tmp_path: Path) -> None:
    """The diff file says what there is; a prediction stands in for a lost one, and the journal is not asked."""
    folder = iso_run(tmp_path, patch=patch, status="error")
    if line is not None:
        dump(folder / "prediction.jsonl", prediction("i", line))
    run = read(tmp_path).run
    assert (run.patch_state, run.claimed) == (state, "error")
    written = None if line is None else line.encode()
    assert run.patch == (written if patch is None else folder / "model_patch.diff")


def test_what_is_no_file_is_named_and_never_opened(tmp_path: Path) -> None:
    """Pipes in place of patch, log and task are named; the run is there, and whoever reads on waits for nothing."""
    folder = iso_run(tmp_path, patch=None)
    names = ("model_patch.diff", "task.txt", "trae_stdout.txt")
    for name in names:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)
    output = read(tmp_path)
    assert (output.run.patch, output.run.patch_state) == (None, "unreadable")
    assert (output.run.logs, output.run.task_text, output.run.prompt) == ((), None, folder / "prompt.json")
    assert {Path(unread.path).name: unread.why for unread in output.unread} == dict.fromkeys(
        names, "cannot be read (not a regular file)"
    )


def test_a_patch_over_the_limit_is_unreadable(tmp_path: Path) -> None:
    """A patch of a gigabyte is named; it is not called missing."""
    os.truncate(iso_run(tmp_path) / "model_patch.diff", 1 << 30)
    output = read(tmp_path)
    assert (output.run.patch, output.run.patch_state) == (None, "unreadable")
    assert "1024 MiB, over the limit of 10 MiB for a patch" in output.why


def test_a_damaged_journal_is_named_and_its_run_kept(tmp_path: Path) -> None:
    """What the journal said is unknown then; path, patch and summary still tell of the run."""
    folder = iso_run(tmp_path)
    (folder / "journal.json").write_text('{"status": "succ')
    output = read(tmp_path)
    assert "journal.json: is cut short" in output.why
    assert (output.run.claimed, output.run.base, output.run.patch_state, output.run.repo) == (None, None, "yes", "vllm")
    dump(folder / "run_summary.json", {"agent": {"status": "error"}, "commits": {"pre": BASE}})
    assert (read(tmp_path).run.claimed, read(tmp_path).run.base) == ("error", BASE)


def test_a_folder_without_a_journal_is_no_run(tmp_path: Path) -> None:
    """Prompt and task of a run that was never recorded are named, and the others are read."""
    iso_run(tmp_path)
    (iso_run(tmp_path, "vllm/trae/gpt-5/2025-11-06_03-26-11/lost") / "journal.json").unlink()
    output = read(tmp_path)
    assert output.run.item == "vllm_core-0003"
    assert "lost/journal.json: is missing: the run left only model_patch.diff, prompt.json" in output.why


def test_values_of_other_types_are_unknown(tmp_path: Path) -> None:
    """A number where a text belongs, NaN, a list for an object: unknown, and the rest is read."""
    folder = iso_run(tmp_path, status=5, commits=[], error=["x"], timestamps={"written": True})
    text = (folder / "journal.json").read_text().replace("200.0", "NaN").replace('"returncode": 0', '"returncode": 0.5')
    (folder / "journal.json").write_text(text)
    run = read(tmp_path).run
    assert (run.claimed_status, run.base, run.error, run.started, run.duration_s, run.returncode) == (None,) * 6


def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    """A folder's name in another encoding is escaped in what is stored, and still leads to the files."""
    name = os.fsdecode(b"vllm/trae/gpt-5/2025-11-06_03-26-11/caf\xe9")
    folder = iso_run(tmp_path, name)
    run = read(tmp_path).run
    assert (run.item, run.id) == ("caf\\udce9", "vllm/trae/gpt-5/2025-11-06_03-26-11/caf\\udce9")
    assert run.patch == folder / "model_patch.diff"
    assert run.key.isascii()


def test_other_words_and_tokens(tmp_path: Path) -> None:
    """The harness's own word is kept; recorded errors and tokens are."""
    iso_run(
        tmp_path, status="max_steps_exceeded", error="no file", error_type="FileNotFoundError",
        token_usage={"input_tokens": 7, "output_tokens": 3},
    )  # fmt: skip
    run = read(tmp_path).run
    assert (run.claimed, run.claimed_status) == ("error", "max_steps_exceeded")
    assert (run.error, run.error_type, run.tokens_input, run.tokens_output) == ("no file", "FileNotFoundError", 7, 3)


def test_a_log_is_not_read(tmp_path: Path) -> None:
    """A log of a gigabyte is listed and costs nothing."""
    folder = iso_run(tmp_path)
    os.truncate(folder / "trae_stdout.txt", 1 << 30)
    assert read(tmp_path).run.logs == (folder / "trae_stdout.txt",)


def test_an_evaluation(tmp_path: Path) -> None:
    """Results give the recorded timing; the patch lies elsewhere and is not called missing."""
    file = dump(tmp_path / "eval" / RUN / "test_results.json", results())
    run = read(tmp_path).run
    assert (run.key, run.id, run.layout) == (RUN, f"eval/{RUN}", "iso-bench-evaluations")
    assert (run.base, run.human, run.claimed) == (BASE, HUMAN, "success")
    assert (run.patch, run.patch_state, run.patch_recorded) == (None, "unknown", True)
    assert run.evaluation == Evaluation(
        status="success",
        baseline_ms=2.0,
        patched_ms=1.0,
        speedup=2.0,
        improvement=True,
        outputs={
            "baseline_output": {"avg_ms": 2.0, "opt_path_hit": True},
            "patched_output": {"avg_ms": 1.0, "opt_path_hit": True},
        },
        stdout="{}",
        duration_s=3.5,
        source=str(file),
        test_script="/elsewhere/test.py",
    )


def test_a_success_without_a_number(tmp_path: Path) -> None:
    """A null speed-up, or one that is NaN, stays unknown whatever the status says."""
    file = dump(tmp_path / RUN / "test_results.json", results(speedup=None, patched_ms=None, error_message="boom"))
    evaluation = read(tmp_path).run.evaluation
    assert evaluation is not None
    assert (evaluation.status, evaluation.speedup, evaluation.patched_ms, evaluation.error) == (
        "success",
        None,
        None,
        "boom",
    )
    file.write_text(file.read_text().replace('"speedup": null', '"speedup": NaN'))
    assert read(tmp_path).run.evaluation == evaluation


def test_damaged_results_fall_back_on_the_summary(tmp_path: Path) -> None:
    """Results that are cut short are named, and the summary beside them says what it can."""
    (tmp_path / RUN).mkdir(parents=True)
    (tmp_path / RUN / "test_results.json").write_text('{"metadata": {')
    summary = {"agent": {"status": "error"}, "evaluation": {"status": "no_test", "speedup": None, "error": "none"}}
    dump(tmp_path / RUN / "run_summary.json", summary)
    output = read(tmp_path)
    assert "is cut short" in output.why
    assert output.run.evaluation is not None
    assert (output.run.claimed, output.run.evaluation.status, output.run.evaluation.error) == (
        "error",
        "no_test",
        "none",
    )
