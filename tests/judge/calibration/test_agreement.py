"""Agreement statistics against published examples and hand counts; what is not defined is None, never 0."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from judge.calibration.agreement import MIN_CASES, Compared, Matrix, agree, bootstrap, kappa, linear, unweighted
from judge.lib.proportions import Bounds, share, wilson

CLASSES = ("none", "partial", "full")


def compared(table: Matrix, per_case: int = 1) -> list[Compared]:
    """One pair for each count of a table, `per_case` of them in each case."""
    pairs = [
        (label, answer)
        for label, row in zip(CLASSES, table, strict=True)
        for answer, count in zip(CLASSES, row, strict=True)
        for _ in range(count)
    ]
    random.Random(7).shuffle(pairs)
    return [Compared(case=str(n // per_case), label=a, answer=b) for n, (a, b) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(successes: int, trials: int, low: float, high: float) -> None:
    """The score interval agrees with R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3."""
    interval = wilson(successes, trials)
    assert interval == pytest.approx((low, high), abs=5e-5)


def test_no_trials_no_share() -> None:
    """A share of nothing has neither value nor interval, and more successes than trials is a mistake."""
    assert (share(0, 0).value, share(0, 0).interval) == (None, None)
    with pytest.raises(ValueError, match="2 of 1"):
        wilson(2, 1)


@pytest.mark.parametrize(
    ("table", "costs", "expected"),
    [
        # Cohen 1960, table 1 (200 cases): agreement 0.70, by chance 0.41.
        (((88, 14, 18), (10, 40, 10), (2, 6, 12)), unweighted(3), 0.492),
        # Cohen 1968, table 1, with its weights of disagreement.
        (((88, 10, 2), (14, 40, 6), (18, 10, 12)), ((0, 1, 3), (1, 0, 6), (3, 6, 0)), 0.348),
        # The usual example of 50 grant proposals and two readers.
        (((20, 5), (10, 15)), unweighted(2), 0.4),
        # By hand: 1 + 2 + 1 = 4 steps seen; by chance 92 / 10, of rows (4, 2, 4) and columns (4, 4, 2).
        (((3, 1, 0), (0, 2, 0), (1, 1, 2)), linear(3), 1 - 4 / 9.2),
        (((5, 0), (0, 5)), unweighted(2), 1.0),
        (((0, 5), (5, 0)), unweighted(2), -1.0),
    ],
)
def test_kappa_as_published(table: Matrix, costs: Matrix, expected: float) -> None:
    """Cohen's kappa, plain and weighted, comes out as in its sources and by hand."""
    assert kappa(table, costs) == pytest.approx(expected, abs=5e-4)


def test_kappa_of_one_class_is_not_defined() -> None:
    """Where only one class occurs chance explains everything, and there is no kappa: not 0, not 1."""
    assert kappa(((7, 0), (0, 0)), unweighted(2)) is None
    agreement = agree(
        compared(((7, 0, 0), (0, 0, 0), (0, 0, 0))), field="f", classes=CLASSES, positive="full", ordered=True
    )
    assert (agreement.kappa.value, agreement.kappa.interval) == (None, None)
    assert agreement.accuracy.value == 1.0


def test_scores_by_hand() -> None:
    """Precision, recall, specificity and confusion are those counted by hand."""
    agreement = agree(
        compared(((4, 1, 1), (0, 3, 2), (1, 0, 8))), field="f", classes=CLASSES, positive="full", ordered=True
    )
    full = agreement.scores[2]
    assert agreement.confusion == ((4, 1, 1), (0, 3, 2), (1, 0, 8))
    assert (agreement.accuracy.part, agreement.accuracy.whole) == (15, 20)
    assert (full.precision.part, full.precision.whole) == (8, 11)
    assert (full.recall.part, full.recall.whole) == (8, 9)
    assert (full.specificity.part, full.specificity.whole) == (8, 11)


