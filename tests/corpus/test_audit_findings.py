"""The findings of the archive's audit, each against a plain loop over its JSON files."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from corpus_kit import Corpus

from judge.auditing.collecting.accumulator import AuditFinding
from judge.auditing.result import AuditResult

pytestmark = pytest.mark.corpus

AGENTS = ("trae", "codex", "codex_cli", "openhands")


@dataclass(frozen=True, kw_only=True)
class Raw:
    """One run as its files have it; `patch` is None where there is no file."""

    id: str
    folder: Path
    journal: Mapping[str, Any]
    result: Mapping[str, Any] | None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    patch: bytes | None

    @property
    def commit(self) -> str:
        """The human commit, as short as the shortest in the archive."""
        return str(self.journal["commits"]["human"])[:8]

    @property
    def agent(self) -> Mapping[str, Any]:
        """What the journal says of the agent's process."""
        return next((self.journal[name] for name in AGENTS if name in self.journal), {})

    @property
    def metrics(self) -> Mapping[str, Any]:
        """The journal's metrics."""
        return self.journal.get("metrics") or {}

    @property
    def started(self) -> float:
        """When the agent started; the journal is written when it ends."""
        return float(self.journal["timestamps"]["written"] - self.agent.get("duration_s", 0))

    @property
    def batch(self) -> tuple[str, ...]:
        """Agent, model and time."""
        return self.folder.parts[-4:-1]

    @cached_property
    def task(self) -> str:
        """The task text."""
        return (self.folder / "task.txt").read_text("utf-8", "replace")


@pytest.fixture(scope="module")
def raws(corpus: Corpus) -> Sequence[Raw]:
    """Every run, in order of its path."""
    runs = []
    for file in (corpus.folder / "state/runs").glob("*/*/*/*/*/journal.json"):
        parts = file.parent.relative_to(corpus.folder / "state/runs")
        evaluated = corpus.folder / "eval_results_v2" / parts / "test_results.json"
        stored = json.loads(evaluated.read_bytes()) if evaluated.exists() else {}
        patch = file.with_name("model_patch.diff")
        runs.append(
            Raw(
                id=file.parent.relative_to(corpus.folder).as_posix(),
                folder=file.parent,
                journal=json.loads(file.read_bytes()),
                result=stored.get("result"),
                metadata=stored.get("metadata", {}),
                patch=patch.read_bytes() if patch.exists() else None,
            )
        )
    return sorted(runs, key=lambda raw: raw.id)


@pytest.fixture(scope="module")
def findings(audited: AuditResult) -> Mapping[str, Sequence[AuditFinding]]:
    """The audit's findings by code."""
    assert not audited.unchecked
    by_code: dict[str, list[AuditFinding]] = defaultdict(list)
    for finding in audited.findings:
        by_code[finding.code].append(finding)
    return by_code


def concerned(finding: AuditFinding, raws: Sequence[Raw]) -> set[str]:
    """The ids of a finding's runs; runs are numbered in order of id."""
    return {raws[number].id for number in finding.runs}


def ids(raws: Iterable[Raw], test: Callable[[Raw], object]) -> set[str]:
    """The ids of the runs that pass a test."""
    return {raw.id for raw in raws if test(raw)}


def evaluated(raws: Iterable[Raw], test: Callable[[Mapping[str, Any]], object]) -> set[str]:
    """The ids of the runs whose recorded evaluation passes a test."""
    return {raw.id for raw in raws if raw.result is not None and test(raw.result)}


Findings = Mapping[str, Sequence[AuditFinding]]


def test_claims(findings: Findings, raws: Sequence[Raw]) -> None:
    """Claims against exit code, patch and clock: the same runs as a loop over the journals names."""
    success = [raw for raw in raws if raw.journal["status"] == "success"]
    (crashed,) = findings["success-after-crash"]
    assert concerned(crashed, raws) == ids(success, lambda raw: raw.agent.get("returncode"))
    assert len(crashed.runs) == 118
    (empty,) = findings["success-without-patch"]
    assert concerned(empty, raws) == ids(success, lambda raw: not raw.patch)
    (clock,) = findings["impossible-duration"]
    assert concerned(clock, raws) == ids(
        success,
        lambda raw: (
            raw.agent["duration_s"] < 10
            or raw.agent["duration_s"] >= 60 * raw.agent["time_budget_minutes"]
            or (raw.metrics.get("time_to_first_edit_s") or 99) < 1
        ),
    )
    (none,) = findings["patch-recorded-as-none"]
    assert concerned(none, raws) == ids(
        raws, lambda raw: raw.patch and raw.result and raw.result["status"] == "no_patch"
    )


