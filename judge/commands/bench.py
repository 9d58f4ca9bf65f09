"""`judge bench`: time source trees or revisions side by side, without grading anything."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import click

from judge.bench import (
    BenchError,
    Measured,
    Options,
    Variant,
    compare,
    measure,
    native_changes,
    watch_new_lines,
)
from judge.bench.contract import parse_benchmark
from judge.bench.options import Device
from judge.commands._options import target_options
from judge.commands._progress import ProgressDisplay, show_progress
from judge.errors import ExitCode, InputError, OutputError, UsageError
from judge.lib.distribution import DISTRIBUTION
from judge.reports.bench_session import session_lines, session_record, short_name
from judge.reports.screen import columns
from judge.reports.wording import visible
from judge.stages.trees import write_commit
from judge.static_checks.repo.git import GitError, Repository, RepositoryError, ScratchRepository

_WIDEST = 120


class _Trees(click.Group):
    """Times trees unless its first argument is the name of a subcommand."""

    allow_interspersed_args = True

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Go straight to a subcommand, which needs none of what trees need."""
        if not (args and args[0] in self.commands):
            return super().make_context(info_name, args, parent, **extra)
        above = click.Context(click.Group(self.name), info_name=info_name, parent=parent)
        return self.commands[args[0]].make_context(args[0], args[1:], above, **extra)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Leave out that a command has to follow: what follows is trees."""
        return click.Command.collect_usage_pieces(self, ctx)


@click.group(cls=_Trees, invoke_without_command=True)
@click.argument("base")
@click.argument("candidates", nargs=-1, required=True, metavar="CANDIDATE...")
@click.option(
    "--benchmark",
    "benchmark_text",
    required=True,
    metavar="FILE|MODULE:FUNCTION|COMMAND",
    help="What to time: a file with setup() and experiment(data), a function of the trees; with --metric, a command.",
)
@click.option(
    "--metric", default="", metavar="NAME", help="The benchmark is a command that prints JSON with this number."
)
@click.option(
    "--better",
    type=click.Choice(["lower", "higher"]),
    default="lower",
    show_default=True,
    help="Whether a lower or a higher metric is better.",
)
@click.option(
    "--repo",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Git repository of which BASE and CANDIDATE are revisions.",
)
@click.option(
    "--import-path", "import_paths", multiple=True, metavar="DIR", help="Folder of the trees put on sys.path."
)
@click.option(
    "--build", default="", metavar="CMD", help="Run in a copy of each tree first; needed where native code differs."
)
@click.option(
    "--overlay",
    multiple=True,
    metavar="PACKAGE",
    help="Take the compiled parts of PACKAGE from what is installed for --python, its Python files from the trees.",
)
@target_options
@click.option(
    "--budget",
    "budget_s",
    type=click.FloatRange(min=0, min_open=True),
    default=Options.budget_s,
    show_default=True,
    help="Most seconds to spend; a clear case stops early.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(min=1, min_open=True),
    default=Options.threshold,
    show_default=True,
    help="Ratio that counts as a difference.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the order and the inputs.  [default: a fresh one]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("judge-bench.json"),
    show_default=True,
    help="Where all samples are kept, in order, with the machine they were taken on.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what is kept instead of the picture.")
def command(
    base: str, candidates: tuple[str, ...], benchmark_text: str, metric: str, better: Literal["lower", "higher"],
    repo: Path | None, import_paths: tuple[str, ...], python: Path | None, build: str, overlay: tuple[str, ...],
    device: Device, budget_s: float, threshold: float, seed: int | None, out: Path, as_json: bool,
) -> int:  # fmt: skip
    """Time source trees, or revisions of a repository, side by side.

    BASE and each CANDIDATE are directories, or revisions with --repo. The base is timed twice, which
    shows the noise.
    """
    chosen: dict[str, Any] = {"python": python, "seed": seed}
    try:
        options = Options(
            benchmark=parse_benchmark(benchmark_text, metric=metric, better=better),
            import_paths=import_paths,
            build=build,
            overlay=overlay,
            device=device,
            budget_s=budget_s,
            threshold=threshold,
            **{name: value for name, value in chosen.items() if value is not None},
        )
        with prepared(base, candidates, repo) as variants:
            skipped = {} if build else unbuilt(variants)
            variants = [variant for variant in variants if variant.name not in skipped]
            if len(variants) == 1:
                raise UsageError("nothing to time: " + "; ".join(f"{name} {why}" for name, why in skipped.items()))
            first, *rest = variants
            watched = [first, *(watch_new_lines(first.tree, variant) for variant in rest)]
            with show_progress() as progress:
                session = measure(watched, options, progress=_telling(progress, rest, budget_s))
    except (BenchError, GitError, RepositoryError) as error:
        raise UsageError(str(error)) from error
    comparisons = {variant.name: compare(session, candidate=variant.name, base=first.name) for variant in rest}
    record = session_record(session, comparisons, version=version(DISTRIBUTION)) | {"skipped": skipped}
    text = json.dumps(record, indent=1, allow_nan=False) + "\n"
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror}); give another --out") from error
    if as_json:
        click.echo(text, nl=False)
    else:
        width = min(columns(100), _WIDEST)
        click.echo("\n".join(session_lines(session, comparisons, width=width)))
        for name, why in skipped.items():
            click.echo(f"{short_name(name)}: skipped: {visible(why)}")
        click.echo(f"all samples: {out}")
    complete = not skipped and all(isinstance(comparison, Measured) for comparison in comparisons.values())
    return ExitCode.DONE if complete else ExitCode.IN_PART


@contextmanager
def prepared(base: str, candidates: Sequence[str], repo: Path | None) -> Iterator[list[Variant]]:
    """Yield the trees to time; revisions are written to a folder that is deleted afterwards.

    Raises:
        UsageError: a tree or the repository is not there, or two trees are the same argument.
        RepositoryError: there is no such revision.
        GitError: git failed.
    """
    names = [base, *candidates]
    if len(set(names)) < len(names):
        raise UsageError("a tree is given twice; the base is timed against itself in any case")
    if repo is None:
        for name in names:
            if not Path(name).is_dir():
                raise UsageError(f"{name!r} is not a directory; give --repo PATH if it is a revision")
        yield [Variant(name=name, tree=Path(name)) for name in names]
        return
    opened = Repository.open(repo)
    if opened is None:
        raise UsageError(f"--repo {str(repo)!r} is not a git repository; without --repo two directories are compared")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="judge-trees-")))
        scratch = stack.enter_context(ScratchRepository(opened))
        variants = [Variant(name=name, tree=folder / str(number)) for number, name in enumerate(names)]
        for variant in variants:
            write_commit(scratch, opened.resolve(variant.name), variant.tree)
        yield variants


def unbuilt(variants: Sequence[Variant]) -> dict[str, str]:
    """Return the candidates that need a build, and why: their native code is not the base's."""
    native = {variant.name: native_changes(variants[0].tree, variant.tree) for variant in variants[1:]}
    return {
        name: f"differs in native code ({files[0]}), which would be timed as unchanged: give --build CMD"
        for name, files in native.items()
        if files
    }


