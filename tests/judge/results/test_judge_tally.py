"""What became of the judge over a run, in numbers and in words."""

from __future__ import annotations

from judge.core.judgement import Abstained, Errored, Judged, Judgement, NotAsked, Tokens
from judge.results.judge_tally import tally, tally_lines


def judged(cost: float | None) -> Judged:
    tokens = Tokens(input=1000, cached=400, output=100, reasoning=60)
    return Judged(
        judge="m", scope="s", logic_match="full", completeness=1, bottleneck="same", tokens=tokens, cost_usd=cost
    )


STOPPED = NotAsked(reason="gates-failed", message="m")
REPLIES: list[Judgement] = [
    judged(0.02),
    judged(0.04),
    Errored(judge="m", scope="s", reason="truncated", message="m", tokens=Tokens(input=1000), cost_usd=0.03),
    Abstained(judge="m", scope="s", reason="split", message="m"),
    STOPPED,
    STOPPED,
    NotAsked(reason="max-cost", message="m"),
]


def test_a_failed_judgement_is_paid_for_and_counted() -> None:
    """Errors keep their cost; what the gates stopped is worth the mean cost of those that were asked."""
    counts = tally(REPLIES)
    assert (counts.judged, counts.stopped, dict(counts.errored), dict(counts.waiting)) == (
        2,
        2,
        {"truncated": 1},
        {"max-cost": 1},
    )
    assert (counts.cost_usd, counts.saved_usd) == (0.09, 0.06)
    assert counts.tokens == Tokens(input=3000, cached=800, output=200, reasoning=120)


def test_an_unknown_price_is_not_zero() -> None:
    """One judgement of unknown cost leaves the sum and the savings unknown."""
    counts = tally([judged(None), judged(0.02), STOPPED])
    assert (counts.cost_usd, counts.saved_usd) == (None, None)
    assert "cost not known" in "\n".join(tally_lines(counts))


def test_in_words() -> None:
    """Every group and its reasons is named, and the money is told."""
    lines = tally_lines(tally(REPLIES))
    assert lines[0] == (
        "judged 2, abstained 1 (split 1), judge error 1 (truncated 1), not asked 1 (max-cost 1), "
        "stopped by the gates 2 (about $0.0600 saved)"
    )
    assert lines[1] == "3,000 tokens in (800 cached), 200 out (120 reasoning), $0.0900 in all"


def test_a_judge_that_uses_nothing_is_one_line() -> None:
    """Without a model there is nothing to tell of tokens and money."""
    assert tally_lines(tally([STOPPED])) == ["judged 0, stopped by the gates 1"]