def test_errors(findings: Findings, raws: Sequence[Raw]) -> None:
    """83 % of the errors have neither message nor type; the others have one of two causes."""
    errors = [raw for raw in raws if raw.journal["status"] == "error"]
    (opaque,) = findings["opaque-error"]
    assert concerned(opaque, raws) == ids(errors, lambda raw: not raw.journal.get("error"))
    (known,) = findings["recorded-error"]
    assert concerned(known, raws) == ids(errors, lambda raw: raw.journal.get("error"))
    assert (len(opaque.runs), len(known.runs), len(errors)) == (450, 92, 542)


def test_tokens(findings: Findings, raws: Sequence[Raw]) -> None:
    """No journal has tokens; the sums are those of the summaries at the ends of the logs."""
    (tokens,) = findings["tokens-not-recorded"]
    assert len(tokens.runs) == len(raws) == 1122
    logs = [log.read_text("utf-8", "replace") for raw in raws for log in raw.folder.glob("trae_stdout.txt")]
    for name in ("Input", "Output"):
        counts = [int(number) for log in logs for number in re.findall(rf"│ {name} Tokens\s+│\s+(\d+)", log)]
        assert tokens.details[f"tokens_{name.lower()}"] == sum(counts)
        assert tokens.recovers == len(counts) == 5
    (denied,) = findings["log-denies-success"]
    assert len(denied.runs) == sum("Success          │ ❌ No" in log for log in logs) == 8


def test_retries(findings: Findings, raws: Sequence[Raw]) -> None:
    """Attempts of one agent and model at one commit, in order of time."""
    tries: dict[tuple[str, ...], list[tuple[float, str]]] = defaultdict(list)
    for raw in raws:
        repo, agent, model = raw.folder.parts[-5:-2]
        tries[repo, raw.commit, agent, model].append((raw.started, raw.journal["status"][0]))
    many = {key: "".join(status for _, status in sorted(made)) for key, made in tries.items() if len(made) > 3}
    (retries,) = findings["retries"]
    tasks: Any = retries.details["tasks"]
    assert {(task["repo"], task["commit"], task["agent"], task["model"]): task["pattern"] for task in tasks} == many
    assert len(retries.runs) == sum(map(len, many.values()))
    assert tasks[0]["attempts"] == 27


def recorded_message(result: Mapping[str, Any]) -> str:
    """What an evaluation without a number says: its message, or the last line of its error output."""
    if result["error_message"] != "Baseline test failed to produce output":
        return str(result["error_message"] or "")
    return str((result["stderr"].strip().splitlines() or [""])[-1])


def test_environment(findings: Findings, raws: Sequence[Raw]) -> None:
    """Runs lost to modules, targets, scripts and paths: four disjoint sets, each found by its words alone."""
    words = ("No module named", "Could not import module", "from 'transformers'", "operator torchvision::nms")
    lost = [raw for raw in raws if raw.result and raw.result["status"] in ("baseline_failed", "error")]
    (modules,) = findings["missing-module"]
    assert concerned(modules, raws) == {
        raw.id for raw in lost if raw.result and any(w in recorded_message(raw.result) for w in words)
    }
    counts: Any = modules.details["by_module"]
    by_module = {row["module"]: row["runs"] for row in counts}
    assert by_module["IPython"] == sum("'IPython'" in recorded_message(raw.result) for raw in lost if raw.result) == 111
    assert modules.recovers == sum(bool(raw.patch) for raw in raws if raw.id in concerned(modules, raws))
    (unresolved,) = findings["target-unresolved"]
    target = ("UncachedBlockAllocator", "MambaCacheParams", "cuda_utils")
    assert concerned(unresolved, raws) == evaluated(
        raws, lambda result: any(w in recorded_message(result) for w in target)
    )
    (script,) = findings["no-test-script"]
    without = [raw for raw in raws if raw.result and raw.result["status"] == "no_test"]
    assert concerned(script, raws) == {raw.id for raw in without}
    have = {raw.commit for raw in raws if raw.metadata.get("test_script_path")}
    assert script.details["script_found_in_another_run"] == sum(raw.commit in have for raw in without)
    crashed, silent = findings["benchmark-crashed"][0], findings["no-output"][0]
    everything = [modules, unresolved, crashed, silent]
    assert sum(len(finding.runs) for finding in everything) + 6 == len(lost), "the 6 did not reach the code"


