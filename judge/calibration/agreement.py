"""Agreement of a judge with labels: confusion, precision and recall, Cohen's kappa, each with its interval. Pure.

What was not answered is no answer: it is counted beside the table, and the share of right answers is also given with
all that is missing taken as wrong, and as right.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from judge.lib.proportions import Bounds, Share, share

Matrix = tuple[tuple[int, ...], ...]
"""Counts: a row for each class of the label, a column for each class of the judge."""

Missing = Literal["abstained", "error", "not-asked", "no-verdict"]

RESAMPLES = 2000
SEED = 20_260_101
MIN_CASES = 10
"""Resamples of fewer say little of other cases, and give intervals that are far too narrow."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One labelled candidate: what the label says, and what the judge did, or why there is no answer."""

    case: str
    label: str
    answer: str | None
    missing: Missing | None = None


@dataclass(frozen=True, kw_only=True)
class ClassScore:
    """How well one class is told from the others.

    Attributes:
        precision: of the answers with this class, those that the label shares.
        recall: of the labels with this class, those that the judge found (also: sensitivity).
        specificity: of the labels with another class, those that the judge also gave another.
    """

    name: str
    precision: Share
    recall: Share
    specificity: Share


@dataclass(frozen=True, kw_only=True)
class Kappa:
    """Agreement beyond chance; None where it is not defined, as when one class is all there is.

    Attributes:
        interval: 95 % percentile interval, cases resampled; None where it cannot be estimated: too few cases, too
            many resamples without a value, or no disagreement to resample.
        cases: how many cases the answers are about.
    """

    value: float | None
    interval: Bounds | None
    cases: int


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A judge against labels. Intervals of shares take the candidates as independent; those of kappa do not.

    Attributes:
        field: what was compared.
        positive: the class that counts as success.
        labelled: how many labels there are.
        missing: labels without an answer, by why.
        accuracy: right answers among all answers.
        bounds: the share of right ones among all that were asked, were all missing answers wrong, or right; a
            label that no judge was asked about counts for neither.
        weighted: kappa with linear weights; None where the classes have no order.
    """

    field: str
    classes: tuple[str, ...]
    positive: str
    labelled: int
    missing: Mapping[Missing, int]
    confusion: Matrix
    accuracy: Share
    bounds: Bounds | None
    scores: tuple[ClassScore, ...]
    kappa: Kappa
    weighted: Kappa | None


def agree(
    compared: Iterable[Compared], *, field: str, classes: tuple[str, ...], positive: str, ordered: bool
) -> Agreement:
    """Compare answers with labels; `classes` stand in their order where they are `ordered`."""
    listed = list(compared)
    missing = Counter(candidate.missing for candidate in listed if candidate.missing is not None)
    tables = _tables_by_case(listed, classes)
    table = _add(tables, len(classes))
    answered = sum(map(sum, table))
    right = sum(table[n][n] for n in range(len(classes)))
    silent = missing["abstained"] + missing["error"]
    number_asked = answered + silent
    return Agreement(
        field=field,
        classes=classes,
        positive=positive,
        labelled=len(listed),
        missing=missing,
        confusion=table,
        accuracy=share(right, answered),
        bounds=Bounds(right / number_asked, (right + silent) / number_asked) if number_asked else None,
        scores=tuple(_score(name, n, table) for n, name in enumerate(classes)),
        kappa=_estimate(tables, unweighted(len(classes))),
        weighted=_estimate(tables, linear(len(classes))) if ordered else None,
    )


def _tables_by_case(compared: Sequence[Compared], classes: tuple[str, ...]) -> list[Matrix]:
    """One table for each case, for the candidates of a case are not independent of one another."""
    cells: dict[str, Counter[tuple[str, str]]] = {}
    for candidate in compared:
        if candidate.answer is not None:
            cells.setdefault(candidate.case, Counter())[candidate.label, candidate.answer] += 1
    return [
        tuple(tuple(counts[label, answer] for answer in classes) for label in classes)
        for _, counts in sorted(cells.items())
    ]


def _add(tables: Sequence[Matrix], size: int) -> Matrix:
    if not tables:
        return tuple((0,) * size for _ in range(size))
    return tuple(tuple(map(sum, zip(*rows, strict=True))) for rows in zip(*tables, strict=True))


def _score(name: str, at: int, table: Matrix) -> ClassScore:
    hits = table[at][at]
    given = sum(row[at] for row in table)
    labelled = sum(table[at])
    others = sum(map(sum, table)) - labelled
    return ClassScore(
        name=name,
        precision=share(hits, given),
        recall=share(hits, labelled),
        specificity=share(others - (given - hits), others),
    )


def unweighted(size: int) -> Matrix:
    """Return the costs under which every disagreement counts alike."""
    return tuple(tuple(int(i != j) for j in range(size)) for i in range(size))


def linear(size: int) -> Matrix:
    """Return the costs under which a disagreement counts by the distance of the two classes."""
    return tuple(tuple(abs(i - j) for j in range(size)) for i in range(size))


def kappa(table: Sequence[Sequence[int]], costs: Sequence[Sequence[int]]) -> float | None:
    """Return Cohen's kappa, weighted by the cost of each disagreement; None where chance alone leaves no cost.

    Sources: J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20
    (1960), 37-46; with weights, Psychological Bulletin 70 (1968), 213-220.
    """
    size = range(len(table))
    total = sum(map(sum, table))
    rows = [sum(row) for row in table]
    columns = [sum(row[j] for row in table) for j in size]
    by_chance = sum(costs[i][j] * rows[i] * columns[j] for i in size for j in size)
    seen = sum(costs[i][j] * table[i][j] for i in size for j in size)
    return 1 - total * seen / by_chance if by_chance else None


def _estimate(tables: Sequence[Matrix], costs: Matrix) -> Kappa:
    size = len(costs)
    return Kappa(
        value=kappa(_add(tables, size), costs),
        interval=bootstrap(tables, lambda resample: kappa(_add(resample, size), costs)),
        cases=len(tables),
    )


def bootstrap(
    parts: Sequence[Matrix], statistic: Callable[[Sequence[Matrix]], float | None], *, seed: int = SEED
) -> Bounds | None:
    """Return the 95 % percentile interval of a statistic over resamples of `parts`, the same for the same input.

    None where it cannot be estimated: too few parts, too many resamples without a value, or all alike.

    Sources: B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13; whole cases are drawn,
    C. A. Field and A. H. Welsh, "Bootstrapping clustered data", JRSS B 69 (2007), 369-390.
    """
    rng = random.Random(seed)
    values = []
    for _ in range(RESAMPLES if len(parts) >= MIN_CASES else 0):
        value = statistic(rng.choices(parts, k=len(parts)))
        if value is not None:
            values.append(value)
    values.sort()
    # Without a value in more than one resample of twenty, the tails would be those of the lucky ones.
    if len(values) < 0.95 * RESAMPLES or values[0] == values[-1]:
        return None
    last = len(values) - 1
    return Bounds(values[round(0.025 * last)], values[round(0.975 * last)])