def test_missing_answers_are_neither_right_nor_wrong() -> None:
    """Abstentions and errors leave the accuracy alone and widen its bounds; who was not asked counts for neither."""
    table = compared(((2, 0, 0), (0, 0, 0), (1, 0, 3)))
    silent = [Compared(case="s", label="full", answer=None, missing=why) for why in ("abstained", "error", "error")]
    others = [Compared(case="o", label="full", answer=None, missing=why) for why in ("not-asked", "no-verdict")]
    agreement = agree([*table, *silent, *others], field="f", classes=CLASSES, positive="full", ordered=True)
    assert (agreement.labelled, agreement.accuracy.part, agreement.accuracy.whole) == (11, 5, 6)
    assert agreement.bounds == Bounds(5 / 9, 8 / 9)
    assert agreement.missing == {"abstained": 1, "error": 2, "not-asked": 1, "no-verdict": 1}


def test_nothing_answered_is_no_number() -> None:
    """With no answer at all there is no accuracy and no kappa, and the bounds say that anything is possible."""
    silent = [Compared(case="s", label="full", answer=None, missing="error")]
    agreement = agree(silent, field="f", classes=CLASSES, positive="full", ordered=True)
    assert (agreement.accuracy.value, agreement.kappa.value, agreement.weighted and agreement.weighted.value) == (
        None,
        None,
        None,
    )
    assert agreement.bounds == Bounds(0.0, 1.0)


def test_order_matters_only_to_the_weighted_kappa() -> None:
    """A miss by one step costs less than a miss by two, where the classes have an order."""
    near = agree(compared(((9, 1, 0), (0, 9, 1), (0, 1, 9))), field="f", classes=CLASSES, positive="full", ordered=True)
    far = agree(compared(((9, 0, 1), (0, 10, 0), (2, 0, 8))), field="f", classes=CLASSES, positive="full", ordered=True)
    assert near.kappa.value == pytest.approx(far.kappa.value, abs=1e-9)
    assert near.weighted and far.weighted
    assert near.weighted.value is not None and far.weighted.value is not None
    assert near.weighted.value > far.weighted.value + 0.04


def test_kappa_interval_covers_and_is_repeatable() -> None:
    """The interval holds the value, comes out the same each time, and is wider where candidates hang together."""
    table = ((30, 4, 1), (3, 20, 6), (2, 5, 29))
    alone = agree(compared(table), field="f", classes=CLASSES, positive="full", ordered=True)
    again = agree(compared(table), field="f", classes=CLASSES, positive="full", ordered=True)
    assert alone == again
    assert alone.kappa.interval and alone.kappa.value
    assert alone.kappa.interval.low < alone.kappa.value < alone.kappa.interval.high
    # Ten identical candidates in each case are worth no more than one.
    copies = [
        Compared(case=str(n), label=a.label, answer=a.answer) for n, a in enumerate(compared(table)) for _ in range(10)
    ]
    grouped = agree(copies, field="f", classes=CLASSES, positive="full", ordered=True)
    assert grouped.kappa.interval == pytest.approx(alone.kappa.interval, abs=0.03)


def test_large_sample_interval() -> None:
    """For the table of Cohen 1960 the interval is that of the large-sample standard error, 0.0510.

    J. L. Fleiss, J. Cohen, B. S. Everitt, Psychological Bulletin 72 (1969), 323-327.
    """
    agreement = agree(
        compared(((88, 14, 18), (10, 40, 10), (2, 6, 12))), field="f", classes=CLASSES, positive="full", ordered=True
    )
    assert agreement.kappa.interval == pytest.approx((0.492 - 1.96 * 0.0510, 0.492 + 1.96 * 0.0510), abs=0.02)


@pytest.mark.parametrize(
    "parts",
    [
        [((3, 1), (1, 3)), ((1, 3), (3, 1))] * (MIN_CASES // 2 - 1),
        [((2, 0), (0, 2))] * 40,
        [((1, 0), (0, 0))] * 20 + [((0, 0), (0, 1))],
    ],
    ids=["few-cases", "no-disagreement", "one-case-of-a-class"],
)
def test_no_interval_where_it_cannot_be_estimated(parts: list[Matrix]) -> None:
    """Few cases, no disagreement, or resamples that mostly lack a class give no interval instead of a narrow one."""
    table = tuple(tuple(sum(part[i][j] for part in parts) for j in range(2)) for i in range(2))
    assert kappa(table, unweighted(2)) is not None

    def of(resample: Sequence[Matrix]) -> float | None:
        return kappa([[sum(part[i][j] for part in resample) for j in range(2)] for i in range(2)], unweighted(2))

    assert bootstrap(parts, of) is None
