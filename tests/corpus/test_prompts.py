"""The question about every patch of the archive that applies: how many fit whole, and that none is cut unsaid."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from corpus_kit import Corpus
from corpus_questions import Fit, all_fits, applying, questions

from judge.llm.inquiry import Questionnaire
from judge.llm.questions.questioner import Questioner
from judge.static_checks.patch.parse import decode

pytestmark = [pytest.mark.corpus, pytest.mark.proof, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def fits(corpus: Corpus) -> Mapping[int, list[Fit]]:
    """What came of every patch, by size of context; every question that would be asked is checked on the way."""
    return all_fits(corpus)


@pytest.mark.parametrize(("context", "whole", "cut", "not_asked"), [
    (128_000, 538, 2, 4),
    (200_000, 543, 0, 1),
    (400_000, 544, 0, 0),
])  # fmt: skip
def test_how_many_fit(context: int, whole: int, cut: int, not_asked: int, fits: Mapping[int, list[Fit]]) -> None:
    """Of 544 patches, so many are asked about on all of the evidence, on less of it, and not at all."""
    rows = fits[context]
    counts = (sum(r.whole for r in rows), sum(r.asked and not r.whole for r in rows), sum(not r.asked for r in rows))
    assert len(rows) == 544
    assert counts == (whole, cut, not_asked)


def test_honest_patches_are_not_asked_about_twice(fits: Mapping[int, list[Fit]]) -> None:
    """None of the agents' patches addresses a judge, and none is taken to."""
    assert not any(row.signs for row in fits[400_000])


def test_the_tokens_of_all(fits: Mapping[int, list[Fit]]) -> None:
    """What judging them all once takes: about ten million tokens of input."""
    assert 9_000_000 < sum(row.tokens for row in fits[128_000]) < 10_000_000
    assert 9_500_000 < sum(row.tokens for row in fits[400_000]) < 11_000_000


def test_base_code_is_the_base(corpus: Corpus) -> None:
    """Base code in a question is what stands in the repository at that line."""
    question = next(
        q for q in questions(corpus, applying(corpus)) if any(f.language == "python" for f in q.human_files)
    )
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
