"""Answers that were given elsewhere to questions of ours, found by `custom_id`: as batch results, or by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from judge.core.judgement import Abstained, Judgement, NotAsked, Tokens
from judge.core.question import Question
from judge.errors import UsageError
from judge.llm import voting
from judge.llm.answer import Answer
from judge.llm.answer_reading import read_answer
from judge.llm.inquiry import Inquiry, Questionnaire
from judge.llm.options import JudgingOptions
from judge.llm.questions.questioner import Questioner
from judge.llm.reply import Failure, Reply
from judge.llm.result_lines import is_result_line, question_of, read_result_line

SCOPE = "recorded answers to these very questions, read as a live reply is; nothing new was asked"


@dataclass(frozen=True, kw_only=True)
class Recalled:
    """One answer out of the file."""

    reply: Reply | None
    answer: Answer | None
    failure: Failure | None
    tokens: Tokens = field(default_factory=Tokens)
    cost_usd: float | None = None


class AnswersFile:
    """Where in a file the answer to each question stands; of the answers themselves none is kept in memory."""

    name = "replay"

    def __init__(self, path: Path, places: dict[str, int]) -> None:
        """Serve the lines that begin at `places`, by question."""
        self._path = path
        self._places = places

    @classmethod
    def read(cls, path: Path, lines: Iterable[tuple[str, int, bytes]]) -> AnswersFile:
        """Index the lines of a file, each with its place for messages and the offset at which it begins.

        Raises:
            UsageError: a line is no answer, or the second one to a question.
        """
        places: dict[str, int] = {}
        for place, offset, line in lines:
            try:
                entry = json.loads(line)
            except ValueError as error:
                raise UsageError(f"{place}: not valid JSON: {error}") from error
            if not is_result_line(entry):
                raise UsageError(f"{place}: no answer: it has no `custom_id`")
            question = question_of(entry["custom_id"])
            if question in places:
                raise UsageError(f"{place}: a second answer to {entry['custom_id']}; keep one")
            places[question] = offset
        return cls(path, places)

    async def ask(self, inquiry: Inquiry, sample: int) -> Recalled | voting.Unasked:
        """Return what stands in the file for one sample of a question."""
        offset = self._places.get(question_of(inquiry.custom_id(sample)))
        if offset is None:
            return voting.Unasked(reason="not-recorded", message="the file holds no answer to this very question")
        with self._path.open("rb") as file:
            file.seek(offset)
            reply = read_result_line(json.loads(file.readline()))
        if isinstance(reply, Failure):
            return Recalled(reply=None, answer=None, failure=reply)
        answer = read_answer(reply, inquiry)
        if isinstance(answer, Failure):
            return Recalled(reply=reply, answer=None, failure=answer, tokens=reply.tokens)
        return Recalled(reply=reply, answer=answer, failure=None, tokens=reply.tokens)


class AnswersJudge:
    """Makes the questions as for a live model, and takes the answers from the file."""

    def __init__(self, answers: AnswersFile, options: JudgingOptions, identity: str) -> None:
        """Ask `options.votes` samples of each question; `identity` names the file's content."""
        self._answers = answers
        self._votes = options.votes
        self._questioner = Questioner.open(options)
        self.identity = f"{identity} {self._questioner.identity} {self._votes}"

    def judge(self, question: Question) -> Judgement:
        """Count the recorded answers; one that is missing leaves the candidate unjudged."""
        questions = self._questioner.judge(question)
        if not isinstance(questions, Questionnaire):
            return questions
        judgement = asyncio.run(voting.judge(questions, [self._answers], self._votes))
        if isinstance(judgement, NotAsked):
            return Abstained(judge="replay", scope=SCOPE, reason=judgement.reason, message=judgement.message)
        return judgement.model_copy(update={"scope": f"{SCOPE}; {judgement.scope}"})
