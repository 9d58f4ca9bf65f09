"""`judge bench`: time source trees or revisions side by side, without grading anything."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import click

from judge.bench import (
    BenchError,
    Changed,
    Comparison,
    Measured,
    Options,
    Same,
    SessionResult,
    Variant,
    compare,
    measure,
    native_changes,
    plausibility_flags,
    q_values,
    watch_new_lines,
)
from judge.bench.contract import parse_benchmark
from judge.bench.options import Device
from judge.commands._target import target_options
from judge.errors import ExitCode, OutputError, UsageError
from judge.lib.distribution import DISTRIBUTION
from judge.reports.interval_picture import Span, picture
from judge.reports.wording import visible
from judge.stages.trees import write_commit
from judge.static_checks.repo.git import GitError, Repository, RepositoryError, ScratchRepository

SCHEMA = 1


class _Bench(click.Command):
    """`bench lint FILE` is a command of its own; everything else is trees."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args[:1] == ["lint"]:
            lint: click.Command = importlib.import_module("judge.commands._bench_lint").lint_command
            return lint.make_context("lint", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command(cls=_Bench)
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
    shows the noise. `judge bench lint FILE` says what is wrong with a benchmark before it is run.
    """
    given: dict[str, Any] = {"python": python, "seed": seed}
    try:
        options = Options(
            benchmark=parse_benchmark(benchmark_text, metric=metric, better=better),
            import_paths=import_paths,
            build=build,
            overlay=overlay,
            device=device,
            budget_s=budget_s,
            threshold=threshold,
            **{name: value for name, value in given.items() if value is not None},
        )
        with prepared(base, candidates, repo) as variants:
            skipped = {} if build else unbuilt(variants)
            variants = [variant for variant in variants if variant.name not in skipped]
            if len(variants) == 1:
                raise UsageError("nothing to time: " + "; ".join(f"{name} {why}" for name, why in skipped.items()))
            first, *rest = variants
            session = measure([first, *(watch_new_lines(first.tree, one) for one in rest)], options, progress=_tell)
        _tell("")
    except (BenchError, GitError, RepositoryError) as error:
        raise UsageError(str(error)) from error
    found = {variant.name: compare(session, candidate=variant.name, base=variants[0].name) for variant in variants[1:]}
    record = kept(session, found) | {"skipped": skipped}
    text = json.dumps(record, indent=1, allow_nan=False) + "\n"
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror}); give another --out") from error
    if as_json:
        click.echo(text, nl=False)
    else:
        width = min(shutil.get_terminal_size((100, 40)).columns, 120)
        click.echo("\n".join(shown(session, found, width=width)))
        for name, why in skipped.items():
            click.echo(f"{_short(name)}: skipped: {visible(why)}")
        click.echo(f"all samples: {out}")
    complete = not skipped and all(isinstance(one, Measured) for one in found.values())
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
    found = {variant.name: native_changes(variants[0].tree, variant.tree) for variant in variants[1:]}
    return {
        name: f"differs in native code ({files[0]}), which would be timed as unchanged: give --build CMD"
        for name, files in found.items()
        if files
    }


def kept(session: SessionResult, found: Mapping[str, Comparison]) -> dict[str, object]:
    """Return what is stored: the comparisons, and below them everything they were made from."""
    return {
        "schema": SCHEMA,
        "version": version(DISTRIBUTION),
        "comparisons": {
            name: asdict(one)
            | {
                "oddities": [asdict(flag) for flag in plausibility_flags(session, one, name)]
                if isinstance(one, Measured)
                else []
            }
            for name, one in found.items()
        },
        "q_values": _q_values(found),
        "session": session.record(),
    }


def _q_values(found: Mapping[str, Comparison]) -> dict[str, float]:
    timed = {name: one.p_value for name, one in found.items() if isinstance(one, Measured)}
    return dict(zip(timed, q_values(list(timed.values())), strict=True))


def shown(session: SessionResult, found: Mapping[str, Comparison], *, width: int) -> list[str]:
    """Return the result for people: a picture of the intervals, then a line for each candidate."""
    spans = [Span(label=_short(name), low=one.ci[0], ratio=one.speedup, high=one.ci[1])
             for name, one in found.items() if isinstance(one, Measured)]  # fmt: skip
    lines = [*picture(spans, threshold=session.threshold, width=width), ""] if spans else []
    chances = _q_values(found)
    for name, one in found.items():
        label = _short(name)
        if not isinstance(one, Measured):
            lines.append(f"{label}: not timed: {visible(one.reason)}")
            continue
        times = f"{_time(one.baseline_ms)} -> {_time(one.candidate_ms)}"
        lines.append(f"{label}: {one.status}: {visible(one.reason)} ({times})")
        lines.append(f"  {_outputs(session, name)}; noise floor {100 * one.floor:.2f} %, {one.rounds} rounds "
                     f"in {one.forks} processes")  # fmt: skip
        lines += [f"  look: {visible(flag.message)}" for flag in plausibility_flags(session, one, name)]
        if len(found) > 1 and one.status == "improved":
            lines.append(f"  false discovery rate among the {len(found)} candidates: {100 * chances[name]:.2g} %")
    machine = session.machine
    gpu = machine.get("gpu")
    processor = machine.get("cpu", machine.get("machine"))
    where = f"{gpu.get('name', 'a GPU')} beside {processor}" if isinstance(gpu, dict) else processor
    lines.append(f"on {where}, {machine.get('python')}, {session.wall_s:.1f} s")
    return [*lines, *(f"note: {visible(note)}" for note in session.notes)]


def _outputs(session: SessionResult, name: str) -> str:
    match session.outputs.get(name):
        case Same(how=how):
            return f"outputs same ({how})"
        case Changed(where=where, message=message):
            return visible(f"OUTPUTS CHANGED at {where or 'the result'}: {message}")
        case None:
            return "outputs not compared"
        case unknown:
            return visible(f"outputs not compared: {unknown.reason}")


def _short(name: str) -> str:
    text = visible(name)
    return text if len(text) <= 24 else f"...{text[-21:]}"


def _time(milliseconds: float) -> str:
    for unit, scale in (("s", 1e3), ("ms", 1.0), ("us", 1e-3)):
        if milliseconds >= scale:
            return f"{milliseconds / scale:.3g} {unit}"
    return f"{milliseconds * 1e6:.3g} ns"


def _tell(text: str) -> None:
    """Say where it stands on one line that is written over, if a person is watching."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{text}", nl=False, err=True)
