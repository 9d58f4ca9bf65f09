"""Generic runs for harnesses without a layout of their own: JSON lines, each with `"schema": "judge-run/1"`.

`judge schema run` describes a line. Only `schema` and `id` are needed; what is left out is unknown, and null is
too, except for `patch`: null says that the run left none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from judge.inputs.runs.recorded_run import Correctness, Evaluation, PatchState, RecordedRun, Unread
from judge.inputs.runs.recorded_values import encode_patch, text, tidy
from judge.inputs.runs.run_files import Sample, find_files, find_patch, read_first_object, read_lines, readable_size
from judge.static_checks.model.case import Claim

NAME = "run-lines"
LAYOUT = 'generic runs (.jsonl with "schema": "judge-run/1"; see judge schema run)'
_SCHEMA = "judge-run/1"


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EvaluationLine(_Line):
    """A timing as the harness recorded it; ratios are base time over patched time, above 1 is faster."""

    status: str | None = Field(default=None, description="the harness's own word")
    baseline_ms: FiniteFloat | None = None
    patched_ms: FiniteFloat | None = None
    human_ms: FiniteFloat | None = None
    speedup: FiniteFloat | None = None
    human_speedup: FiniteFloat | None = None
    interval: tuple[FiniteFloat, FiniteFloat] | None = Field(default=None, description="95 % interval of the speed-up")
    improvement: bool | None = None
    correctness: Correctness = Field(default="unknown", description="outputs or tests, against the base")
    error: str | None = None
    outputs: dict[str, object] = Field(default_factory=dict, description="e.g. baseline_output and patched_output")
    stdout: str = ""
    stderr: str = ""
    duration_s: FiniteFloat | None = None
    test_script: str | None = None


class RunLine(_Line):
    """One attempt at one task; every file it names is relative to the folder of this file."""

    schema_: Literal["judge-run/1"] = Field(alias="schema")
    id: str = Field(min_length=1, description="names the run, unique in the file")
    key: str | None = Field(default=None, description="joins descriptions of one run; the id if left out")
    repo: str | None = Field(default=None, description="name of the repository, as --repo NAME=PATH names it")
    base: str | None = Field(default=None, description="commit the agent started from")
    human: str | None = Field(default=None, description="human commit")
    agent: str | None = None
    model: str | None = None
    run: str | None = None
    item: str | None = None
    started: FiniteFloat | None = Field(default=None, description="unix seconds")
    claimed: Claim | None = None
    claimed_status: str | None = Field(default=None, description="the harness's own word for the outcome")
    patch: str | None = Field(default=None, description="the patch itself; null: the run left none")
    patch_file: str | None = Field(default=None, description="or the file that holds it")
    patch_recorded: bool | None = Field(default=None, description="what the harness said about there being a patch")
    returncode: int | None = None
    duration_s: FiniteFloat | None = None
    steps: int | None = None
    time_to_first_edit_s: FiniteFloat | None = None
    error: str | None = None
    error_type: str | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None
    logs: tuple[str, ...] = ()
    prompt: str | None = Field(default=None, description="file with the prompt")
    task_text: str | None = Field(default=None, description="file with the task as the agent read it")
    config: dict[str, str | int | FiniteFloat | bool | None] = Field(default_factory=dict)
    evaluation: EvaluationLine | None = None


def recognises(sample: Sample) -> bool:
    """Whether a file is one, or some lie below a folder."""
    return sample.holds(_is_runs)


def read(path: Path) -> Iterator[RecordedRun | Unread]:
    """Yield a run for each line."""
    for place in find_files(path, _is_runs):
        if isinstance(place, Unread):
            yield place
        else:
            yield from _file(place)


def _is_runs(path: Path) -> bool:
    return path.suffix == ".jsonl" and read_first_object(path).get("schema") == _SCHEMA


def _file(path: Path) -> Iterator[RecordedRun | Unread]:
    for line in read_lines(path):
        if isinstance(line, Unread):
            yield line
            continue
        place, content = line
        try:
            yield from _run(RunLine.model_validate_json(content.strip()), path)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            yield Unread(path=place, why=f"is no run: {f'key {key!r}: ' if key else ''}{first['msg']}")


def _run(line: RunLine, path: Path) -> Iterator[RecordedRun | Unread]:
    patch, state, unread = _patch(line, path.parent)
    if unread is not None:
        yield unread
    beside: dict[str, Path] = {}
    for name in (*line.logs, line.prompt, line.task_text):
        size = readable_size(path.parent / name) if name else None
        if isinstance(size, Unread):
            yield size
        elif name:
            beside[name] = path.parent / name
    yield RecordedRun(
        key=line.key or line.id,
        id=line.id,
        layout=NAME,
        sources=(str(path),),
        repo=line.repo,
        base=line.base,
        human=line.human,
        agent=line.agent,
        model=line.model,
        run=line.run,
        item=line.item,
        started=line.started,
        claimed=line.claimed,
        claimed_status=line.claimed_status or line.claimed,
        patch=patch,
        patch_state=state,
        patch_recorded=line.patch_recorded,
        returncode=line.returncode,
        duration_s=line.duration_s,
        steps=line.steps,
        time_to_first_edit_s=line.time_to_first_edit_s,
        error=text(line.error),
        error_type=line.error_type,
        tokens_input=line.tokens_input,
        tokens_output=line.tokens_output,
        logs=tuple(beside[log] for log in line.logs if log in beside),
        prompt=beside.get(line.prompt or ""),
        task_text=beside.get(line.task_text or ""),
        config=line.config,
        evaluation=_evaluation(line.evaluation, path) if line.evaluation else None,
    )


def _patch(line: RunLine, folder: Path) -> tuple[Path | bytes | None, PatchState, Unread | None]:
    if line.patch is not None:
        return encode_patch(line.patch), "yes" if line.patch.strip() else "empty", None
    if line.patch_file is not None:
        file = folder / line.patch_file
        return find_patch(file) if file.exists() else (None, "missing", None)
    return None, "missing" if "patch" in line.model_fields_set else "unknown", None


def _evaluation(line: EvaluationLine, path: Path) -> Evaluation:
    return Evaluation(
        status=line.status,
        baseline_ms=line.baseline_ms,
        patched_ms=line.patched_ms,
        human_ms=line.human_ms,
        speedup=line.speedup,
        human_speedup=line.human_speedup,
        interval=line.interval,
        improvement=line.improvement,
        correctness=line.correctness,
        error=text(line.error),
        outputs={key: tidy(value) for key, value in line.outputs.items()},
        stdout=text(line.stdout) or "",
        stderr=text(line.stderr) or "",
        duration_s=line.duration_s,
        source=str(path),
        test_script=line.test_script,
    )
