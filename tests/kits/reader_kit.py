"""Models for the fake server that really read the question: they quote what stands there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fake_replies import Answer, Request, make_answer, unit_ids

_DOCUMENT = re.compile(r"(?ms)^BEGIN ([0-9a-f]+) ([A-Z])\d+ .*?\n(.*?)^END \1$")
_SIDES: Mapping[str, str] = {"candidate": "C", "human": "H"}


def quote(user: str, side: str) -> list[dict[str, str]]:
    """Quote the first changed line of the candidate's or the human's change that says something."""
    for letter, text in ((document[2], document[3]) for document in _DOCUMENT.finditer(user)):
        if letter != _SIDES[side]:
            continue
        file = ""
        for line in text.split("\n"):
            if line.startswith("= ") and not file:
                file = line[2:]
            elif line[:1] in ("+", "-") and len(line.strip()) > 12:
                return [{"side": side, "file": file, "text": line[1:].strip()}]
    return []


def reader(coverage: str = "covered", bottleneck: str = "same") -> Answer:
    """Return a model that says the same of every unit, with a quote that holds."""

    def answer(request: Request) -> dict[str, Any]:
        side = "human" if coverage == "missing" else "candidate"
        reply = make_answer(unit_ids(request.user), coverage=coverage, quotes=quote(request.user, side))
        return {**reply, "bottleneck": bottleneck, "bottleneck_quotes": quote(request.user, "candidate")}

    return answer


def gullible(*words: str) -> Answer:
    """Return a model that finds all covered where one of `words` stands in the question, and missing elsewhere."""

    def answer(request: Request) -> Any:
        taken_in = any(word in request.user for word in words)
        return reader()(request) if taken_in else reader("missing", "other")(request)

    return answer
