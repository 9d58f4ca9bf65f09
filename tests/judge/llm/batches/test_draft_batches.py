"""Lines go into as few batches as a provider's limits allow, in order, none lost, each named by its batch."""

from __future__ import annotations

import json
from itertools import pairwise
from types import SimpleNamespace
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from judge.llm.batches.batch_ledger import mark
from judge.llm.batches.draft_batches import DraftBatch, DraftBatches
from judge.llm.calls.spending_limit import Reservation
from judge.llm.providers.batch_api import BatchApi


def fill(sizes: list[int], most_requests: int, most_bytes: int) -> list[tuple[DraftBatch, list[bytes]]]:
    """Put lines with bodies of these sizes into batches, and read them back."""
    limits = SimpleNamespace(MOST_REQUESTS=most_requests, MOST_BYTES=most_bytes)
    drafts = DraftBatches(cast(BatchApi, limits))
    for number, size in enumerate(sizes):
        drafts.add(
            {"custom_id": "", "body": "x" * size},
            key=f"key {number}",
            number=1,
            question=f"{number:064d}",
            max_output_tokens=10,
            reserved=Reservation(worst=1.0),
        )
    return [(draft, list(draft.lines())) for draft in drafts.take()]


@given(
    sizes=st.lists(st.integers(0, 400), max_size=30), most_requests=st.integers(1, 5), most_bytes=st.integers(300, 1500)
)
def test_limits_are_kept_and_nothing_is_lost(sizes: list[int], most_requests: int, most_bytes: int) -> None:
    """No batch is over a limit unless a single line is; all lines are there, in order, and no batch is empty."""
    filled = fill(sizes, most_requests, most_bytes)
    assert [len(json.loads(line)["body"]) for _, lines in filled for line in lines] == sizes
    for draft, lines in filled:
        assert 1 <= len(lines) <= most_requests
        assert sum(len(line) + 1 for line in lines) == draft.size
        assert draft.size <= most_bytes or len(lines) == 1
        assert draft.worst_usd == len(lines)


@given(sizes=st.lists(st.integers(0, 400), min_size=1, max_size=30))
def test_no_more_batches_than_needed(sizes: list[int]) -> None:
    """A batch is closed only when the next line does not fit."""
    filled = fill(sizes, 4, 1200)
    for (draft, lines), (_, after) in pairwise(filled):
        assert len(lines) == 4 or draft.size + len(after[0]) + 1 > 1200


def test_a_line_bears_the_mark_of_its_batch() -> None:
    """The name begins with the batch's mark and goes on with the question's; it is as long as providers allow."""
    for draft, lines in fill([1, 1, 1], 2, 10_000):
        for item, line in zip(draft.items, lines, strict=True):
            name = json.loads(line)["custom_id"]
            assert name == item.custom_id
            assert (name[:13], name[13:], len(name)) == (f"{mark(draft.intent)}-", item.question[:51], 64)
