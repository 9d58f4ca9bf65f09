"""`judge grade`: grade candidate patches and write the records and reports."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from judge.errors import ExitCode, UsageError
from judge.inputs import Defaults
from judge.judges import all_backends
from judge.pipeline import GradeOptions, GradeResult, Stage, TimePolicy, grade
from judge.reports import all_formats, make_report, write_reports
from judge.static_checks.closing import Closing
from judge.wording import visible


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--repo",
    "repos",
    multiple=True,
    metavar="[NAME=]PATH",
    help="Repository: git (bare, clone, worktree) or a plain directory.",
)
@click.option("--base", metavar="REV", help="Revision the patches start from.")
@click.option("--human", metavar="REV|FILE", help="The human commit, as a revision or a diff file.")
@click.option(
    "--benchmark", type=click.Path(path_type=Path), metavar="FILE", help="Benchmark with setup() and experiment(data)."
)
@click.option(
    "--judge",
    "judge_spec",
    default="structural",
    show_default=True,
    metavar="SPEC",
    help="; ".join(f"{b.SPEC}: {b.HELP}" for b in all_backends().values()) + ".",
)
@click.option(
    "--time",
    "time_policy",
    type=click.Choice(["passing", "all", "none"]),
    default="passing",
    show_default=True,
    help="Which candidates to time: those that gates and judge let pass, all that the gates let pass, none.",
)
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True, help="What to time on."
)
@click.option(
    "--python",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Interpreter of the timed project.  [default: this one]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("judge-out"),
    show_default=True,
    help="Folder for records and reports; a second run there resumes.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    help="Worker processes for gates and judge.  [default: all cores]",
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
def command(
    paths: tuple[Path, ...], repos: tuple[str, ...], base: str | None, human: str | None, benchmark: Path | None,
    judge_spec: str, time_policy: TimePolicy, device: str, python: Path | None, out: Path, jobs: int,
    format_name: str, strict: bool,
) -> int:  # fmt: skip
    """Grade the candidate patches under PATHS.

    A path is a directory of cases (folders with case.toml), a directory of .diff or .patch files, or
    a .jsonl/.json file of predictions.
    """
    options = GradeOptions(judge=judge_spec, time=time_policy, out=out, jobs=jobs, python=python, device=device)  # type: ignore[arg-type]  # click checked the choice
    defaults = Defaults(repos=_named(repos), base=base, human=human, benchmark=benchmark)
    with _Bars() as progress:
        result = grade(paths, options, defaults, progress=progress)
    report = make_report(result, judge=judge_spec)
    write_reports(out, report)
    click.echo(all_formats()[format_name].render(report), nl=False, color=True)
    for fault in result.faults:
        click.echo(f"not graded: {visible(fault.message)}", err=True)
    return exit_code(result, strict=strict)


def exit_code(result: GradeResult, *, strict: bool) -> ExitCode:
    """Return what the shell is told: what could not be graded outranks what is no success."""
    if not result.records:
        return ExitCode.USAGE
    if result.faults or any(record.ungraded for record in result.records):
        return ExitCode.IN_PART
    if strict and not all(record.true_success for record in result.records):
        return ExitCode.NOT_TRUE
    return ExitCode.DONE


def _named(repos: tuple[str, ...]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for given in repos:
        name, equals, path = given.partition("=")
        if not equals or Path(given).is_dir():
            name, path = "", given
        if name in found:
            raise UsageError(
                f"--repo {given!r}: {'a repository without a name' if not name else repr(name)} was given before"
            )
        if not Path(path).is_dir():
            raise UsageError(
                f"--repo {given!r}: {path!r} is not a directory; give the path of a repository or source directory"
            )
        found[name] = Path(path)
    return found


class _Bars(Closing):
    """A bar for each stage on standard error, if a person is watching."""

    def __init__(self) -> None:
        self._tasks: dict[Stage, TaskID] = {}
        self._live: Progress | None = None
        if sys.stderr.isatty():
            columns = (TextColumn("{task.description:>7}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._live = Progress(*columns, console=Console(stderr=True), transient=True)
            self._live.start()

    def close(self) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, stage: Stage, done: int, total: int) -> None:
        if self._live is None:
            return
        if stage not in self._tasks:
            self._tasks[stage] = self._live.add_task(stage, total=total)
        self._live.update(self._tasks[stage], completed=done)
