"""Why an evaluation has no number: one cause for each, read from the words that harnesses and interpreters use."""

from __future__ import annotations

import pytest

from judge.auditing.regrading.timing_failure import absent_module, errors_printed, timing_failure
from judge.inputs.runs.recorded_run import Evaluation, RecordedRun

CASES = [
    ("no-test-script", Evaluation(status="no_test", error="No test script found for commit c0ffee00")),
    ("worktree", Evaluation(error="Command '['git', 'worktree', 'add', '--detach', '/tmp/w', 'c0ffee']' returned 128")),
    ("worktree", Evaluation(error="fatal: invalid reference: c0ffee")),
    ("path-not-triggered", Evaluation(error="OPT_PATH_NOT_TRIGGERED: not initialized")),
    (
        "path-not-triggered",
        Evaluation(status="no_patch", baseline_ms=0.0, outputs={"baseline_output": {"opt_path_hit": False}}),
    ),
    ("missing-module", Evaluation(error="Failed to import components: No module named 'cbor2'")),
    (
        "missing-module",
        Evaluation(error="Could not import module 'X'. Are this object's requirements defined correctly?"),
    ),
    ("missing-module", Evaluation(error="cannot import name 'X' from 'transformers' (/usr/lib/x.py)")),
    (
        "missing-module",
        Evaluation(error="no output", stderr="RuntimeError: operator torchvision::nms does not exist\n"),
    ),
    ("target-unresolved", Evaluation(error="cannot import name 'x' from partially initialized module 'vllm' (a.py)")),
    ("target-unresolved", Evaluation(error="module 'vllm.core' has no attribute 'Gone'")),
    ("benchmark-crashed", Evaluation(error="Baseline test failed to produce output", stderr="a\nKeyError: 'x'\n\n")),
    (
        "benchmark-crashed",
        Evaluation(stderr="torch.OutOfMemoryError: CUDA out of memory\n[rank0]: Warning: leftover\n"),
    ),
    ("no-output", Evaluation(error="Baseline test failed to produce output", stderr="Warning: process group\n")),
    (None, Evaluation(speedup=1.1, error="No module named 'x'")),
    (None, Evaluation(baseline_ms=2.0, patched_ms=1.0, error="No module named 'x'")),
    (None, Evaluation(baseline_ms=2.0, error="patched test failed", stderr="KeyError: 'x'\n")),
    (None, Evaluation(status="success", error="No module named 'x'")),
    (None, Evaluation(status="resolved")),
]


@pytest.mark.parametrize(("kind", "evaluation"), CASES)
def test_cause(kind: str | None, evaluation: Evaluation) -> None:
    """Each recorded evaluation has the one cause that its words name, and none where the base was timed."""
    failure = timing_failure(
        RecordedRun(key="a", id="a", layout="x", repo="vllm", human="c0ffee00c0ffee", evaluation=evaluation)
    )
    assert (failure and failure.kind) == kind


def test_a_path_in_a_traceback_is_no_worktree_error() -> None:
    """A folder named `worktree` in an ordinary traceback does not blame git."""
    stderr = 'File "/tmp/eval_worktree_1/worktree/a.py", line 1\nTypeError: f() takes no arguments\n'
    failure = timing_failure(
        RecordedRun(key="a", id="a", layout="x", evaluation=Evaluation(error="no output", stderr=stderr))
    )
    assert failure is not None
    assert failure.kind == "benchmark-crashed"


def test_messages_that_differ_in_a_path_are_one() -> None:
    """Labels leave out temporary paths and addresses, by which the same message would differ in every run."""
    labels = set()
    for name in ("abc", "def"):
        evaluation = Evaluation(error=f"OSError: no file /tmp/{name}/a at 0x7f{name[:1]}0")
        failure = timing_failure(RecordedRun(key=name, id=name, layout="x", evaluation=evaluation))
        assert failure is not None
        labels.add(failure.label)
    assert len(labels) == 1


def test_own_package_is_no_environment() -> None:
    """A name that the package under test lacks is not blamed on the environment; a missing module always is."""
    text = "cannot import name 'x' from 'vllm.core' (a.py)"
    assert absent_module(text, own="vllm") is None
    assert absent_module(text, own="sglang") == "vllm"
    assert absent_module("No module named 'vllm._C'", own="vllm") == "vllm._C"


def test_warnings_are_no_errors() -> None:
    """Only reports with an error, exceptions and lines that begin with `Error:` count as errors in an output."""
    quiet = Evaluation(
        stdout="WARNING failed to import x with ModuleNotFoundError('y')\nUserWarning: an Error: in "
        "it\n{}\n{not json}\n",
        outputs={"baseline_output": {"error": None}, "patched_output": "text"},
    )
    loud = Evaluation(stdout='{"error": "gone", "using_mock": true}\nError: no x\n', stderr="  ValueError: bad\n")
    assert list(errors_printed(quiet)) == []
    assert list(errors_printed(loud)) == [("gone", True), ("Error: no x", False), ("ValueError: bad", False)]
