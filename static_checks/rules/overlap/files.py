"""Rule overlap-files."""

from collections.abc import Iterable, Mapping

from judge.static_checks.change.change import Change
from judge.static_checks.change.overlap import Pairing, compare_files, pair_files
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import CannotCheck, Example, Rule
from judge.static_checks.source.paths import is_test


def check(change: Change) -> Iterable[Hit]:
    """Say so when the candidate and the human commit have no source file in common."""
    overlap = compare_files(change.once(_pairing))
    if overlap.human and not overlap.common:
        yield Hit(f"shares no file with the human commit, which changes {_list(overlap.human)}")
    elif overlap.common and all(map(is_test, overlap.common)) and not all(map(is_test, overlap.human)):
        yield Hit(f"shares only tests with the human commit: {_list(overlap.common)}")


def facts(change: Change) -> Mapping[str, object]:
    """Return the files of both sides, all but prose and debris; which of them are tests is said apart."""
    pairing = change.once(_pairing)
    overlap = compare_files(pairing)
    tests = sorted(path for path in {*overlap.candidate, *overlap.human} if is_test(path))
    return {"files": overlap.record | {"tests": tests, "renamed": pairing.renamed}}


def _pairing(change: Change) -> Pairing:
    if change.human is None or not change.human.files:
        raise CannotCheck("the human side could not be applied; correct `human` of the case")
    return pair_files(change.files, change.human.files)


def _list(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(repr(path) for path in paths[:3]) + more


RULE = Rule(
    code="overlap-files",
    gate="overlap",
    summary="The patch shares no source file with the human commit.",
    why="Another way to the same speed may lie in other files, so this rejects nothing; but such a patch is a true "
    "success only if a judge finds the logic there.",
    severity="warn",
    bad=Example(
        before={"hot.py": "x = 1\n", "cold.py": "y = 1\n"}, after={"cold.py": "y = 2\n"}, human={"hot.py": "x = 2\n"}
    ),
    good=Example(
        before={"hot.py": "x = 1\n", "cold.py": "y = 1\n"}, after={"hot.py": "x = 3\n"}, human={"hot.py": "x = 2\n"}
    ),
    check=check,
    facts=facts,
)
