"""The offline judge: it proves that an edit is the human's own, or abstains. It cannot see merit."""

from __future__ import annotations

from judge.core.judgement import Abstained, Judged, Judgement, Unit
from judge.core.question import Question
from judge.llm.options import JudgingOptions
from judge.static_checks.change.equivalence import Different, Identical, NoChange, compare_edits

SPEC = "structural"
SCOPE = "it proves an identical edit or abstains; only an LLM judge or a person can settle the rest"
HELP = "offline: proves an identical edit or abstains (the default)"

_NAME = "structural"
_PROOF = "proves an identical edit, comments and local names aside; says nothing of other edits"


class StructuralJudge:
    """Compares the two edits as code."""

    identity = "structural-1"

    def judge(self, question: Question) -> Judgement:
        """Judge an identical edit as a match and no change at all as none; abstain otherwise."""
        if question.human_patch is None:
            return Abstained(
                judge=_NAME,
                scope=_PROOF,
                reason="no-human-side",
                message="the case has no human change to compare with",
            )
        match compare_edits(question.files, question.human_files):
            case Identical(units=units):
                covered = tuple(Unit(unit=unit, coverage="covered", why="identical edit") for unit in units)
                return Judged(
                    judge=_NAME,
                    scope="identical edit",
                    logic_match="full",
                    completeness=1.0,
                    bottleneck="same",
                    units=covered,
                )
            case NoChange():
                return Judged(
                    judge=_NAME, scope="no code changed", logic_match="none", completeness=0.0, bottleneck="none"
                )
            case Different(facts=facts):
                return Abstained(
                    judge=_NAME,
                    scope=_PROOF,
                    reason="needs-llm",
                    message="another edit: needs an LLM judge",
                    facts=facts,
                )


def open_judge(argument: str, options: JudgingOptions) -> StructuralJudge:
    """Return the offline judge."""
    return StructuralJudge()