def test_path(findings: Findings, raws: Sequence[Raw]) -> None:
    """The flag is false in 14 evaluations without a number and in 4 that have one, so it is not constant."""
    denied = evaluated(raws, lambda result: '"opt_path_hit": false' in result["stdout"])
    lost, timed = findings["path-not-triggered"]
    assert concerned(lost, raws) | concerned(timed, raws) == denied
    assert concerned(timed, raws) == denied & evaluated(raws, lambda result: result["speedup"])
    assert (len(lost.runs), len(timed.runs)) == (14, 4)
    assert "constant-path-hit" not in findings


def test_numbers(findings: Findings, raws: Sequence[Raw]) -> None:
    """Phantom successes, noise, outliers and misleading averages, by arithmetic on the recorded numbers."""
    success = evaluated(raws, lambda result: result["status"] == "success")
    null = evaluated(raws, lambda result: result["speedup"] is None)
    printed, phantom = sorted(findings["phantom-success"], key=lambda finding: -len(finding.runs))
    assert concerned(phantom, raws) == success & null
    assert len(phantom.runs) == 2
    mock = evaluated(raws, lambda result: "using_mock" in result["stderr"])
    assert concerned(printed, raws) == mock | (evaluated(raws, lambda result: "\nError:" in result["stdout"]) & success)
    claims, neutral = sorted(findings["noise-level"], key=lambda finding: len(finding.runs))
    near = evaluated(raws, lambda result: result["speedup"] and 0.95 <= result["speedup"] <= 1.05)
    assert concerned(neutral, raws) == near
    assert concerned(claims, raws) == near & evaluated(raws, lambda result: result["improvement"])
    (slow,) = findings["outlier-speed"]
    assert concerned(slow, raws) == evaluated(raws, lambda result: result["speedup"] and result["speedup"] < 0.5)
    (average,) = findings["average-misleads"]
    assert {raws[number].commit for number in average.runs} == {"2f192835", "6b7038ba"}
    baselines = defaultdict(list)
    for raw in raws:
        if raw.result and raw.result["baseline_ms"]:
            baselines[raw.commit].append(raw.result["baseline_ms"])
    apart = {commit for commit, values in baselines.items() if max(values) > 1.5 * min(values)}
    (mismatch,) = findings["config-mismatch"]
    assert {raws[number].commit for number in mismatch.runs} == apart == {"fc542144"}


def test_prompts(findings: Findings, raws: Sequence[Raw]) -> None:
    """Three task texts in four name no problem, and the rest share two scripts."""
    scripts = {raw.id: raw.task.partition("<test_script>\n")[2].partition("</test_script>")[0].strip() for raw in raws}
    empty = {name for name, script in scripts.items() if all(line.startswith("#") for line in script.splitlines())}
    assert concerned(findings["empty-prompt"][0], raws) == empty
    assert concerned(findings["shared-test-script"][0], raws) == scripts.keys() - empty
    assert (len(empty), len(raws)) == (865, 1122)


def test_leaks(findings: Findings, corpus: Corpus, raws: Sequence[Raw]) -> None:
    """The share of the human change in each task text, from the archive's own copy of the change."""
    changed = {human.commit[:8]: set(diff_lines(human.diff)) for human in corpus.human_commits}
    shown = {raw.id: len(changed[raw.commit].intersection(map(str.rstrip, raw.task.splitlines()))) for raw in raws}
    total = {raw.id: len(changed[raw.commit]) for raw in raws}
    leaked = {
        name
        for name, count in shown.items()
        if total[name] and count / total[name] >= 0.05 and count >= min(2, total[name])
    }
    (leak,) = findings["prompt-leak"]
    assert concerned(leak, raws) == leaked
    whole: Any = leak.details["shown_whole"]
    assert {raws[number].id for number in whole} == {name for name in leaked if shown[name] == total[name]}
    assert (len(leaked), len(whole)) == (737, 189)


