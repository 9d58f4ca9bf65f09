"""`judge audit`: what old runs really were, and what is wrong with the harness or judge that said otherwise."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from judge.auditing.audit import AuditOptions, audit
from judge.auditing.collecting.finding_kind import all_kinds
from judge.auditing.context import Expectation
from judge.auditing.output.audit_files import write_changes
from judge.auditing.output.changes import Snapshot, compare, is_audit, load, tables
from judge.auditing.output.table_text import to_json, to_markdown
from judge.auditing.output.terminal import changes_screen, screen
from judge.auditing.result import AuditResult
from judge.commands._options import input_defaults
from judge.commands._progress import show_progress
from judge.errors import ExitCode, UsageError
from judge.inputs.runs.discovery import AUTO, all_layouts
from judge.reports.screen import columns
from judge.reports.wording import visible


def _list_findings(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        for kind in all_kinds():
            click.echo(f"{kind.code} ({kind.severity}): {kind.title}\n    {kind.why}\n    What to do: {kind.mend}\n")
        ctx.exit()


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--repo",
    "repos",
    multiple=True,
    metavar="[NAME=]PATH",
    help="Repository of the runs that name it NAME, for the static gates; may be given several times.",
)
@click.option(
    "--layout",
    default=AUTO,
    show_default=True,
    metavar="NAME",
    help="How the runs are laid out, where it cannot be seen: "
    + ", ".join(sorted(all_layouts()))
    + ". With auto, every layout that recognises a folder reads it.",
)
@click.option(
    "--judgements",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Recorded judgements; matched to the runs by human commit and size of the patch.",
)
@click.option(
    "--expect",
    multiple=True,
    metavar="FILE:PATH=VALUE",
    help="What a configuration file is said to hold, e.g. agent.yaml:models.main.parallel=false.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("audit-out"),
    show_default=True,
    help="Folder for the results; a second run there resumes.",
)
@click.option(
    "--write-corrected",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write copies of the harness's result files there, with the status made true.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Results of an earlier audit: say what changed since. PATHS may then be one such folder too.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    help="Worker processes for the gates.  [default: all cores]",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["table", "json", "md"]),
    default="table",
    show_default=True,
    help="What to print.",
)
@click.option(
    "--findings",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_findings,
    help="List the kinds of findings, why each matters and what to do, and exit.",
)
def command(
    paths: tuple[Path, ...], repos: tuple[str, ...], layout: str, judgements: Path | None, expect: tuple[str, ...],
    out: Path, write_corrected: Path | None, against: Path | None, jobs: int, format_name: str,
) -> int:  # fmt: skip
    """Audit the earlier runs under PATHS: run trees, evaluation trees, predictions and reports of known harnesses."""
    earlier = load(against) if against else None
    if earlier and len(paths) == 1 and is_audit(paths[0]):
        _print_changes(earlier, load(paths[0]), format_name)
        return ExitCode.DONE
    options = AuditOptions(
        repos=input_defaults(repos, None, None, None).repos,
        layout=layout,
        judgements=judgements,
        expect=tuple(_expectation(text) for text in expect),
        out=out,
        write_corrected=write_corrected,
        jobs=jobs,
    )
    with show_progress("runs") as progress:
        result = audit(paths, options, progress=progress)
    if format_name == "table":
        click.echo(screen(result, out, width=columns()), nl=False)
    else:
        click.echo((out / f"audit.{format_name}").read_text(encoding="utf-8"), nl=False)
    for unread in result.unread[:20]:
        click.echo(f"not read: {visible(unread.path)}: {visible(unread.why)}", err=True)
    if len(result.unread) > 20:
        click.echo(f"not read: {len(result.unread) - 20} more, see {out / 'audit.md'}", err=True)
    for name, count in sorted(result.without_repository.items()):
        what = f"no repository {name!r}; give --repo {name}=PATH" if name else "no repository; give --repo PATH"
        click.echo(visible(f"not checked: {count} patch{'es' if count > 1 else ''}: {what}"), err=True)
    if earlier:
        _print_changes(earlier, load(out), format_name, out)
    return exit_code(result)


def exit_code(result: AuditResult) -> ExitCode:
    """Return what the shell is told: whether there was anything to audit, and whether all of it was."""
    if not result.runs:
        return ExitCode.USAGE
    return ExitCode.IN_PART if result.unread or result.ungraded or result.unchecked else ExitCode.DONE


def _expectation(text: str) -> Expectation:
    """A file's name may hold a colon, a path in it does not."""
    place, equals, value = text.partition("=")
    file, colon, path = place.rpartition(":")
    if not (equals and colon and file and path):
        raise UsageError(f"--expect {text!r}: write it as FILE:PATH=VALUE, e.g. agent.yaml:models.main.parallel=false")
    return Expectation(file=Path(file), path=path, value=value)


def _print_changes(before: Snapshot, after: Snapshot, format_name: str, out: Path | None = None) -> None:
    changes = tables(compare(before, after))
    if out:
        write_changes(out, changes)
    if format_name == "json":
        click.echo(json.dumps({table.name: to_json(table) for table in changes}, indent=1))
    elif format_name == "md":
        click.echo("\n".join(to_markdown(table) for table in changes))
    else:
        click.echo(changes_screen(changes, width=columns()), nl=False)