def _telling(progress: ProgressDisplay, candidates: Sequence[Variant], budget_s: float) -> Callable[[str], None]:
    """Say what the session says, of which trees, and how much time is left of the budget."""
    names = ", ".join(short_name(variant.name) for variant in candidates)
    ends_at = time.monotonic() + budget_s

    def say(text: str) -> None:
        progress.say(f"timing {names}: {text}, at most {max(ends_at - time.monotonic(), 0):.0f} s left")

    return say


@command.command("lint")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the warnings as one JSON list.")
@click.option("--strict", is_flag=True, help="Exit with 1 when there is a warning.")
@click.option("--explain", metavar="CODE", help="Explain one warning with a bad and a good example.")
def lint(files: tuple[Path, ...], as_json: bool, strict: bool, explain: str | None) -> int:
    """Warn about benchmark FILES; nothing in them is run. Without a file, list the warnings."""
    from judge.static_checks.benchmark_lint.lint import CannotLint, LintWarning, all_lint_rules, lint_file

    rules = {rule.code: rule for rule in all_lint_rules()}
    if explain is not None:
        if explain not in rules:
            raise UsageError(f"no warning is called {explain!r}; there are {', '.join(rules)}")
        rule = rules[explain]
        click.echo(f"{rule.code}\n{rule.summary}\n\n{click.wrap_text(rule.why, min(columns(), 88))}\n")
        for word, text in (("It warns about", rule.bad), ("and not about", rule.good)):
            click.echo(f"{word}:\n\n" + "".join(f"    {line}\n".replace("    \n", "\n") for line in text.splitlines()))
        return ExitCode.DONE
    if not files:
        width = max(map(len, rules))
        click.echo("\n".join(f"{code:<{width}}  {rule.summary}" for code, rule in rules.items()))
        return ExitCode.DONE
    warnings: list[LintWarning] = []
    for file in files:
        try:
            warnings += lint_file(file)
        except CannotLint as error:
            raise InputError(str(error)) from error
    if as_json:
        click.echo(json.dumps([asdict(warning) for warning in warnings], indent=1))
    else:
        click.echo("\n".join(map(str, warnings)) or "no warnings")
    return ExitCode.NOT_TRUE if strict and warnings else ExitCode.DONE
