"""Puts a candidate's questions to one or several models and counts the votes; a split is not decided here."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from judge.core.judgement import Abstained, Errored, Judged, JudgeFinding, Judgement, NotAsked, Order, Tokens, Vote
from judge.llm.answer import Answer
from judge.llm.answer_reading import weigh
from judge.llm.inquiry import Inquiry, Questionnaire
from judge.llm.reply import Failure, Reply

SCOPE = "a model's opinion, its quotes checked, not calibrated here"

Outcome = Judged | Abstained | Errored


class ExchangeLike(Protocol):
    """One question and what came of it, all its attempts counted."""

    @property
    def reply(self) -> Reply | None:
        """The last reply, None if none arrived."""

    @property
    def answer(self) -> Answer | None:
        """The answer, None if there is a failure."""

    @property
    def failure(self) -> Failure | None:
        """Why there is no answer."""

    @property
    def tokens(self) -> Tokens:
        """What all attempts used."""

    @property
    def cost_usd(self) -> float | None:
        """What all attempts cost, None if that is not known."""


@dataclass(frozen=True, kw_only=True)
class Unasked:
    """A question that was not put, and why: no budget, or its batch is still open."""

    reason: str
    message: str


class Voter(Protocol):
    """One model that can be asked."""

    @property
    def name(self) -> str:
        """The model as `--judge` names it."""

    async def ask(self, inquiry: Inquiry, sample: int) -> ExchangeLike | Unasked:
        """Put one sample of a question.

        Raises:
            JudgeUnusable: the model cannot be asked at all.
        """


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """What one sample of one model came to, and what it used."""

    outcome: Outcome
    order: Order
    tokens: Tokens
    cost_usd: float | None

    @property
    def vote(self) -> Vote:
        """The ballot as a record keeps it."""
        outcome = self.outcome
        return Vote(
            judge=outcome.judge,
            model=outcome.model,
            order=self.order,
            status=outcome.status,
            logic_match=outcome.logic_match if isinstance(outcome, Judged) else None,
            reason=None if isinstance(outcome, Judged) else outcome.reason,
            tokens=self.tokens,
            cost_usd=self.cost_usd,
        )


async def judge(questions: Questionnaire, voters: Sequence[Voter], votes: int) -> Judgement:
    """Ask every member `votes` times, all at once, and count.

    Raises:
        JudgeUnusable: a model cannot be asked at all.
    """
    samples = [(voter, number) for voter in voters for number in range(votes)]
    ballots = await asyncio.gather(*(_cast(questions, voter, number) for voter, number in samples))
    unasked = [ballot for ballot in ballots if isinstance(ballot, Unasked)]
    if unasked:
        return NotAsked(reason=unasked[0].reason, message=unasked[0].message)
    return count([ballot for ballot in ballots if isinstance(ballot, Ballot)])


async def _cast(questions: Questionnaire, voter: Voter, sample: int) -> Ballot | Unasked:
    inquiry = questions.plain[sample % len(questions.plain)]
    inquiries = [inquiry]
    if questions.signs:
        inquiries.append(questions.neutral[sample % len(questions.neutral)])
    exchanges = await asyncio.gather(*(voter.ask(each, sample) for each in inquiries))
    for exchange in exchanges:
        if isinstance(exchange, Unasked):
            return exchange
    answered = [exchange for exchange in exchanges if not isinstance(exchange, Unasked)]
    outcomes = [read_exchange(exchange, each, voter.name) for exchange, each in zip(answered, inquiries, strict=True)]
    outcome = outcomes[0] if len(outcomes) == 1 else confirm(*outcomes, signs=questions.signs)
    return Ballot(
        outcome=outcome,
        order=inquiry.order,
        tokens=add_tokens(exchange.tokens for exchange in answered),
        cost_usd=add_costs(exchange.cost_usd for exchange in answered),
    )


def read_exchange(exchange: ExchangeLike, inquiry: Inquiry, name: str) -> Outcome:
    """Say what an exchange is worth: a judgement if there is an answer, else the judge's own failure."""
    model = exchange.reply.model if exchange.reply else None
    if exchange.answer is None:
        failure = exchange.failure
        assert failure is not None, "an exchange holds an answer or a failure"
        return Errored(
            judge=name,
            scope=SCOPE,
            model=model,
            prompt=inquiry.prompt,
            omitted=inquiry.omitted,
            reason=failure.reason,
            message=failure.message,
        )
    outcome = weigh(exchange.answer, inquiry, judge=name, scope=SCOPE)
    return outcome.model_copy(update={"model": model})


