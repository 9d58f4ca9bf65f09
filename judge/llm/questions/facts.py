"""What the gates established, as sentences for the model; a candidate's own words never stand in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from judge.core.question import Question
from judge.llm.questions.framing import shown_line
from judge.llm.questions.injection import RULES
from judge.static_checks.discovery import all_rules
from judge.static_checks.model.finding import Finding

_MAX_NAMES = 30
_MAX_FINDINGS = 40
_SURE = (
    "The candidate applies to the base code.",
    "No file of Python, JSON, TOML or YAML that parses in the base fails to parse after the candidate.",
)
"""What the gates require of every candidate that a model is asked about."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One fact: as it is sent, where files of the candidate go by their documents' ids, and as people read it."""

    sent: str
    kept: str


def facts(question: Question, documents: Mapping[str, str], units: Sequence[str], *, neutral: bool) -> list[Fact]:
    """Return the facts about a candidate.

    Args:
        question: the candidate, its case and what the gates said.
        documents: id of the document of each of the candidate's files, by path.
        units: the units of the human change.
        neutral: leave out the findings about text that the neutral version does not show.
    """
    listed = [_plain(sentence) for sentence in _SURE]
    listed += [_plain(sentence) for sentence in _overlap(question, units)]
    findings = [f for gate in question.gates.values() for f in gate.seen if not (neutral and f.code in RULES)]
    return listed + list(_findings(findings, documents))


def _plain(sentence: str) -> Fact:
    return Fact(sent=sentence, kept=sentence)


def _overlap(question: Question, units: Sequence[str]) -> Iterator[str]:
    """What both sides touch; these names also stand in the human change, so they are not the candidate's words."""
    gate = question.gates.get("overlap")
    facts = gate.facts if gate else {}
    files, functions = (_sets(facts.get(name)) for name in ("files", "functions"))
    yield (
        f"The human change edits {len(files['human'])} source files, the candidate {len(files['candidate'])}; "
        f"in common: {_listed(files['common'])}."
    )
    if functions["human"]:
        yield f"Functions and classes edited by both, of Python files: {_listed(functions['common'])}."
    same = [f"U{n}" for n, unit in enumerate(units, 1) if unit in set(functions["common"])]
    if same:
        listed = ", ".join(same)
        yield f"Units whose definition the candidate edits too: {listed}. That does not say that it covers them."


def _sets(value: object) -> dict[str, list[str]]:
    listed = value if isinstance(value, Mapping) else {}
    return {name: [str(entry) for entry in listed.get(name, ())] for name in ("candidate", "human", "common")}


def _listed(names: Sequence[str]) -> str:
    shown = [shown_line(name, 200) for name in names[:_MAX_NAMES]]
    more = len(names) - len(shown)
    return ", ".join(shown + ([f"and {more} more"] if more > 0 else [])) or "none"


def _findings(findings: Sequence[Finding], documents: Mapping[str, str]) -> Iterator[Fact]:
    """One fact for each rule; places are lines of the candidate's files."""
    by_code: dict[str, list[Finding]] = {}
    for finding in findings[:_MAX_FINDINGS]:
        by_code.setdefault(finding.code, []).append(finding)
    for code, group in by_code.items():
        summary = _summaries().get(code, code)
        sent = [_place(documents.get(f.path or "", ""), f.line) for f in group]
        kept = [_place(f.path or "", f.line) for f in group]
        yield Fact(sent=_sentence(code, summary, sent), kept=_sentence(code, summary, kept))
    if len(findings) > _MAX_FINDINGS:
        yield _plain(f"The rules have {len(findings) - _MAX_FINDINGS} more remarks of these and other kinds.")


def _sentence(code: str, summary: str, places: Iterable[str]) -> str:
    where = ", ".join(dict.fromkeys(filter(None, places)))
    return f"Rule {code} remarks: {summary}{f' ({where})' if where else ''}"


def _place(file: str, line: int | None) -> str:
    return f"{shown_line(file, 200)}{f' line {line}' if line else ''}" if file else ""


@cache
def _summaries() -> dict[str, str]:
    return {rule.code: rule.summary for rule in all_rules()}
