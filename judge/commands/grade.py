"""`judge grade`: grade candidate patches and write the records and reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from judge.commands._dry_run import Plan, plan, plan_lines
from judge.commands._options import (
    input_defaults,
    input_options,
    judge_option,
    judging_options,
    model_options,
    target_options,
)
from judge.commands._progress import show_progress
from judge.errors import ExitCode
from judge.pipeline import GradeOptions, GradeResult, TimePolicy, grade
from judge.reports.report import all_formats, make_report, write_reports
from judge.reports.wording import visible


@click.command()
@input_options
@judge_option
@model_options
@click.option(
    "--time",
    "time_policy",
    type=click.Choice(["passing", "all", "none"]),
    default="passing",
    show_default=True,
    help="Which candidates to time: those that gates and judge let pass, all that the gates let pass, none.",
)
@target_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("judge-out"),
    show_default=True,
    help="Folder for records and reports; a second run there resumes.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(sorted(all_formats())),
    default="table",
    show_default=True,
    help="What to print.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 unless every candidate is a true success.")
@click.option("--dry-run", is_flag=True, help="Run the gates, say what asking the models would cost, and stop.")
def command(
    paths: tuple[Path, ...], repos: tuple[str, ...], base: str | None, human: str | None, benchmark: Path | None,
    judges: tuple[str, ...], time_policy: TimePolicy, device: str, python: Path | None, out: Path, jobs: int,
    format_name: str, strict: bool, dry_run: bool, **asking: Any,
) -> int:  # fmt: skip
    """Grade the candidate patches under PATHS.

    A path is a directory of cases (folders with case.toml), a directory of .diff or .patch files, or
    a .jsonl/.json file of predictions.
    """
    options = GradeOptions(
        judge=judges or ("structural",),
        judging=judging_options(**asking),
        time=time_policy,
        out=out,
        jobs=jobs,
        python=python,
        device=device,  # type: ignore[arg-type]  # click checked the choice
    )
    defaults = input_defaults(repos, base, human, benchmark)
    with show_progress() as progress:
        if dry_run:
            return _show_plan(plan(paths, options, defaults, progress=progress))
        result = grade(paths, options, defaults, progress=progress)
    report = make_report(result, judges=options.judges)
    write_reports(out, report)
    click.echo(all_formats()[format_name].render(report), nl=False, color=True)
    for fault in result.faults:
        click.echo(f"not graded: {visible(fault.message)}", err=True)
    return exit_code(result, strict=strict)


def _show_plan(planned: Plan) -> int:
    click.echo("\n".join(plan_lines(planned)))
    for fault in planned.faults:
        click.echo(f"not graded: {visible(fault.message)}", err=True)
    return ExitCode.DONE if planned.candidates else ExitCode.USAGE


def exit_code(result: GradeResult, *, strict: bool) -> ExitCode:
    """Return what the shell is told: what could not be graded outranks what is no success."""
    if not result.records:
        return ExitCode.USAGE
    if result.faults or any(record.ungraded for record in result.records):
        return ExitCode.IN_PART
    if strict and not all(record.true_success for record in result.records):
        return ExitCode.NOT_TRUE
    return ExitCode.DONE
