"""Holds a recorded LLM judge's claims against facts of the same patches: its file, the archive's patches, the gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from corpus_kit import Corpus

from judge.calibration.calibration import RecordedCheck, check_recorded
from judge.core.judgement import Abstained, Errored
from judge.inputs.runs.judgement_file import RecordedJudgement, read_recorded_judgements
from judge.results.record import VerdictRecord

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def recorded(corpus: Corpus) -> tuple[RecordedJudgement, ...]:
    """What the judge is on record with."""
    return read_recorded_judgements(corpus.folder / "judgements/gpt5_evaluations.json")


@pytest.fixture(scope="module")
def judged_records(
    corpus: Corpus, recorded: Sequence[RecordedJudgement], records: Mapping[str, VerdictRecord]
) -> tuple[VerdictRecord, ...]:
    """Verdicts of the runs on the judged commits."""
    commits = {judgement.commit for judgement in recorded}
    return tuple(records[run.id] for run in corpus.runs if run.patch == "yes" and run.human[:8] in commits)


def claim(check: RecordedCheck, name: str) -> tuple[int, int, int]:
    """Asserted, checked and wrong, of one claim."""
    row = next(row for row in check.claims if row.claim == name)
    return row.asserted, row.wrong.whole, row.wrong.part


def test_most_recorded_judgements_are_none(recorded: Sequence[RecordedJudgement]) -> None:
    """114 of 143 never were an answer, which is an error; the others were given no ground truth; none is a failure."""
    assert len(recorded) == 143
    assert sum(isinstance(judgement.judgement, Errored) for judgement in recorded) == 114
    assert {judgement.judgement.reason for judgement in recorded if isinstance(judgement.judgement, Abstained)} == {
        "no-ground-truth"
    }


@pytest.mark.proof
def test_by_size_in_bytes(recorded: Sequence[RecordedJudgement], judged_records: Sequence[VerdictRecord]) -> None:
    """Found by the size of their files, as in the archive's own count: 140, 135 apply, 127 parse, 135 in place."""
    check = check_recorded(recorded, [record.model_copy(update={"patch_chars": None}) for record in judged_records])
    assert (check.found, check.applies, check.parses, check.shares_file) == (140, 135, 127, 135)
    assert (check.answered, check.ambiguous, check.stored_as_failed) == (24, 0, 114)
    asserted, checked, wrong = claim(check, "syntax_correct = false")
    assert (checked, checked - wrong) == (13, 4), "13 accused of syntax errors, 4 have one"
    assert asserted > checked


@pytest.mark.proof
def test_by_size_in_characters(recorded: Sequence[RecordedJudgement], judged_records: Sequence[VerdictRecord]) -> None:
    """The file counts characters: three patches with other than ASCII text are found by these only, so all 143 are."""
    check = check_recorded(recorded, judged_records)
    assert (check.found, check.found_by_bytes, check.ambiguous) == (143, 140, 0)
    assert (check.applies, check.parses, check.shares_file, check.answered) == (138, 130, 138, 27)
    assert claim(check, "syntax_correct = false")[1:] == (13, 9)


def test_published_rates_are_the_failed_answers(recorded: Sequence[RecordedJudgement]) -> None:
    """The published 90.2 %, 83.2 %, 89.5 % and 0 % come out when failed answers are taken at face value."""
    rates = {name: round(100 * (part.value or 0), 1) for name, part in check_recorded(recorded, ()).as_stored.items()}
    assert rates == {"syntax errors": 90.2, "template code": 83.2, "wrong files": 89.5, "true success": 0.0}
