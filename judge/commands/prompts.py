"""`judge prompts`: write what models would be asked, for batches, air-gapped machines, other models or people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from judge.commands._options import input_defaults, input_options, judging_options, question_options
from judge.commands._progress import show_progress
from judge.core.judgement import Abstained, NotAsked
from judge.core.verdict import gates_hold
from judge.errors import ExitCode, OutputError, UsageError
from judge.judges.panel import open_panel
from judge.lib.files import replacing
from judge.llm.inquiry import Questionnaire
from judge.llm.options import JudgingOptions
from judge.llm.providers.discovery import all_providers
from judge.llm.providers.model import Model, batch_line
from judge.llm.questions.questioner import Questioner
from judge.pipeline import GradeOptions, examine
from judge.reports.wording import visible
from judge.stages.gates import GateReport

_MAX_NAMED = 20
_MODELS = " or ".join(provider.SPEC for provider in all_providers().values())


@click.command()
@input_options
@click.option(
    "--judge",
    "spec",
    default="openai:unnamed",
    show_default=True,
    metavar="SPEC",
    help=f"Whose batch format to write, and the model to name in it: {_MODELS}.",
)
@question_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="File to write; it is replaced when all lines are there.",
)
def command(
    paths: tuple[Path, ...], repos: tuple[str, ...], base: str | None, human: str | None, benchmark: Path | None,
    jobs: int, spec: str, out: Path, **asking: Any,
) -> int:  # fmt: skip
    """Run the gates over the candidates under PATHS and write the questions about those that pass.

    Each line of FILE is a request in the provider's batch format, named by its custom_id. No key is needed. Answers
    come back with `judge grade ... --judge replay:ANSWERS` and the same options: batch results as the provider
    delivers them, or lines {"custom_id": ..., "text": ..., "judge": ...}, where `text` is the answer's JSON.
    """
    judging = judging_options(**asking)
    panel = open_panel((spec,), judging)
    if not isinstance(panel.local_judge, Questioner):
        raise UsageError(f"--judge {spec!r}: questions are written for models, {_MODELS}")
    options = GradeOptions(judge=spec, judging=judging, jobs=jobs)
    summary = _Summary(votes=judging.votes)
    with show_progress() as progress:
        batch, reports = examine(paths, options, input_defaults(repos, base, human, benchmark), progress=progress)
        for fault in batch.faults:
            click.echo(f"not graded: {visible(fault.message)}", err=True)
        if not batch.candidates:
            return ExitCode.USAGE
        order = {candidate.id: number for number, candidate in enumerate(batch.candidates)}
        with _output_file(out) as file:
            for candidate, report in _in_order(reports, order):
                summary.add(candidate, report)
                if isinstance(report.answer, Questionnaire):
                    for line in _lines(report.answer, panel.models[0], judging):
                        file.write(line.encode())
                        summary.lines += 1
    same = f"--pack {judging.pack} --votes {judging.votes} --context {panel.local_judge.context_tokens}"
    same += f" --max-output-tokens {judging.max_output_tokens}"
    click.echo("\n".join(visible(line) for line in summary.text(out)))
    click.echo(f"answers come back with: judge grade ... --judge replay:ANSWERS {same}")
    return ExitCode.IN_PART if batch.faults or summary.unchecked else ExitCode.DONE


def _in_order(reports: Iterator[tuple[Any, GateReport]], order: dict[str, int]) -> Iterator[tuple[str, GateReport]]:
    """Yield reports in the order of the inputs, so that the file is the same however many workers there are."""
    waiting: dict[int, tuple[str, GateReport]] = {}
    following = 0
    for candidate, report in reports:
        waiting[order[candidate.id]] = candidate.id, report
        while following in waiting:
            yield waiting.pop(following)
            following += 1


def _lines(questions: Questionnaire, model: Model, judging: JudgingOptions) -> Iterator[str]:
    for sample in range(judging.votes):
        inquiries = [questions.plain[sample % len(questions.plain)]]
        if questions.signs:
            inquiries.append(questions.neutral[sample % len(questions.neutral)])
        for inquiry in inquiries:
            yield json.dumps(batch_line(model, inquiry, sample, judging), allow_nan=False) + "\n"


@contextmanager
def _output_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that is put in its place only when it is whole."""
    try:
        with replacing(path) as file:
            yield file
    except OSError as error:
        raise OutputError(f"--out {str(path)!r}: cannot be written ({error.strerror})") from error


class _Summary:
    """Counts what became of the candidates."""

    def __init__(self, *, votes: int) -> None:
        self.votes = votes
        self.lines = self.candidates = self.stopped = self.unchecked = self.asked = self.twice = self.tokens = 0
        self.cut: list[str] = []
        self.unasked: list[str] = []

    def add(self, name: str, report: GateReport) -> None:
        """Count one candidate."""
        self.candidates += 1
        match report.answer:
            case Questionnaire() as questions:
                self._add_questions(name, questions)
            case NotAsked() if not gates_hold(report.gates):
                failed = any(result.status == "fail" for result in report.gates.values())
                self.stopped += failed
                self.unchecked += not failed
            case Abstained(message=message):
                self.unasked.append(f"{name}: {message}")
            case other:
                self.unchecked += 1
                self.unasked.append(f"{name}: {getattr(other, 'message', '')}")

    def _add_questions(self, name: str, questions: Questionnaire) -> None:
        self.asked += 1
        self.twice += bool(questions.signs)
        for sample in range(self.votes):
            self.tokens += questions.plain[sample % len(questions.plain)].tokens
            if questions.signs:
                self.tokens += questions.neutral[sample % len(questions.neutral)].tokens
        if omitted := questions.plain[0].omitted:
            self.cut.append(f"{name}: without {', '.join(omitted)}")

    def text(self, out: Path) -> list[str]:
        """Return the summary, a line for each thing to know."""
        whole = self.asked - len(self.cut)
        lines = [
            f"{self.candidates} candidates: {self.asked} asked about, {self.stopped} stopped by the gates, "
            f"{self.unchecked} could not be checked, {len(self.unasked)} left out",
            f"{out}: {self.lines} lines; about {self.tokens:,} tokens of input",
            f"evidence: {whole} whole, {len(self.cut)} cut",
        ]
        if self.twice:
            lines.append(f"signs of addressing the judge: {self.twice}, asked a second time with neutral text")
        lines += _some("cut", self.cut) + _some("left out", self.unasked)
        return lines


def _some(word: str, entries: Sequence[str]) -> list[str]:
    more = len(entries) - _MAX_NAMED
    return [f"{word}: {entry}" for entry in entries[:_MAX_NAMED]] + ([f"{word}: {more} more"] if more > 0 else [])
