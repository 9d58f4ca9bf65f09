"""Kinds that compare runs with each other: batches whose baselines do not correlate, what could not be checked."""

from __future__ import annotations

from audit_kit import findings_of

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.samples import EVALUATION, recorded_answer, sample, timed
from judge.auditing.findings import config_mismatch, judge_contradicted, other_commit, outlier_speed, retries


def batch(name: str, baselines: list[float], first: int) -> list[AuditedRun]:
    """One batch with a baseline for each task."""
    return [
        sample(f"{name}{task}", number=first + task, human=f"c0ffee{task:02}", run=name, evaluation=timed(ms, ms))
        for task, ms in enumerate(baselines)
    ]


def test_uncorrelated_batches() -> None:
    """Two batches whose baselines go their own ways are named as a pair; a scaled copy correlates."""
    baselines = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]
    shuffled = batch("a", baselines, 0) + batch("b", baselines[::-1], 8)
    messages = [finding.message for finding in findings_of(config_mismatch.KIND, shuffled)]
    assert [message for message in messages if "do not correlate" in message and "a and b: -1.0" in message]
    scaled = batch("a", baselines, 0) + batch("b", [1.2 * ms for ms in baselines], 8)
    assert not findings_of(config_mismatch.KIND, scaled)


def test_few_common_tasks_do_not_correlate_by_chance() -> None:
    """Below eight common tasks nothing is said of a correlation."""
    few = batch("a", [1.0, 1.1, 1.2], 0) + batch("b", [1.2, 1.1, 1.0], 3)
    assert not findings_of(config_mismatch.KIND, few)


def test_same_factor_for_different_patches() -> None:
    """Where three different patches have one factor, the finding points at the benchmark."""
    runs = [
        sample(name, number=number, human="c0ffee00", patch_sha256=name, evaluation=timed(1.0, 8.0 + number))
        for number, name in enumerate("abc")
    ]
    (slow,) = findings_of(outlier_speed.KIND, runs)
    assert "look at the benchmark first" in slow.message
    (slow,) = findings_of(outlier_speed.KIND, runs[:2])
    assert "look at the benchmark first" not in slow.message


def test_tasks_tried_most_come_first() -> None:
    """Of more tasks than are named, those with most attempts are kept."""
    runs = [
        sample(
            f"{task:04}-{attempt}",
            number=task * 10 + attempt,
            human=f"{task:08}",
            claimed="error",
            started=1.0 * attempt,
        )
        for task in range(2100)
        for attempt in range(6 if task == 2050 else 4)
    ]
    (finding,) = findings_of(retries.KIND, runs)
    tasks = finding.details["tasks"]
    assert isinstance(tasks, list)
    assert (len(tasks), tasks[0]["commit"], tasks[0]["attempts"], len(finding.runs)) == (1000, "00002050", 6, 8402)


def test_unchecked_is_said() -> None:
    """Without a repository nothing is known of a patch's base or a judge's claims, and the finding says so."""
    runs = [sample("a", patch_state="yes", judgements=(recorded_answer({**EVALUATION, "syntax_correct": False}),))]
    for kind in (other_commit.KIND, judge_contradicted.KIND):
        (finding,) = findings_of(kind, runs)
        assert finding.severity == "info"
        assert "--repo" in finding.message
