"""Counting votes: a majority of all that were asked for, or nothing; and what two readings of one patch are worth."""

from __future__ import annotations

import itertools

import pytest

from judge.core.judgement import Abstained, Errored, Judged, LogicMatch, Tokens
from judge.llm.voting import Ballot, Outcome, add_costs, add_tokens, confirm, count

BOTTLENECKS = {"full": "same", "partial": "same", "none": "other"}


def judged(match: LogicMatch) -> Judged:
    return Judged(judge="m", scope="s", logic_match=match, completeness=0.5, bottleneck=BOTTLENECKS[match])  # type: ignore[arg-type]


def failed(reason: str = "refusal") -> Errored:
    return Errored(judge="m", scope="s", reason=reason, message="it did not answer")


def unsure(reason: str = "unclear") -> Abstained:
    return Abstained(judge="m", scope="s", reason=reason, message="it does not know")


OUTCOMES: dict[str, Outcome] = {
    "full": judged("full"),
    "partial": judged("partial"),
    "none": judged("none"),
    "error": failed(),
    "unsure": unsure(),
}


def ballots(*names: str) -> list[Ballot]:
    return [
        Ballot(outcome=OUTCOMES[name], order="human-first", tokens=Tokens(input=10, output=1), cost_usd=0.5)
        for name in names
    ]


def word(outcome: Outcome) -> str:
    return outcome.logic_match if isinstance(outcome, Judged) else f"{outcome.status}:{outcome.reason}"


@pytest.mark.parametrize(
    ("cast", "expected"),
    [
        (["full"], "full"),
        (["error"], "error:refusal"),
        (["unsure"], "abstained:unclear"),
        (["full", "full", "none"], "full"),
        (["full", "full", "error"], "full"),
        (["full", "none"], "abstained:split"),
        (["full", "partial", "none"], "abstained:split"),
        (["full", "unsure"], "abstained:no-majority"),
        (["unsure", "unsure"], "abstained:unclear"),
        (["full", "error"], "error:no-quorum"),
        (["full", "error", "error"], "error:no-quorum"),
        (["full", "none", "error"], "error:no-quorum"),
        (["error", "error", "error"], "error:refusal"),
        (["full", "none", "unsure", "unsure", "unsure"], "abstained:split"),
        (["full", "full", "none", "none"], "abstained:split"),
    ],
)
def test_votes_are_counted_over_all_that_were_asked(cast: list[str], expected: str) -> None:
    """A failed vote never vanishes from the count, and a tie or split is no judgement."""
    assert word(count(ballots(*cast))) == expected


def test_no_combination_makes_a_match_without_a_majority() -> None:
    """Over every set of up to five votes: a judgement needs more than half, and what was spent is always counted."""
    for size in range(1, 6):
        for cast in itertools.combinations_with_replacement(OUTCOMES, size):
            outcome = count(ballots(*cast))
            if isinstance(outcome, Judged):
                assert 2 * cast.count(outcome.logic_match) > size, cast
                assert size == 1 or outcome.agreement == cast.count(outcome.logic_match) / size
            else:
                assert not any(2 * cast.count(match) > size for match in ("full", "partial", "none")), cast
            assert (outcome.cost_usd, outcome.tokens) == (0.5 * size, Tokens(input=10 * size, output=size))
            assert len(outcome.votes) == (size if size > 1 else 0)


def test_order_of_the_votes_does_not_matter() -> None:
    """The same votes in another order come to the same judgement."""
    for cast in itertools.combinations_with_replacement(OUTCOMES, 4):
        assert len({word(count(ballots(*other))) for other in itertools.permutations(cast)}) == 1


def test_a_cost_that_is_not_known_is_not_zero() -> None:
    """One unknown price makes the sum unknown; unknown kinds of tokens stay unknown."""
    assert add_costs([0.1, None]) is None
    assert add_tokens([Tokens(input=1), Tokens(input=2, output=3)]) == Tokens(input=3, output=3)


@pytest.mark.parametrize("match", ["full", "partial", "none"])
def test_a_flip_under_neutral_text_is_a_finding_and_no_match(match: LogicMatch) -> None:
    """Where comments and strings change the answer, nothing was judged, and the finding says what flipped."""
    other: LogicMatch = "none" if match != "none" else "full"
    outcome = confirm(judged(match), judged(other), signs=["a comment speaks to the judge"])
    assert isinstance(outcome, Abstained) and outcome.reason == "injection-flip"
    assert [finding.code for finding in outcome.findings] == ["judge-injection-signs", "judge-injection-flip"]
    assert repr(match) in outcome.message and repr(other) in outcome.message


@pytest.mark.parametrize("neutral", [failed("timeout"), unsure()])
def test_a_match_that_could_not_be_confirmed_does_not_stand(neutral: Outcome) -> None:
    """With signs of injection, a match counts only if the second reading gives it too; a mismatch stands."""
    assert word(confirm(judged("full"), neutral, signs=["s"])) == word(neutral)
    assert word(confirm(judged("none"), neutral, signs=["s"])) == "none"
    assert word(confirm(judged("full"), judged("full"), signs=["s"])) == "full"
    assert word(confirm(failed(), judged("full"), signs=["s"])) == "error:refusal"
