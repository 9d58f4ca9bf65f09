"""Rule overlap-lines."""

from collections.abc import Iterable, Mapping

from judge.static_checks.change.change import Change
from judge.static_checks.change.overlap import changed_lines, pair_files, ratios
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule

Lines = frozenset[tuple[str, int]]


def check(change: Change) -> Iterable[Hit]:
    """Say so when both sides change the base, and no line of it in common."""
    candidate, human = change.once(_lines)
    if candidate and human and not candidate & human:
        yield Hit("changes none of the lines that the human commit changes")


def facts(change: Change) -> Mapping[str, object]:
    """Count the lines of the base that each side removes or inserts next to."""
    candidate, human = change.once(_lines)
    counts = len(candidate), len(human), len(candidate & human)
    return {"lines": dict(zip(("candidate", "human", "common"), counts, strict=True)) | ratios(*counts)}


def _lines(change: Change) -> tuple[Lines, Lines]:
    pairing = pair_files(change.files, change.human.files if change.human else ())
    return changed_lines(pairing.candidate), changed_lines(pairing.human)


_BEFORE = "def hot(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total\n"

RULE = Rule(
    code="overlap-lines",
    gate="overlap",
    summary="The patch changes none of the lines that the human commit changes.",
    why="Lines say least of the three: a rewrite may move them all. Where even the functions differ, they tell a "
    "reader how far apart the two edits lie.",
    severity="info",
    bad=Example(
        before={"a.py": _BEFORE},
        after={"a.py": _BEFORE.replace("return total", "return int(total)")},
        human={"a.py": _BEFORE.replace("total = 0", "total: int = 0")},
    ),
    good=Example(
        before={"a.py": _BEFORE},
        after={"a.py": _BEFORE.replace("total += i", "total = total + i")},
        human={"a.py": _BEFORE.replace("total += i", "total += 1 * i")},
    ),
    check=check,
    facts=facts,
)
