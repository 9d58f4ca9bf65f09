"""Owns the check of the worker's clock against ours: pure questions about pairs of times."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from judge.bench.analysis.stats import midmean

FEWEST = 8
_LOST_SHARE = 0.1
_LOST_NS = 300_000
_EVENT_SHARE = 0.01
_EVENT_NS = 2_000
"""Events have a resolution of about 0.5 microseconds (cudaEventElapsedTime) and a clock of their own."""
_HIDDEN_SHARE = 0.1
_HIDDEN_NS = 10_000
"""Waiting for a device takes 5 to 20 microseconds longer than its work; the base's own wait is taken off."""
_SPREADS = 1.5
"""The middle means of two sets of 16 readings differ by more than this many interquartile ranges once in a million."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One sample as the worker claims it and as the parent saw it, in nanoseconds."""

    claimed_ns: int
    wall_ns: int

    @property
    def lost_ns(self) -> int:
        """What the parent saw beyond the claim: the round trip, if the worker is honest."""
        return self.wall_ns - self.claimed_ns


@dataclass(frozen=True, kw_only=True)
class DeviceReading:
    """One sample on a GPU by three clocks, in nanoseconds.

    CUDA events, the host's clock from before the calls until the whole device was idle, and the host's clock with
    all that lies between the calls, which is the flush of the cache.
    """

    event_ns: int
    host_ns: int
    total_ns: int
    calls: int

    def impossible(self) -> str:
        """Say why the three cannot be true: each lies within the next, as far as an event is exact."""
        if self.event_ns > self.host_ns * (1 + _EVENT_SHARE) + _EVENT_NS * self.calls:
            return f"CUDA events claim {self.event_ns} ns, and the host waited {self.host_ns} ns for all of it"
        if self.host_ns > self.total_ns:
            return f"the calls claim {self.host_ns} ns of a sample of {self.total_ns} ns"
        return ""

    @property
    def hidden(self) -> Reading:
        """What a call takes by events against the host's clock."""
        return Reading(claimed_ns=self.event_ns // self.calls, wall_ns=self.host_ns // self.calls)

    @property
    def between(self) -> Reading:
        """What a call takes by the host's clock against all the time for it, the flush included."""
        return Reading(claimed_ns=self.host_ns // self.calls, wall_ns=self.total_ns // self.calls)


def impossible(reading: Reading) -> str:
    """Say why a claim cannot be true: it lies within the parent's wall time, and takes some."""
    if reading.claimed_ns <= 0:
        return f"the sample claims {reading.claimed_ns} ns"
    if reading.claimed_ns > reading.wall_ns:
        return f"the sample claims {reading.claimed_ns} ns, the parent saw {reading.wall_ns} ns"
    return ""


def disagreement(base: Sequence[Reading], other: Sequence[Reading]) -> str:
    """Say why a variant's claims do not fit what the parent saw.

    The base's round trips were taken in the same rounds, so they carry whatever else the machine
    was doing: what they spread is forgiven, and at least a tenth of the claim and 0.3 ms. Both sides are
    taken by their middle halves, so that a few rounds in which something else ran hide no lie.
    """
    lost, claimed = _beyond(base, other, share=_LOST_SHARE, least_ns=_LOST_NS)
    if not lost:
        return ""
    return (
        f"the worker claims {claimed / 1e6:.3g} ms a sample; the parent saw "
        f"{lost / 1e6:.3g} ms more than the round trip that the base needs"
    )


def device_disagreement(base: Sequence[DeviceReading], other: Sequence[DeviceReading]) -> str:
    """Say what a variant does on the GPU that its events do not see, by the measure of the base's own readings.

    Events lie on one stream. Work on another that nobody waits for goes on after the second event, and only the
    wait for the whole device shows it (KernelBench names this hole of `time_execution_with_cuda_event`).
    """
    hidden, claimed = _beyond(
        [reading.hidden for reading in base],
        [reading.hidden for reading in other],
        share=_HIDDEN_SHARE,
        least_ns=_HIDDEN_NS,
    )
    if hidden:
        return (
            f"CUDA events give {claimed / 1e3:.4g} us a call, and the device worked for {hidden / 1e3:.4g} us more "
            "before it was idle: work on a stream that was not waited for"
        )
    theirs, ours = ([reading.between for reading in readings] for readings in (other, base))
    late, claimed = _beyond(ours, theirs, share=_HIDDEN_SHARE, least_ns=_LOST_NS)
    if late:
        return (
            f"a call claims {claimed / 1e3:.4g} us, and {late / 1e3:.4g} us more than on the base went by before the "
            "next one: work that was put off until after the clock"
        )
    if len(ours) >= FEWEST and len(theirs) >= FEWEST:
        usual, taken = (midmean([reading.lost_ns for reading in readings]) for readings in (ours, theirs))
        if taken < usual / 2:
            return (
                f"emptying the cache took {taken / 1e3:.4g} us before a call, on the base {usual / 1e3:.4g} us: "
                "it was kept from being emptied"
            )
    return ""


def _beyond(base: Sequence[Reading], other: Sequence[Reading], *, share: float, least_ns: int) -> tuple[float, float]:
    """Return how much more than with the base goes by beyond the claims, 0 if that can be chance, and the claim."""
    if len(base) < FEWEST or len(other) < FEWEST:
        return 0.0, 0.0
    usual = [reading.lost_ns for reading in base]
    low, _, high = quantiles(usual, n=4)
    claimed = median(reading.claimed_ns for reading in other)
    margin = max(least_ns + share * claimed, _SPREADS * (high - low))
    more = midmean([reading.lost_ns for reading in other]) - midmean(usual)
    return (more if more > margin else 0.0), claimed
