"""Calibration: what a run's judgements are worth against labels, facts, one another, and what they cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pytest
from verdict_kit import NOT_ASKED, verdict

from judge.calibration.calibration import calibrate
from judge.calibration.labels import Label, read_labels, read_verdicts
from judge.calibration.text import render
from judge.core.judgement import (
    Abstained,
    Concern,
    Errored,
    Evidence,
    Judged,
    JudgeFinding,
    Judgement,
    LogicMatch,
    Order,
    Tokens,
    Unit,
    Vote,
)
from judge.errors import UsageError
from judge.inputs.runs.judgement_file import JudgementIndex, RecordedJudgement, read_recorded_judgements
from judge.results.claims import PatchFacts, check_claims, facts_of_record, tabulate
from judge.static_checks.model.finding import Gate, Status

COMMIT = "8aa1485fcff7be3e42300c0615ee0f3f3cbce9a8"
TOKENS = Tokens(input=100, output=10)
SIGNS = JudgeFinding(code="judge-injection-signs", message="judged twice")
FLIP = JudgeFinding(code="judge-injection-flip", message="full, then none")


def judged(match: LogicMatch, **more: object) -> Judged:
    """An answer."""
    return Judged(judge="t", scope="t", logic_match=match, completeness=None, bottleneck="same", **more)  # type: ignore[arg-type]


def abstained(**more: object) -> Abstained:
    """An honest 'I do not know'."""
    return Abstained(judge="t", scope="t", reason="split", message="m", **more)  # type: ignore[arg-type]


def errored(**more: object) -> Errored:
    """A judge that failed."""
    return Errored(judge="t", scope="t", reason="empty", message="m", **more)  # type: ignore[arg-type]


def vote(match: LogicMatch | None, order: Order = "human-first") -> Vote:
    """One answer of several."""
    return Vote(judge="t", order=order, status="judged" if match else "error", logic_match=match)


def evaluation(answered: bool = True, **values: bool) -> dict[str, object]:
    """An evaluation as another harness stores it."""
    flat = ("syntax_correct", "files_match", "optimization_logic_match", "is_complete", "is_template_code")
    return {
        **{name: values.get(name, False) for name in (*flat, "true_success")},
        "quality_score": 0.0,
        "issues": [],
        "reasoning": "It is broken." if answered else "Could not evaluate: No JSON found in response: ",
    }


def recorded(folder: Path, *attempts: tuple[str, int, dict[str, object]]) -> tuple[RecordedJudgement, ...]:
    """Recorded judgements from a real file of (commit, patch size, evaluation)."""
    entries = [
        {
            "commit": commit,
            "human_files": [],
            "evaluated_attempts": [
                {"run_id": f"r{n}", "item_id": "i", "status": "success", "patch_size": size, "evaluation": stored}
            ],
        }
        for n, (commit, size, stored) in enumerate(attempts)
    ]
    file = folder / "evaluations.json"
    file.write_text(json.dumps(entries))
    return read_recorded_judgements(file)


def test_answers_are_compared_with_labels() -> None:
    """Judged ones are right or wrong; abstained, errored, stopped and absent ones are none of either."""
    records = [
        verdict("a/1", judged("full")),
        verdict("a/2", judged("none")),
        verdict("b/1", judged("partial")),
        verdict("b/2", abstained()),
        verdict("b/3", errored()),
        verdict("b/4", NOT_ASKED, gates={"parse": "fail"}),
    ]
    labels = [Label(id=name, logic_match="full") for name in ("a/1", "a/2", "b/1", "b/2", "b/3", "b/4", "c/absent")]
    calibration = calibrate(records, labels)
    (agreement,) = calibration.agreements
    assert (agreement.accuracy.part, agreement.accuracy.whole) == (1, 3)
    assert agreement.missing == {"abstained": 1, "error": 1, "not-asked": 1, "no-verdict": 1}
    assert agreement.bounds == (1 / 5, 3 / 5)
    assert calibration.without_verdict == ("c/absent",)
    assert (calibration.coverage.part, calibration.coverage.whole) == (3, 5)


def test_categories_are_compared_with_verdicts() -> None:
    """A label may name the verdict; an undetermined one is no answer, and an error where a stage had failed."""
    records = [
        verdict("a/1", judged("none")),
        verdict("a/2", NOT_ASKED, gates={"parse": "fail"}),
        verdict("a/3", abstained()),
        verdict("a/4", errored()),
    ]
    labels = [Label(id=f"a/{n}", category="failure") for n in (1, 2)]
    labels += [Label(id=f"a/{n}", category="true_success") for n in (3, 4)]
    (agreement,) = calibrate(records, labels).agreements
    assert (agreement.field, agreement.accuracy.part, agreement.accuracy.whole) == ("category", 2, 2)
    assert agreement.missing == {"abstained": 1, "error": 1}
    assert agreement.weighted is None, "verdicts have no order"


def test_a_label_may_say_both() -> None:
    """Logic and category of one candidate are compared each for itself."""
    calibration = calibrate([verdict("a/1", judged("none"))], [Label(id="a/1", logic_match="none", category="failure")])
    assert [(agreement.field, agreement.accuracy.part) for agreement in calibration.agreements] == [
        ("logic_match", 1),
        ("category", 1),
    ]


@pytest.mark.parametrize(
    ("costs", "per_judgement", "per_judged", "unknown"),
    [((0.5, 0.1), 0.3, 0.6, 0), ((0.5, None), 0.5, None, 1), ((None, None), None, None, 2)],
)
def test_cost(
    costs: tuple[float | None, float | None], per_judgement: float | None, per_judged: float | None, unknown: int
) -> None:
    """A failed answer was paid for too, and one unknown cost leaves the price of a judgement unknown, never 0."""
    records = [
        verdict("a/1", judged("full", tokens=TOKENS, cost_usd=costs[0])),
        verdict("a/2", errored(tokens=TOKENS, cost_usd=costs[1])),
        verdict("a/3", abstained()),
    ]
    cost = calibrate(records).cost
    assert (cost.unknown, cost.per_judged) == (unknown, per_judged)
    assert cost.per_judgement == (pytest.approx(per_judgement) if per_judgement else None)


def test_votes() -> None:
    """Unanimous means every vote; pairs are counted among real answers; crossing orders is counted apart."""
    records = [
        verdict("a/1", judged("full", votes=(vote("full"), vote("full", "candidate-first"), vote("full")))),
        verdict("a/2", abstained(votes=(vote("full"), vote("none", "candidate-first")))),
        verdict("a/3", judged("none", votes=(vote("none"), vote("none"), vote(None)))),
        verdict("a/4", judged("none")),
    ]
    votes = calibrate(records).votes
    assert votes is not None
    assert (votes.unanimous.part, votes.unanimous.whole) == (1, 3)
    assert (votes.pairs.part, votes.pairs.whole) == (4, 5)
    assert (votes.across_orders.part, votes.across_orders.whole) == (2, 3)
    assert calibrate(records[3:]).votes is None


def test_flips() -> None:
    """Of those judged again with neutral comments and strings, the share with another answer."""
    records = [
        verdict("a/1", judged("none", findings=(SIGNS,))),
        verdict("a/2", abstained(findings=(SIGNS, FLIP))),
        verdict("a/3", judged("full")),
    ]
    flips = calibrate(records).flips
    assert (flips.part, flips.whole) == (1, 2)


def test_own_claims() -> None:
    """Quotes, lowered units, unsupported concerns and disputed facts are counted; a quote not looked up is no error."""
    quotes = [Evidence(file="f", side="human", quote="q", claim="c", verified=v) for v in (True, True, False, None)]
    units = [
        Unit(unit="u", coverage="covered", why="w"),
        Unit(unit="v", coverage="unclear", why="w", claimed="covered"),
    ]
    concerns = [Concern(about="risk", kind="precision", why="w", supported=s) for s in (True, False)]
    answer = judged(
        "full", evidence=tuple(quotes), units=tuple(units), concerns=tuple(concerns), contradictions=("F1: no",)
    )
    rows = calibrate([verdict("a/1", answer), verdict("a/2", errored(contradictions=("F2: no",)))]).claims
    assert [(row.asserted, row.unchecked, row.wrong.part, row.wrong.whole) for row in rows] == [
        (4, 1, 1, 3),
        (2, 0, 1, 2),
        (2, 0, 1, 2),
        (2, 0, 2, 2),
    ]


@pytest.mark.parametrize(
    ("gate", "status", "claim", "fact"),
    [
        ("parse", "pass", "syntax_correct", True),
        ("parse", "fail", "syntax_correct", False),
        ("parse", "error", "syntax_correct", None),
        ("parse", "skipped", "syntax_correct", None),
        ("template", "pass", "is_template_code", False),
        ("template", "fail", "is_template_code", True),
        ("template", "error", "is_template_code", None),
        ("overlap", "skipped", "files_match", None),
    ],
)
def test_facts(
    gate: Gate, status: Status, claim: Literal["syntax_correct", "is_template_code", "files_match"], fact: bool | None
) -> None:
    """A gate that could not check gives no fact; what it could not check is never held against a judge."""
    facts = facts_of_record(verdict(gates={gate: status}))
    assert facts.of(claim) is fact


def test_files_in_common() -> None:
    """Sharing a file is a fact where both sides are known, and only there."""
    assert facts_of_record(verdict(common=("a.py",))).shares_file is True
    assert facts_of_record(verdict(common=())).shares_file is False
    assert facts_of_record(verdict(common=None)).shares_file is None


def test_claims_are_counted_by_what_was_said() -> None:
    """Each assertion has its row: how often made, how often checkable, how often the fact was the opposite."""
    broken = PatchFacts(applies=True, parses=False, shares_file=True, template=False)
    sound = PatchFacts(applies=True, parses=True, shares_file=True, template=False)
    accused = {"syntax_correct": False, "is_template_code": True, "quality": True}
    claims = [claim for facts in (broken, sound, sound, None) for claim in check_claims(accused, facts)]
    rows = {row.claim: (row.asserted, row.unchecked, row.wrong.part, row.wrong.whole) for row in tabulate(claims)}
    assert rows == {"syntax_correct = false": (4, 1, 2, 3), "is_template_code = true": (4, 1, 3, 3)}


def test_recorded_judgements_are_found_by_commit_and_size(tmp_path: Path) -> None:
    """Commits match by prefix, sizes in bytes or characters, and one patch may have several judgements."""
    judgements = recorded(
        tmp_path, ("8aa1485f", 3, evaluation()), ("8aa1485f", 3, evaluation(False)), ("9" * 8, 3, evaluation())
    )
    index = JudgementIndex(judgements)
    assert index.find(COMMIT, size_bytes=3, size_chars=3) == judgements[:2]
    assert index.find(COMMIT[:7], size_bytes=5, size_chars=3) == judgements[:2]
    assert index.find(COMMIT, size_bytes=4, size_chars=4) == ()
    assert index.find(COMMIT[:6], size_bytes=3, size_chars=3) == (), "six digits name no commit"
    assert index.find(None, size_bytes=3, size_chars=3) == ()


def test_recorded_claims_are_held_against_facts(tmp_path: Path) -> None:
    """Only real answers claim anything; a patch not found, or found twice with other facts, is not checked."""
    patch, accented, twin = b"abc", "déf".encode(), b"twin text"
    judgements = recorded(
        tmp_path,
        ("8aa1485f", 3, evaluation(files_match=True)),
        ("8aa1485f", 3, evaluation(False)),
        ("9" * 8, 3, evaluation()),
        ("9" * 8, 9, evaluation()),
        ("9" * 8, 77, evaluation()),
    )
    records = [
        verdict("a/1", human=COMMIT, patch=patch),
        verdict("b/1", human="9" * 40, patch=accented, gates={"parse": "fail"}),
        verdict("b/2", human="9" * 40, patch=twin),
        verdict("b/3", human="9" * 40, patch=twin, gates={"parse": "fail"}),
        verdict("b/4", human="9" * 40, patch=None),
    ]
    check = calibrate(records, recorded=judgements).recorded
    assert check is not None
    assert (check.judgements, check.errored, check.stored_as_failed) == (5, {"empty": 1}, 1)
    assert (check.found, check.found_by_bytes, check.ambiguous) == (4, 3, 1)
    assert (check.applies, check.parses, check.answered) == (3, 2, 2)
    rows = {row.claim: (row.asserted, row.unchecked, row.wrong.part) for row in check.claims}
    assert rows["syntax_correct = false"] == (4, 2, 1)
    assert rows["files_match = true"] == (1, 0, 0)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": "a"}', "give `logic_match` or `category`"),
        ('{"id": "a", "logic_match": "most"}', "logic_match"),
        ('{"id": "a", "category": "undetermined"}', "category"),
        ('{"logic_match": "full"}', "id"),
        ("not JSON", "Invalid JSON"),
        ('{"id": "x", "logic_match": "full"}', "second label of 'x'"),
    ],
)
def test_bad_labels_are_named(line: str, message: str, tmp_path: Path) -> None:
    """A line that is no label stops with file, line number and what is wrong with it."""
    file = tmp_path / "labels.jsonl"
    file.write_text('{"id": "x", "logic_match": "none", "by": "two readers"}\n\n' + line + "\n")
    with pytest.raises(UsageError) as caught:
        read_labels(file)
    assert str(caught.value).startswith(f"{file}:3:") and message in str(caught.value)


def test_verdicts_are_read_from_a_running_folder(tmp_path: Path) -> None:
    """The last line of a candidate counts, a line still being written is passed over, a foreign one is named."""
    file = tmp_path / "verdicts.jsonl"
    old, new = verdict("a/1", judged("none")), verdict("a/1", judged("full"))
    file.write_text(f"{old.line()}\n{new.line()}\n{old.line()[:40]}")
    assert read_verdicts(tmp_path) == read_verdicts(file) == (new,)
    file.write_text('{"schema": 7}\n')
    with pytest.raises(UsageError, match=r"verdicts\.jsonl:1: not a verdict"):
        read_verdicts(tmp_path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_verdicts(tmp_path / "absent.jsonl")


def test_text_says_everything(tmp_path: Path) -> None:
    """The printed table holds agreement, missing answers, claims and what was recorded, and no control character."""
    hostile: Judgement = judged("full").model_copy(update={"judge": "x\x1b[31m\u202e"})
    records = [verdict("a/1", hostile, human=COMMIT, patch=b"abc"), verdict("a/2", errored())]
    labels = [
        Label(id="a/1", logic_match="full"),
        Label(id="a/2", logic_match="full"),
        Label(id="\x1b", category="failure"),
    ]
    text = render(calibrate(records, labels, recorded(tmp_path, ("8aa1485f", 3, evaluation()))))
    assert "\x1b" not in text and "\u202e" not in text
    assert "right           1 of 1 = 100.0 % (20.7 to 100.0); between 50.0 % and 100.0 % of all asked" in text
    assert "kappa           not defined" in text
    assert "labelled, but without a verdict: \\x1b" in text
    assert "syntax_correct = false" in text and "1 of 1 = 100.0 % (20.7 to 100.0)" in text