def diff_lines(diff: str) -> Iterable[str]:
    """The lines of a diff that are added or removed and hold at least four letters or digits."""
    in_hunk = False
    for line in diff.splitlines():
        in_hunk = (in_hunk or line.startswith("@@")) and not line.startswith("diff --git")
        if in_hunk and line[:1] in ("+", "-") and sum(map(str.isalnum, line)) >= 4:
            yield line.rstrip()


def test_patches(findings: Findings, raws: Sequence[Raw]) -> None:
    """Patches that stand elsewhere too: at another commit, or in the run of another model before."""
    commits, runs = defaultdict(set), defaultdict(list)
    for raw in raws:
        if raw.patch:
            commits[raw.patch].add(raw.commit)
            runs[raw.patch, raw.commit].append((raw.started, raw.batch, raw.id))
    (same,) = findings["same-patch"]
    assert concerned(same, raws) == ids(raws, lambda raw: raw.patch and len(commits[raw.patch]) > 1)
    foreign: set[str] = set()
    own: set[str] = set()
    for (patch, _), made in runs.items():
        (_, first, _), *later = sorted(made)
        for _, batch, name in later if len(patch) >= 1000 else ():
            (foreign if batch[:2] != first[:2] else own).add(name)
    copied = {len(finding.runs): concerned(finding, raws) for finding in findings["copied-patch"]}
    assert copied == {60: foreign, 14: own}
    sonnet = Counter(raws[number].batch for number in findings["copied-patch"][0].runs)
    assert sonnet["trae", "claude-sonnet-45", "2025-11-28_15-26-15"] == 56


def test_other_commit(findings: Findings, corpus: Corpus, raws: Sequence[Raw]) -> None:
    """70 of the 71 patches that do not apply name another origin; 32 runs count the repository's own history."""
    refused = {run.path for run in corpus.runs if run.applies is False}
    made, history = findings["other-commit"]
    assert concerned(made, raws) < refused
    assert (len(made.runs), len(refused)) == (70, 71)
    assert concerned(history, raws) == ids(raws, lambda raw: raw.patch and (raw.metrics.get("commit_count") or 0) > 50)


def test_judge(findings: Findings, corpus: Corpus) -> None:
    """114 of 143 are no judgement, none of the 29 answers saw the human change, 17 were given on cut patches."""
    stored = json.loads((corpus.folder / "judgements/gpt5_evaluations.json").read_bytes())
    attempts = [attempt for commit in stored for attempt in commit["evaluated_attempts"]]
    answered = [a for a in attempts if "No JSON found" not in a["evaluation"]["reasoning"]]
    (failed,) = findings["judge-failure-stored"]
    assert failed.recovers == len(attempts) - len(answered) == 114
    (blind,) = findings["judge-no-ground-truth"]
    assert blind.recovers == len(answered) == 29
    assert not any(commit["human_files"] for commit in stored)
    (cut,) = findings["judge-truncated-input"]
    assert cut.details["characters"] == 5000
    assert cut.recovers == sum(attempt["patch_size"] > 5000 for attempt in answered) == 17
    (constant,) = findings["judge-constant"]
    fields = answered[0]["evaluation"]
    same = {name for name in fields if len({str(a["evaluation"][name]) for a in answered}) == 1}
    assert constant.details["constant"] == {name: fields[name] for name in same}
    (contradicted,) = findings["judge-contradicted"]
    claims: Any = contradicted.details["claims"]
    accused = next(row for row in claims if row["claim"] == "syntax_correct" and row["said"] is False)
    assert accused["checked"] - accused["wrong"] == 4, "of the patches accused of syntax errors four have one"


def test_what_is_not_there(findings: Findings) -> None:
    """Kinds that the archive gives no cause for stay silent."""
    silent = ("zero-steps", "worktree-error", "stale-plan", "config-drift", "duplicate-run", "unevaluated-counted")
    assert not [code for code in silent if code in findings]
