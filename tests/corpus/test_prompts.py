"""The question about every patch of the archive that applies: how many fit whole, and that none is cut unsaid."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from corpus_kit import Corpus

from judge.judgement import Abstained
from judge.llm.inquiry import Questionnaire
from judge.llm.questions.questioner import Questioner
from judge.question import Question, make_question
from judge.static_checks.case import Case
from judge.static_checks.checker import Checker
from judge.static_checks.patch import decode

pytestmark = [pytest.mark.corpus, pytest.mark.slow, pytest.mark.timeout(1200)]

CONTEXTS = (128_000, 200_000, 400_000)
FRAME = re.compile(r"^BEGIN ([0-9a-f]{16}) [THBC]\d+ .*\n((?:.*\n)*?)END \1$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What came of one patch with one size of context: asked about, on all of the evidence, estimated tokens."""

    asked: bool
    whole: bool
    tokens: int
    signs: bool


def applying(corpus: Corpus) -> Iterator[Question]:
    """Yield the question about each patch that applies, whatever the gates say of it."""
    with Checker() as checker:
        for run in sorted((run for run in corpus.runs if run.applies), key=lambda run: run.case):
            case = Case(id=run.case, repo=corpus.repos[run.repo], base=run.base, human=run.human)
            raw = (corpus.patch_text(run) or "").encode()
            change = checker.change(case, raw)
            yield make_question(case, run.id, raw, change, checker.check(change))


def lines_of(question: Question, side: str) -> list[str]:
    """Return every line that one side adds or removes, as far as it is plain ASCII."""
    files = question.files if side == "candidate" else question.human_files
    changed = [line for file in files for hunk in file.change.hunks for line in hunk.lines if line.kind != " "]
    return [f"{line.kind}{line.text}" for line in changed if line.text.isascii() and line.text.isprintable()]


def check_whole(question: Question, found: Questionnaire) -> None:
    """Hold a question against the patch files themselves: every changed line of both sides is in it."""
    for inquiry in found.plain:
        shown = {line for frame in FRAME.finditer(f"{inquiry.shared}\n{inquiry.own}") for line in frame[2].split("\n")}
        for side in ("human", "candidate"):
            absent = [line for line in lines_of(question, side) if line not in shown]
            assert not absent, f"{question.candidate}: {side}: {absent[:3]}"
        for name in inquiry.omitted:
            assert name in inquiry.own, "the model is told what it does not see"


@pytest.fixture(scope="module")
def fits(corpus: Corpus) -> Mapping[int, list[Fit]]:
    """What came of every patch, by size of context; every question that would be asked is checked on the way."""
    questioners = {context: Questioner("logic-1", context, 16_000, 2) for context in CONTEXTS}
    found: dict[int, list[Fit]] = {context: [] for context in CONTEXTS}
    for question in applying(corpus):
        fit: Fit | None = None
        for context, questioner in questioners.items():
            if fit is not None and fit.whole:  # what is whole in a small context is the same in a larger one
                found[context].append(fit)
                continue
            made = questioner.judge(question)
            if isinstance(made, Abstained):
                assert made.reason == "partial-evidence", made
                assert "what does not fit: " in made.message
                fit = Fit(asked=False, whole=False, tokens=0, signs=False)
                found[context].append(fit)
                continue
            check_whole(question, made)
            tokens = made.plain[0].tokens
            assert tokens <= context - 16_000 - 1_000
            whole = not made.plain[0].omitted
            fit = Fit(asked=True, whole=whole, tokens=tokens, signs=bool(made.signs))
            found[context].append(fit)
    return found


@pytest.mark.parametrize(("context", "whole", "cut", "not_asked"), [
    (128_000, 538, 2, 4),
    (200_000, 543, 0, 1),
    (400_000, 544, 0, 0),
])  # fmt: skip
def test_how_many_fit(context: int, whole: int, cut: int, not_asked: int, fits: Mapping[int, list[Fit]]) -> None:
    """Of 544 patches, so many are asked about on all of the evidence, on less of it, and not at all."""
    rows = fits[context]
    found = (sum(r.whole for r in rows), sum(r.asked and not r.whole for r in rows), sum(not r.asked for r in rows))
    assert len(rows) == 544
    assert found == (whole, cut, not_asked)


def test_honest_patches_are_not_asked_about_twice(fits: Mapping[int, list[Fit]]) -> None:
    """None of the agents' patches addresses a judge, and none is taken to."""
    assert not any(row.signs for row in fits[400_000])


def test_the_tokens_of_all(fits: Mapping[int, list[Fit]]) -> None:
    """What judging them all once takes: about ten million tokens of input."""
    assert 9_000_000 < sum(row.tokens for row in fits[128_000]) < 10_000_000
    assert 9_500_000 < sum(row.tokens for row in fits[400_000]) < 11_000_000


def test_base_code_is_the_base(corpus: Corpus) -> None:
    """Base code in a question is what stands in the repository at that line."""
    question = next(q for q in applying(corpus) if any(f.language == "python" for f in q.human_files))
    made = Questioner("logic-1", 400_000, 16_000, 1).judge(question)
    assert isinstance(made, Questionnaire)
    files = {f.change.old_path: decode(f.before or b"").split("\n") for f in (*question.files, *question.human_files)}
    checked = 0
    for (side, path), texts in made.plain[0].documents.items():
        for text in texts if side == "base" else ():
            for number, line in re.findall(r"^(\d+)\| (.*)$", text, re.MULTILINE):
                assert files[path][int(number) - 1] == line
                checked += 1
    assert checked > 10
