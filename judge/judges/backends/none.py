"""The judge that is not there: the logic stays unjudged, and says so."""

from __future__ import annotations

from judge.core.judgement import Judgement, NotAsked
from judge.core.question import Question
from judge.llm.options import JudgingOptions

SPEC = "none"
SCOPE = "the logic was not judged, so nothing here can be a true success"
HELP = "no judge: gates and timing only, so nothing can be a true success"


class NoJudge:
    """Answers that nobody was asked."""

    identity = "none"

    def judge(self, question: Question) -> Judgement:
        """Say that no judge was asked."""
        return NotAsked(reason="no-judge", message="no judge was asked (--judge none)")


def open_judge(argument: str, options: JudgingOptions) -> NoJudge:
    """Return the absent judge."""
    return NoJudge()