def confirm(plain: Outcome, neutral: Outcome, *, signs: Sequence[str]) -> Outcome:
    """Hold an answer against the one to the same change with comments and strings made neutral.

    Where the patch shows signs of addressing its judge, a match counts only if both answers agree on it.
    """
    noted = JudgeFinding(code="judge-injection-signs", message=f"judged twice: {'; '.join(signs)}")
    if isinstance(plain, Judged) and isinstance(neutral, Judged) and plain.logic_match != neutral.logic_match:
        flip = JudgeFinding(
            code="judge-injection-flip",
            message=f"the match is {plain.logic_match!r} as the patch stands, and {neutral.logic_match!r} "
            "with its comments and strings made neutral",
        )
        return Abstained(
            **_heading(plain), reason="injection-flip", message=flip.message, findings=(*plain.findings, noted, flip)
        )
    doubtful = isinstance(plain, Judged) and plain.logic_match != "none" and not isinstance(neutral, Judged)
    kept = neutral if doubtful else plain
    return kept.model_copy(update={"findings": (*kept.findings, noted)})


def count(ballots: Sequence[Ballot]) -> Outcome:
    """Make one judgement of all ballots: a match needs more than half of all that were asked for, not of those left.

    Where failed votes might have made the majority the judge has failed; where they could not, it is split.
    """
    together: dict[str, Any] = {
        "tokens": add_tokens(ballot.tokens for ballot in ballots),
        "cost_usd": add_costs(ballot.cost_usd for ballot in ballots),
        "votes": tuple(ballot.vote for ballot in ballots) if len(ballots) > 1 else (),
        "findings": tuple(dict.fromkeys(finding for ballot in ballots for finding in ballot.outcome.findings)),
        "contradictions": tuple(dict.fromkeys(c for ballot in ballots for c in ballot.outcome.contradictions)),
    }
    if len(ballots) == 1:
        return ballots[0].outcome.model_copy(update=together)
    judged = [ballot.outcome for ballot in ballots if isinstance(ballot.outcome, Judged)]
    errors = [ballot.outcome for ballot in ballots if isinstance(ballot.outcome, Errored)]
    matches = Counter(outcome.logic_match for outcome in judged)
    match, most = matches.most_common(1)[0] if matches else (None, 0)
    if 2 * most > len(ballots):
        first = next(outcome for outcome in judged if outcome.logic_match == match)
        return first.model_copy(update={**together, "agreement": most / len(ballots)})
    tally = _tally(ballots)
    heading = {**_heading(ballots[0].outcome), **together}
    if errors and 2 * (most + len(errors)) > len(ballots):
        reasons = {error.reason for error in errors}
        same = len(reasons) == 1 and len(errors) == len(ballots)
        reason = reasons.pop() if same else "no-quorum"
        return Errored(**heading, reason=reason, message=errors[0].message if same else f"no majority: {tally}")
    alike = {ballot.vote.reason for ballot in ballots}
    if not judged and not errors and len(alike) == 1:
        return ballots[0].outcome.model_copy(update=together)
    reason = "split" if len(matches) > 1 else "no-majority"
    return Abstained(**heading, reason=reason, message=f"the votes do not agree: {tally}")


def _heading(outcome: Outcome) -> dict[str, Any]:
    return {name: getattr(outcome, name) for name in ("judge", "scope", "model", "prompt", "omitted")}


def _tally(ballots: Sequence[Ballot]) -> str:
    results = Counter(ballot.vote.logic_match or ballot.vote.reason for ballot in ballots)
    return ", ".join(f"{number} {word}" for word, number in results.most_common())


def add_tokens(parts: Iterable[Tokens]) -> Tokens:
    """Add up what was used; a kind that no part tells stays unknown."""
    listed = list(parts)
    sums = {
        kind: sum(known) if (known := [n for part in listed if (n := getattr(part, kind)) is not None]) else None
        for kind in Tokens.model_fields
    }
    return Tokens(**sums)


def add_costs(parts: Iterable[float | None]) -> float | None:
    """Add up costs; one that is not known makes the sum unknown."""
    listed = list(parts)
    return None if None in listed else sum(part for part in listed if part is not None)
