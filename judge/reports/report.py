"""The report formats: one per file, found by a scan; this module holds what all of them are made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from judge.bench.analysis.stats import q_values
from judge.core.judgement import NotAsked
from judge.core.timing import Timed
from judge.core.verdict import CATEGORIES, LEVELS, Category
from judge.inputs.batch import Fault
from judge.judges.panel import scope_of
from judge.lib.files import replace_text
from judge.lib.folder_scan import scan
from judge.lib.run_info import run_info
from judge.llm.providers.discovery import all_providers
from judge.pipeline import GradeResult
from judge.reports.human_gain import HumanGain, human_gains
from judge.reports.noise import noise_notes
from judge.results.judge_tally import JudgeTally, money, tally
from judge.results.record import SCHEMA, VerdictRecord

FALSE_DISCOVERY_RATE = 0.05
"""Of the gains that a run reports, at most this share should be luck (Benjamini and Hochberg 1995)."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a report is made from.

    Attributes:
        records: one for each candidate, in the order of the inputs.
        faults: inputs that could not be used.
        resumed: how many records an earlier run had left.
        judge: the judges that were asked, as they were given.
        scope: how far their word goes.
        answers: what became of them.
        notes: what the reader has to know beyond the records, such as open batches.
        prompts: prompt packs that were used, PACK@DIGEST.
        counts: candidates by verdict, every verdict named.
        funnel: how many candidates reached each level, 0 to 7.
        q_values: by candidate that was timed here, the false discovery rate of this run at which its gain would stand.
        humans: by case, what the human's own change gained.
    """

    records: tuple[VerdictRecord, ...]
    faults: tuple[Fault, ...]
    resumed: int
    judge: str
    scope: str
    answers: JudgeTally
    notes: tuple[str, ...]
    prompts: tuple[str, ...]
    counts: dict[Category, int]
    funnel: tuple[int, ...]
    q_values: Mapping[str, float]
    humans: Mapping[str, HumanGain]


class Format(Protocol):
    """A module in `reports/`: its name for --format, the file it is written to (or None), and `render`."""

    FORMAT: str
    FILE: str | None

    def render(self, report: Report) -> str:
        """Return the report as text that ends with a newline."""


@cache
def all_formats() -> dict[str, Format]:
    """Return the formats by name.

    Raises:
        RuntimeError: a file here does not import or is no format; the message names it.
    """
    formats = [cast(Format, module) for module in scan("reports.formats", needs=("FORMAT", "FILE", "render"))]
    return {shape.FORMAT: shape for shape in formats}


def make_report(result: GradeResult, *, judges: Sequence[str]) -> Report:
    """Count what came of a run."""
    verdicts = Counter(record.verdict for record in result.records)
    prompts = {p for record in result.records if (p := getattr(record.judgement, "prompt", None))}
    return Report(
        records=result.records,
        faults=result.faults,
        resumed=result.resumed,
        judge=", ".join(judges),
        scope=scope_of(judges),
        answers=tally(record.judgement for record in result.records),
        notes=(
            *_notes(result),
            *_chance_notes(result.records),
            *noise_notes(result.records),
        ),
        prompts=tuple(sorted(prompts)),
        counts={category: verdicts[category] for category in CATEGORIES},
        funnel=tuple(sum(record.level >= level for record in result.records) for level in range(len(LEVELS))),
        q_values=false_discovery_rates(result.records),
        humans=human_gains(result.records),
    )


def false_discovery_rates(records: Sequence[VerdictRecord]) -> dict[str, float]:
    """Return the q-value of every candidate whose timing has a p-value, among all of these."""
    chances = {
        record.id: record.timing.p_value
        for record in records
        if isinstance(record.timing, Timed) and record.timing.p_value is not None
    }
    return dict(zip(chances, q_values(list(chances.values())), strict=True))


def _chance_notes(records: Sequence[VerdictRecord]) -> tuple[str, ...]:
    """Say which gains may be luck, as so many candidates were timed."""
    rates = false_discovery_rates(records)
    faster = [r.id for r in records if r.id in rates and isinstance(r.timing, Timed) and r.timing.status == "improved"]
    doubtful = [name for name in faster if rates[name] > FALSE_DISCOVERY_RATE]
    if not doubtful:
        return ()
    return (
        f"{len(doubtful)} of {len(faster)} gains may be luck, among the {len(rates)} candidates timed "
        f"(false discovery rate above {FALSE_DISCOVERY_RATE:.0%}): {', '.join(doubtful)}",
    )


def _notes(result: GradeResult) -> tuple[str, ...]:
    if (spent := result.spent) is None:
        return ()
    cost = "an unknown sum" if spent.cost_usd is None else money(spent.cost_usd)
    judgements = [record.judgement for record in result.records]
    lines = [f"this run asked {spent.asked} questions and paid {cost}; {spent.kept} answers were there already"]
    if spent.lost:
        lines.append(f"{spent.lost} calls ended without their reply and may have been paid for all the same")
    if left := sum(isinstance(answer, NotAsked) and answer.reason == "max-cost" for answer in judgements):
        lines.append(f"{left} candidates wait for a larger --max-cost; what is answered is not paid for again")
    return (*lines, *spent.notes)


def write_reports(folder: Path, report: Report) -> None:
    """Write every format that has a file, and `run.json`, each as a whole or not at all."""
    for shape in all_formats().values():
        if shape.FILE is not None:
            replace_text(folder / shape.FILE, [shape.render(report)])
    replace_text(folder / "run.json", [_run_info(report)])


def _run_info(report: Report) -> str:
    sdks = (provider.DISTRIBUTION for provider in all_providers().values())
    return run_info(
        {
            "schema": SCHEMA,
            "judge": report.judge,
            "prompts": list(report.prompts),
            "candidates": len(report.records),
            "resumed": report.resumed,
            "not_graded": [fault.message for fault in report.faults],
        },
        packages=("patch-verdict", "libcst", "unidiff", "pydantic", *sdks),
    )
