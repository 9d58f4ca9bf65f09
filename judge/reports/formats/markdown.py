"""`report.md`: the same facts for a pull request or an archive, with every finding."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from judge.core.judgement import Judged, Judgement, NotAsked
from judge.core.timing import Timed, Timing
from judge.core.verdict import CATEGORIES, LEVELS
from judge.lib.tables import escape_markdown, markdown_lines
from judge.reports.report import Report
from judge.reports.wording import case_fault, cause, human_share, logic, outputs, ratio, speed, visible
from judge.results.judge_tally import tally_lines
from judge.results.record import VerdictRecord

FORMAT = "md"
FILE = "report.md"
_COLUMNS = ("candidate", "verdict", "level", "logic", "speed-up", "of human's gain", "outputs", "why")


def render(report: Report) -> str:
    """Return the report as GitHub-flavoured Markdown; text from a patch is always quoted as code."""
    counts = ", ".join(f"{report.counts[c]} {c}" for c in CATEGORIES if report.counts[c]) or "none"
    lines = [
        "# Patch verdicts",
        "",
        f"{len(report.records)} candidates: {counts}. Judge: `{report.judge}` ({report.scope}).",
        "",
        *(f"{_plain(line)}.  " for line in (*tally_lines(report.answers), *report.notes)),
        "",
        *markdown_lines(("level", "reached by"), _levels(report), numeric=(False, True)),
        "",
        *markdown_lines(_COLUMNS, _rows(report), numeric=[name == "level" for name in _COLUMNS]),
        "",
    ]
    if report.faults:
        lines += ["## Not graded", "", *(f"- {_plain(fault.message)}" for fault in report.faults), ""]
    lines += [line for record in report.records for line in _details(record)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _levels(report: Report) -> list[tuple[str, str]]:
    return [(f"{number} {name}", str(report.funnel[number])) for number, name in enumerate(LEVELS)]


def _rows(report: Report) -> Iterator[list[str]]:
    """Yield the rows, those of each case behind its human's; what is wrong with a whole case is said once."""
    for case, group in itertools.groupby(report.records, key=lambda record: record.case.id):
        if (human := report.humans.get(case)) is not None:
            gain = ratio(human.speedup, human.ci) if human.speedup is not None else "-"
            yield _cells(f"{case}/human", "", "", "", gain, "", "", human.message)
        fault = ""
        for record in group:
            why = cause(record)
            if case_fault(record):
                why, fault = ("as above" if case_fault(record) == fault else why), case_fault(record)
            share = human_share(record) or "-"
            yield _cells(
                record.id, record.verdict, str(record.level), logic(record), speed(record), share, outputs(record), why
            )


def _cells(*cells: str) -> list[str]:
    return [_plain(cell) for cell in cells]


def _details(record: VerdictRecord) -> list[str]:
    findings = [(name, finding) for name, gate in record.gates.items() for finding in gate.findings]
    remarks = [*_judge_details(record.judgement), *_timing_details(record.timing)]
    if case_fault(record) or not (findings or remarks):
        return []
    lines = [f"## {_plain(record.id)}", "", f"**{record.verdict}**, level {record.level} ({LEVELS[record.level]})", ""]
    for name, finding in findings:
        place = f" {_code(f'{finding.path}:{finding.line}' if finding.line else finding.path)}" if finding.path else ""
        quote = f": {_code(finding.quote)}" if finding.quote else ""
        lines.append(f"- {name}, {finding.severity}, `{finding.code}`:{place} {_plain(finding.message)}{quote}")
    return [*lines, *remarks, ""]


def _judge_details(judgement: Judgement) -> list[str]:
    """What a model said beyond its verdict; its words are quoted like a patch, for a patch may have put them there."""
    if isinstance(judgement, NotAsked):
        return []
    lines = [f"- judge, `{finding.code}`: {_plain(finding.message)}" for finding in judgement.findings]
    lines += [f"- judge disputes a fact, which stands: {_plain(text)}" for text in judgement.contradictions]
    lines += [f"- not in the question for want of room: {_plain(text)}" for text in judgement.omitted]
    if not isinstance(judgement, Judged):
        return lines
    for unit in judgement.units:
        lowered = f" (said {unit.claimed}, its quotes did not hold)" if unit.claimed else ""
        lines.append(f"- judge, {_code(unit.unit)}: {unit.coverage}{lowered}: {_plain(unit.why)}")
    for concern in judgement.concerns:
        unsupported = "" if concern.supported else " (no quote holds)"
        lines.append(f"- judge, {concern.about}, {concern.kind}{unsupported}: {_plain(concern.why)}")
    return lines


def _timing_details(timing: Timing) -> list[str]:
    """What a timing said beyond its ratio: tests, the share of the human's gain, and what about it asks for a look."""
    tests = timing.tests
    lines = [f"- tests, {tests.status}: {_plain(tests.message)}"] if tests is not None else []
    if not isinstance(timing, Timed):
        return lines
    lines += [f"- timing, look at it: {_plain(text)}" for text in timing.oddities]
    if timing.recovered is not None and timing.recovered_ci is not None:
        low, high = timing.recovered_ci
        lines.append(f"- timing, share of the human's gain: {timing.recovered:.0%} ({low:.0%} to {high:.0%})")
    if timing.human_message:
        lines.append(f"- timing, no share of the human's gain: {_plain(timing.human_message)}")
    if timing.needed:
        lines.append(f"- timing: {_plain(timing.needed)}")
    return lines


def _plain(text: str) -> str:
    """Escape what Markdown or HTML would act on; a patch must not be able to draw in the report."""
    return escape_markdown(visible(text))


def _code(text: str) -> str:
    text = visible(text).replace("|", "¦")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}"
