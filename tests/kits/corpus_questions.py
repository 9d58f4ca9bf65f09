"""The questions about the patches of the run archive, each checked: what every size of context comes to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from multiprocessing import get_context

from corpus_kit import Corpus, CorpusRun

from judge.core.judgement import Abstained
from judge.core.question import Question, make_question
from judge.llm.inquiry import Questionnaire
from judge.llm.questions.questioner import Questioner
from judge.static_checks.checker import Checker
from judge.static_checks.model.case import Case

CONTEXTS = (128_000, 200_000, 400_000)
FRAME = re.compile(r"^BEGIN ([0-9a-f]{16}) [THBC]\d+ .*\n((?:.*\n)*?)END \1$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What came of one patch with one size of context: asked about, on all of the evidence, estimated tokens."""

    asked: bool
    whole: bool
    tokens: int
    signs: bool


def applying(corpus: Corpus) -> list[CorpusRun]:
    """Return the runs whose patches apply, those of a case one after another."""
    return sorted((run for run in corpus.runs if run.applies), key=lambda run: run.case)


def questions(corpus: Corpus, runs: Iterable[CorpusRun]) -> Iterator[Question]:
    """Yield the question about each patch, whatever the gates say of it."""
    with Checker() as checker:
        for run in runs:
            case = Case(id=run.case, repo=corpus.repos[run.repo], base=run.base, human=run.human)
            raw = (corpus.patch_text(run) or "").encode()
            change = checker.change(case, raw)
            yield make_question(case, run.id, raw, change, checker.check(change))


def all_fits(corpus: Corpus) -> dict[int, list[Fit]]:
    """Return what came of every patch, by size of context; every question that would be asked is checked."""
    cases = [list(runs) for _, runs in groupby(applying(corpus), key=lambda run: run.case)]
    by_context: dict[int, list[Fit]] = {context: [] for context in CONTEXTS}
    with ProcessPoolExecutor(os.cpu_count(), get_context("forkserver")) as pool:
        for rows in pool.map(_fits, [corpus] * len(cases), cases):
            for fits in rows:
                for context, fit in zip(CONTEXTS, fits, strict=True):
                    by_context[context].append(fit)
    return by_context


def _fits(corpus: Corpus, runs: Sequence[CorpusRun]) -> list[tuple[Fit, ...]]:
    questioners = {context: Questioner("logic-1", context, 16_000, 2) for context in CONTEXTS}
    return [tuple(_fits_of(question, questioners)) for question in questions(corpus, runs)]


def _fits_of(question: Question, questioners: dict[int, Questioner]) -> Iterator[Fit]:
    fit: Fit | None = None
    for context, questioner in questioners.items():
        if fit is None or not fit.whole:  # what is whole in a small context is the same in a larger one
            fit = _fit(question, questioner, context)
        yield fit


def _fit(question: Question, questioner: Questioner, context: int) -> Fit:
    made = questioner.judge(question)
    if isinstance(made, Abstained):
        assert made.reason == "partial-evidence", made
        assert "what does not fit: " in made.message
        return Fit(asked=False, whole=False, tokens=0, signs=False)
    check_whole(question, made)
    tokens = made.plain[0].tokens
    assert tokens <= context - 16_000 - 1_000
    return Fit(asked=True, whole=not made.plain[0].omitted, tokens=tokens, signs=bool(made.signs))


def check_whole(question: Question, questionnaire: Questionnaire) -> None:
    """Hold a question against the patch files themselves: every changed line of both sides is in it."""
    for inquiry in questionnaire.plain:
        shown = {line for frame in FRAME.finditer(f"{inquiry.shared}\n{inquiry.own}") for line in frame[2].split("\n")}
        for side in ("human", "candidate"):
            absent = [line for line in _changed_lines(question, side) if line not in shown]
            assert not absent, f"{question.candidate}: {side}: {absent[:3]}"
        for name in inquiry.omitted:
            assert name in inquiry.own, "the model is told what it does not see"


def _changed_lines(question: Question, side: str) -> list[str]:
    """Return every line that one side adds or removes, as far as it is plain ASCII."""
    files = question.files if side == "candidate" else question.human_files
    changed = [line for file in files for hunk in file.change.hunks for line in hunk.lines if line.kind != " "]
    return [f"{line.kind}{line.text}" for line in changed if line.text.isascii() and line.text.isprintable()]
