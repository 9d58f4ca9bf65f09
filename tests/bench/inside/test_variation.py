"""Inputs of which one element changes: what is written to, and what stays consistent."""

import random
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest

from judge.bench.inside.variation import change


@dataclass(frozen=True)
class Request:
    path: str
    size: int
    weight: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", 2 * self.size)


class Point(NamedTuple):
    x: int
    label: str


@pytest.mark.parametrize("seed", range(20))
def test_the_container_stays_and_one_element_changes(seed: int) -> None:
    """What holds the data is the same object at the same address, with one element of other content."""
    data = [3, 1, 4, 1, 5]
    changed, done = change(data, random.Random(seed))
    assert done and changed is data
    assert sum(a != b for a, b in zip(changed, [3, 1, 4, 1, 5], strict=True)) == 1


@pytest.mark.parametrize("seed", range(20))
def test_a_record_is_made_anew_by_its_own_constructor(seed: int) -> None:
    """What a record derives from its fields follows the change: no object that could not be is handed out."""
    data = [Request("/a1", 5), Request("/b2", 7)]
    changed, done = change(data, random.Random(seed))
    assert done and changed is data
    assert sum(a != b for a, b in zip(changed, [Request("/a1", 5), Request("/b2", 7)], strict=True)) == 1
    assert all(request.weight == 2 * request.size for request in changed)


def test_named_tuples_keep_their_type() -> None:
    changed, done = change([Point(1, "ab")], random.Random(1))
    assert done and type(changed[0]) is Point and changed != [Point(1, "ab")]


def test_what_cannot_be_changed_is_said_to_be_unchanged() -> None:
    """Objects whose meaning nobody knows, and empty ones, are left alone."""
    for value in (object(), [], {}, (), "", None, random):
        assert change(value, random.Random(1)) == (value, False)
