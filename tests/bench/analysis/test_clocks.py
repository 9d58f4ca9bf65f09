from judge.bench.analysis.clocks import DeviceReading, Reading, device_disagreement, disagreement, impossible

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


US = 1_000


def device(event_us: float, host_us: float, total_us: int = 600) -> DeviceReading:
    return DeviceReading(event_ns=round(event_us * US), host_ns=round(host_us * US), total_ns=total_us * US, calls=1)


WAITED = [device(400, 415 + number % 5) for number in range(24)]


def test_work_on_a_stream_that_was_not_waited_for() -> None:
    """Events that miss work are found by the wait for the whole device, and only beyond what the base shows too."""
    assert "not waited for" in device_disagreement(WAITED, [device(5, 420)] * 24)
    assert "not waited for" in device_disagreement(WAITED, [device(380, 480)] * 24)
    assert not device_disagreement(WAITED, WAITED)
    assert not device_disagreement(WAITED, [device(5, 20, 205)] * 24), "a fast kernel with the same wait"
    noisy = [device(400, 415 + 40 * number, 1600) for number in range(24)]
    assert not device_disagreement(noisy, [device(200, 300 + 40 * number, 1485) for number in range(24)])
    assert not device_disagreement(WAITED[:4], [device(5, 420)] * 24), "too few to accuse anybody"


def test_work_put_off_until_after_the_clock_and_a_flush_that_did_not_run() -> None:
    """What goes by between two calls is the flush of the cache, for a variant as for the base."""
    assert "put off" in device_disagreement(WAITED, [device(5, 20, 900)] * 24)
    assert "kept from being emptied" in device_disagreement(WAITED, [device(400, 416, 440)] * 24)


def test_impossible_events() -> None:
    """An event lies within the host's time, as far as it is exact, and that within the whole sample."""
    assert device(500, 400).impossible()
    assert device(400, 700, 600).impossible()
    assert not device(401, 400).impossible()
