"""The judge that repeats another harness's evaluations of the same patch; what they are worth, `recorded` says."""

from __future__ import annotations

from pathlib import Path

from judge.core.judgement import Judgement
from judge.core.question import Question
from judge.inputs.runs.judgement_file import JudgementIndex, read_recorded_judgements
from judge.judges.stored_judgements import not_recorded
from judge.static_checks.patch.parse import decode


class RecordedJudge:
    """Finds an evaluation again by the human commit and the size of the patch."""

    def __init__(self, path: Path, identity: str) -> None:
        """Read the file.

        Raises:
            UsageError: it has another layout.
        """
        self._index = JudgementIndex(read_recorded_judgements(path))
        self.identity = identity

    def judge(self, question: Question) -> Judgement:
        """Return what was recorded of this patch; several that differ are no judgement."""
        if question.human is None:
            return not_recorded("the case names no human commit to find a recorded evaluation by")
        size = len(question.raw)
        evaluations = self._index.find(question.human, size_bytes=size, size_chars=len(decode(question.raw)))
        if not evaluations:
            return not_recorded("no evaluation of a patch of this size for this commit is recorded")
        if any(evaluation.judgement != evaluations[0].judgement for evaluation in evaluations):
            return not_recorded(f"{len(evaluations)} evaluations of a patch of this size are recorded, and they differ")
        return evaluations[0].judgement
