"""Grades every recorded run of the archive and compares each with what plain git and CPython's parser say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from corpus_kit import Corpus, CorpusRun

from judge.results.record import VerdictRecord
from judge.static_checks.patch.parse import parse_patch
from judge.static_checks.patch.repair import repair

pytestmark = [pytest.mark.corpus, pytest.mark.proof]

Records = Mapping[str, VerdictRecord]


def codes(record: VerdictRecord) -> set[str]:
    return {finding.code for finding in record.gates["apply"].findings}


def differences(corpus: Corpus, run: CorpusRun, record: VerdictRecord) -> list[str]:
    """What the record says otherwise than git and the parser do."""
    apply, parse = record.gates["apply"], record.gates["parse"]
    if run.patch != "yes":
        differs = record.level != 0 or codes(record) != {"apply-empty"} or parse.status != "skipped"
        return [f"{run.patch}: level {record.level}, {codes(record)}"] if differs else []
    if not run.applies:
        differs = apply.status != "fail" or record.level != 1 or parse.status != "skipped"
        return [f"does not apply: {apply.status}, level {record.level}"] if differs else []
    if apply.status != "pass":
        return [f"applies: {apply.status} {codes(record)}"]
    repaired = repair((corpus.patch_text(run) or "").encode())
    touched = parse_patch(repaired.data, strip=repaired.strip).paths
    broken = {finding.path for finding in parse.findings if finding.severity == "block"}
    wrong = []
    if set(touched) != run.files:
        wrong.append(f"files: {set(touched) ^ run.files}")
    if broken != run.broken or (parse.status == "fail") != bool(run.broken) or parse.status == "error":
        wrong.append(f"parses: {parse.status}, {broken ^ run.broken}")
    if (record.level >= 3) != (not run.broken):
        wrong.append(f"level {record.level}")
    return wrong


def test_every_run_gets_the_expected_answer(corpus: Corpus, records: Records) -> None:
    """Empty, missing, applies, files and parses come out as git and CPython have them, for each single run."""
    wrong = {run.path: difference for run in corpus.runs if (difference := differences(corpus, run, records[run.id]))}
    assert not wrong
    assert len(records) == len(corpus.runs) == 1122


def test_counts(records: Records) -> None:
    """The totals of the archive's own table come out of the records alone."""
    counts: Counter[str] = Counter()
    for record in records.values():
        if "apply-empty" in codes(record):
            counts["empty or missing"] += 1
            continue
        counts["with content"] += 1
        counts["applies" if record.gates["apply"].status == "pass" else "refused"] += 1
        counts["does not parse"] += record.gates["parse"].status == "fail"
    expected = {"empty or missing": 507, "with content": 615, "applies": 544, "refused": 71, "does not parse": 9}
    assert counts == expected


def test_a_missing_patch_is_told_from_an_empty_one(corpus: Corpus, records: Records) -> None:
    """A run that left no patch file has no digest, and its finding says so."""
    missing = {
        record.id
        for record in records.values()
        if record.patch_sha256 is None
        and any(finding.message == "the run left no patch" for finding in record.gates["apply"].findings)
    }
    assert missing == {run.id for run in corpus.runs if run.patch == "missing"}
    assert len(missing) == 92


def test_patches_made_against_another_commit_say_so(corpus: Corpus, records: Records) -> None:
    """A refused patch names the commit it was made against; one of the 71 only adds files, which name none."""
    refused = [records[run.id] for run in corpus.runs if run.applies is False]
    silent = [record for record in refused if "apply-other-commit" not in codes(record)]
    assert (len(refused), len(silent)) == (71, 1)
    assert all("creates the file" in finding.message for finding in silent[0].gates["apply"].findings)


def test_nothing_is_an_error(records: Records) -> None:
    """No rule crashes or gives up on a real patch, so every record is final."""
    assert not [record.id for record in records.values() if record.ungraded]
