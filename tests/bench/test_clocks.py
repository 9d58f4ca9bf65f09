from judge.bench.clocks import Reading, disagreement, impossible

MS = 1_000_000


def reading(claimed_ms: float, wall_ms: float) -> Reading:
    return Reading(claimed_ns=round(claimed_ms * MS), wall_ns=round(wall_ms * MS))


HONEST = [reading(4.9, 5 + 0.01 * number) for number in range(24)]
BUSY = [reading(4.9, 5 + number) for number in range(24)]


def test_impossible_claims() -> None:
    """A sample takes some time, and not more than the parent waited for it."""
    assert impossible(reading(0, 5))
    assert impossible(reading(6, 5))
    assert not impossible(reading(4.9, 5))


def test_a_variant_that_claims_less_than_was_seen() -> None:
    """Under-reporting is found, also when only some of the samples lie."""
    liar = [reading(2, 5)] * 24
    assert disagreement(HONEST, liar)
    assert disagreement(HONEST, liar[:14] + HONEST[:10])
    assert not disagreement(HONEST, HONEST)


def test_a_busy_machine_is_no_lie() -> None:
    """What the base's round trips show as well is the machine, not the variant."""
    assert not disagreement(BUSY, BUSY[::-1])
    assert not disagreement(BUSY, [reading(1, 1 + number) for number in range(24)])


def test_few_readings_accuse_nobody() -> None:
    """Below a handful of samples the clocks cannot be compared."""
    assert not disagreement(HONEST[:4], [reading(1, 5)] * 4)
