"""Reckons what it would cost to judge every applying patch of the corpus with two named models. Asks nobody.

Builds the question of each of the 544 patches, those that a gate stops included, and adds up the estimates of
`judge grade --dry-run`: live and in batches, for all of them and for those that the gates let through.

    python tests/benchmarks/judging_cost.py
    python tests/benchmarks/judging_cost.py --context 400000 --votes 3 --judge openai:gpt-6-luna

Needs the corpus and its two repositories; `tests/kits/corpus_kit.py` says where they are looked for.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from judge.core.judgement import Abstained
from judge.core.question import make_question
from judge.core.verdict import gates_hold
from judge.inputs.batch import Defaults, read_inputs
from judge.judges.panel import open_panel
from judge.llm.calls.estimate import Estimator, Range
from judge.llm.inquiry import Questionnaire
from judge.llm.options import JudgingOptions
from judge.llm.questions.questioner import Questioner
from judge.static_checks.checker import Checker
from judge.static_checks.model.case import Candidate, Case, read_patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kits"))
from corpus_kit import Corpus, CorpusAbsent, find_corpus

MODELS = ("openai:gpt-6.1-sol", "anthropic:claude-opus-5-5")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The questions about one patch, and whether the gates let it through to a judge."""

    passes: bool
    questions: Questionnaire | Abstained


def ask_about(case: Case, candidates: Sequence[Candidate], options: JudgingOptions) -> list[Asked]:
    """Make the questions about all candidates of a case."""
    questioner, questions_made = Questioner.open(options), []
    with Checker() as checker:
        for candidate in candidates:
            raw = read_patch(candidate)
            change = checker.change(case, raw, missing=candidate.missing)
            gates = checker.check(change)
            question = make_question(case, candidate.id, raw, change, gates)
            questions_made.append(Asked(passes=gates_hold(gates) is True, questions=questioner.judge(question)))
    return questions_made


@dataclass(kw_only=True)
class Sums:
    """What all questions come to, for each model, live and in batches."""

    estimators: dict[tuple[str, bool], Estimator]
    patches: int = 0
    whole: int = 0
    cut: int = 0
    unasked: Counter[str] = field(default_factory=Counter)

    def add(self, answer: Questionnaire | Abstained) -> None:
        self.patches += 1
        if isinstance(answer, Abstained):
            self.unasked[answer.reason] += 1
            return
        omitted = answer.plain[0].omitted
        self.whole += not omitted
        self.cut += bool(omitted)
        for estimator in self.estimators.values():
            estimator.add(answer)


def new_sums(specs: Iterable[str], options: JudgingOptions) -> Sums:
    """Start with nothing."""
    models = open_panel(tuple(specs), options).models
    return Sums(
        estimators={
            (model.spec, batch): Estimator(model, replace(options, batch=batch))
            for model in models
            for batch in (False, True)
        }
    )


def examine(corpus: Corpus, options: JudgingOptions, every: Sums, passing: Sums, jobs: int) -> None:
    """Build all questions and add them up."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "runs.jsonl"
        corpus.write_predictions(file, keep=lambda run: bool(run.applies))
        batch = read_inputs([file], Defaults(repos=dict(corpus.repos)))
        groups: dict[str, list[Candidate]] = {}
        for candidate in batch.candidates:
            groups.setdefault(candidate.case, []).append(candidate)
        with ProcessPoolExecutor(jobs) as pool:
            work = [pool.submit(ask_about, case, groups[case.id], options) for case in batch.cases if case.id in groups]
            for done in as_completed(work):
                for answered in done.result():
                    every.add(answered.questions)
                    if answered.passes:
                        passing.add(answered.questions)


def show(title: str, sums: Sums, console: Console) -> None:
    """Print one table."""
    unasked = "".join(f", {number} not asked ({reason})" for reason, number in sorted(sums.unasked.items()))
    console.print(f"\n[bold]{title}[/bold]: {sums.whole} whole, {sums.cut} cut and said so{unasked}")
    table = Table("model", "calls", "asked already", "input tokens", "live, US$", "in batches, US$", "price")
    for spec in dict.fromkeys(spec for spec, _ in sums.estimators):
        live, batch = (sums.estimators[spec, way].result() for way in (False, True))
        table.add_row(
            spec,
            str(live.calls),
            str(live.stored),
            f"{live.input_tokens:,}",
            _range(live.cost),
            _range(batch.cost),
            live.price_source or "not known",
        )
    console.print(table)


def _range(cost: Range | None) -> str:
    return "not known" if cost is None else f"{cost.low:,.2f} to {cost.high:,.2f}"


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", action="append", help="a model; more than once for several")
    parser.add_argument("--context", type=int, help="tokens that the models read and write together")
    parser.add_argument("--votes", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    try:
        corpus = find_corpus()
    except CorpusAbsent as absent:
        print(absent, file=sys.stderr)
        return 2
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        os.environ.setdefault(name, "none")  # nothing is sent
    options = JudgingOptions(context_tokens=given.context, votes=given.votes)
    specs = given.judge or MODELS
    every, passing = new_sums(specs, options), new_sums(specs, options)
    start = time.perf_counter()
    examine(corpus, options, every, passing, given.jobs)
    console = Console(width=120)
    show("All applying patches", every, console)
    show("Those that the gates let through", passing, console)
    stopped = len(corpus.runs) - passing.patches
    for (spec, batch), estimator in passing.estimators.items():
        if not batch:
            saved = _range(estimator.result(stopped=stopped).saved)
            console.print(
                f"{spec}: {stopped} of all {len(corpus.runs)} runs are stopped by the gates, which saves US$ {saved}"
            )
    console.print(
        f"low: shared text cached, short answers without reasoning; high: nothing cached, every reply "
        f"{options.max_output_tokens:,} tokens; context {options.context_tokens or 128_000:,}; "
        f"built in {time.perf_counter() - start:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
