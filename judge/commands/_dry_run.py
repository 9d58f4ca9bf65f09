"""What a run would ask and cost, before anything is asked: the gates are run, the questions made, nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from judge.core.verdict import gates_hold
from judge.inputs.batch import Defaults, Fault
from judge.judges.panel import open_panel
from judge.llm.calls.call_store import CallStore
from judge.llm.calls.estimate import CostEstimate, Estimator, Range, Stored
from judge.llm.calls.exchange import Exchange, next_step, question_key
from judge.llm.inquiry import Inquiry, Questionnaire
from judge.llm.options import JudgingOptions
from judge.llm.providers.model import Model
from judge.pipeline import GradeOptions, Progress, examine
from judge.results.judge_tally import money


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run would do.

    Attributes:
        candidates: how many there are.
        stopped: how many a gate stops, so that no model is asked about them.
        settled: how many are answered without a model.
        cut: candidates whose evidence does not fit whole into the question, each with what is left out.
        estimates: one for each model.
        faults: inputs that could not be used.
    """

    candidates: int
    stopped: int
    settled: int
    cut: tuple[tuple[str, tuple[str, ...]], ...]
    estimates: tuple[CostEstimate, ...]
    faults: tuple[Fault, ...]


def plan(
    paths: Sequence[Path | str],
    options: GradeOptions,
    defaults: Defaults | None = None,
    *,
    progress: Progress | None = None,
) -> Plan:
    """Run the gates and make the questions; add up what asking them would take.

    Raises:
        UsageError: the options make no sense.
    """
    models = open_panel(options.judges, options.judging).models
    with _kept(options.judging) as stored:
        estimators = [Estimator(model, options.judging, stored=stored) for model in models]
        batch, reports = examine(paths, options, defaults, progress=progress)
        settled = stopped = 0
        cut = []
        for candidate, report in reports:
            if isinstance(report.answer, Questionnaire):
                for estimator in estimators:
                    estimator.add(report.answer)
                if omitted := report.answer.plain[0].omitted:
                    cut.append((candidate.id, omitted))
            elif gates_hold(report.gates):
                settled += 1
            else:
                stopped += 1
    return Plan(
        candidates=len(batch.candidates),
        stopped=stopped,
        settled=settled,
        cut=tuple(cut),
        estimates=tuple(estimator.result(stopped=stopped) for estimator in estimators),
        faults=batch.faults,
    )


@contextmanager
def _kept(options: JudgingOptions) -> Iterator[Stored]:
    """Look answers up in the cache, if there is one yet."""
    if options.cache is None or not options.cache.exists():
        yield lambda model, inquiry, sample: False
        return
    with CallStore(options.cache) as store:

        def kept(model: Model, inquiry: Inquiry, sample: int) -> bool:
            attempts = store.attempts(question_key(model, options, inquiry, sample))
            return isinstance(next_step(attempts, inquiry, model, options), Exchange)

        yield kept


def plan_lines(planned: Plan) -> list[str]:
    """Put a plan in words."""
    lines = [f"{planned.candidates} candidates: {planned.stopped} stopped by the gates"]
    if planned.settled:
        lines[0] += f", {planned.settled} answered without a model"
    for estimate in planned.estimates:
        calls = f"{estimate.model}: {estimate.calls} calls about {estimate.candidates} candidates"
        lines.append(calls + (f", {estimate.stored} more are answered in the cache" if estimate.stored else ""))
        lines.append(f"  input about {estimate.input_tokens:,} tokens, replies at most {estimate.output_tokens:,}")
        lines.append(
            f"  cost {_range(estimate.cost)}" + (f" ({estimate.price_source})" if estimate.price_source else "")
        )
        if estimate.saved:
            lines.append(f"  the gates save {_range(estimate.saved)}")
    if not planned.estimates:
        lines.append("no model would be asked; name one with --judge, such as --judge openai:MODEL")
    lines += [f"cut: {name} goes without {', '.join(omitted)}" for name, omitted in planned.cut]
    return lines


def _range(cost: Range | None) -> str:
    return "not known; give --price IN/OUT" if cost is None else f"{money(cost.low)} to {money(cost.high)}"
