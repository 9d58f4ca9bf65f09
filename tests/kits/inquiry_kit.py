"""Hand-made questions for tests that need no real patch: their text names the units, as the fake server reads them."""

from __future__ import annotations

from judge.llm.inquiry import Inquiry

HUMAN = "for row in rows: total += row.price"
CANDIDATE = "total = sum(row.price for row in rows)"


def make_inquiry(number: int = 0, *, case: str = "case", prefix: int = 0, tokens: int | None = None) -> Inquiry:
    """Make question `number` of a case.

    Args:
        number: another number is another candidate, and another question.
        case: another name is another case.
        prefix: length that the part shared by a case's questions is filled up to, in characters.
        tokens: estimate of the input's tokens; None counts as the fake server does.
    """
    shared = f"Case {case}.\nUnits of the human change:\nU1: shop/cart.py::total\nU2: shop/cart.py::count\n{HUMAN}\n"
    own = f"Candidate {number}:\n+++ b/shop/cart.py\n+    {CANDIDATE}\n"
    return Inquiry(
        pack="kit-1",
        pack_digest="0" * 64,
        system="Compare two changes.",
        shared=shared.ljust(prefix, "."),
        own=own,
        order="human-first",
        units={"U1": "shop/cart.py::total", "U2": "shop/cart.py::count"},
        facts={"F1": "the patch applies"},
        documents={("candidate", "shop/cart.py"): (f"+    {CANDIDATE}",), ("human", "shop/cart.py"): (f"+{HUMAN}",)},
        tokens=tokens or max(len(shared), prefix) // 4 + len(own) // 4,
    )
