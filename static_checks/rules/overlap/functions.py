"""Rule overlap-functions."""

from collections.abc import Iterable, Mapping

from judge.static_checks.change.change import Change
from judge.static_checks.change.overlap import Overlap, compare_files, compare_sets, pair_files, touched_definitions
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule


def check(change: Change) -> Iterable[Hit]:
    """Say so when both sides change one file, but no function or class of it in common."""
    overlap, _, same_file = change.once(_compare)
    if same_file and overlap.candidate and overlap.human and not overlap.common:
        yield Hit("changes none of the functions and classes that the human commit changes")


def facts(change: Change) -> Mapping[str, object]:
    """Return the definitions both sides touch, and the files in which none could be told."""
    overlap, not_compared, _ = change.once(_compare)
    return {"functions": overlap.record | {"not_compared": not_compared}}


def _compare(change: Change) -> tuple[Overlap, dict[str, str], bool]:
    pairing = pair_files(change.files, change.human.files if change.human else ())
    candidate, human = touched_definitions(pairing.candidate), touched_definitions(pairing.human)
    not_compared = {**candidate.not_compared, **human.not_compared}
    return compare_sets(candidate.names, human.names), not_compared, bool(compare_files(pairing).common)


_BEFORE = "def hot(n):\n    return [i for i in range(n)]\n\n\ndef cold(n):\n    return n\n"

RULE = Rule(
    code="overlap-functions",
    gate="overlap",
    summary="The patch shares a file with the human commit, but no function or class.",
    why="Which definitions both sides touch tells a reader where to look first. Python only: the files of other "
    "languages are listed as not compared.",
    severity="info",
    bad=Example(
        before={"a.py": _BEFORE},
        after={"a.py": _BEFORE.replace("return n\n", "return n + 0\n")},
        human={"a.py": _BEFORE.replace("[i for i in range(n)]", "list(range(n))")},
    ),
    good=Example(
        before={"a.py": _BEFORE},
        after={"a.py": _BEFORE.replace("[i for i in range(n)]", "[*range(n)]")},
        human={"a.py": _BEFORE.replace("[i for i in range(n)]", "list(range(n))")},
    ),
    check=check,
    facts=facts,
)
