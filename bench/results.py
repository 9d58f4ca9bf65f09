"""Owns what a session returns: per variant what ran or how it broke, and whether outputs agree."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import ClassVar, Literal

Phase = Literal["build", "start", "load", "setup", "experiment", "sample"]
FaultKind = Literal[
    "environment",  # a module that the target's environment lacks
    "not_imported",  # the benchmark runs nothing of the tree
    "raised",  # the target's code raised
    "memory",  # the memory limit was reached
    "exit",  # the process left by itself
    "killed",  # a signal ended it
    "timeout",  # one step took longer than its own limit
    "budget",  # the session's time was over
    "protocol",  # the reply was forged, garbled or too long
    "clock",  # the worker's clock and ours disagree
]


@dataclass(frozen=True, kw_only=True)
class Fork:
    """The samples of one process, in order: for each round the nanoseconds per call of its parts.

    The warm-up round is not among them. Each part is the time of `loops` calls, divided by them.
    """

    ns_per_call: tuple[tuple[float, ...], ...]
    loops: int


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A variant that was timed."""

    status: Literal["ran"] = "ran"
    forks: tuple[Fork, ...]
    mutates_input: bool


@dataclass(frozen=True, kw_only=True)
class Crashed:
    """A variant that gave no usable timing, with the phase and the kind of its fault.

    `module` names what the environment lacks, where that is the fault.
    """

    status: Literal["crashed"] = "crashed"
    phase: Phase
    kind: FaultKind
    message: str
    module: str = ""

    @property
    def cause(self) -> str:
        """The kind of the fault, with the module that is missing: `environment (module X)`."""
        return f"{self.kind} (module {self.module})" if self.module else self.kind


VariantResult = Ran | Crashed


@dataclass(frozen=True, kw_only=True)
class Precision:
    """Errors of two results against float64, relative to the size of the result (root mean squares)."""

    dtype: str
    base_error: float
    error: float
    lost: bool


@dataclass(frozen=True, kw_only=True)
class Same:
    """Outputs that agree, and how that is known."""

    status: Literal["same"] = "same"
    how: Literal["equal", "tolerance", "hash", "digest", "check_equivalence"]


@dataclass(frozen=True, kw_only=True)
class Changed:
    """Outputs that differ: where, as a path into the result, and how."""

    status: Literal["changed"] = "changed"
    where: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Outputs that could not be compared, and why."""

    status: Literal["unknown"] = "unknown"
    reason: str


Outcome = Same | Changed | Unknown


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What a variant spends outside the timed calls; work can be moved there.

    `later_setups_s` are the shortest of each fork's set-ups after the first, which loads what these find.
    """

    import_s: float
    setup_s: float
    later_setups_s: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How many of the watched lines the benchmark runs, of those that hold code.

    `timed` ran in the timed call or define what it uses; `ran` counts set-up as well. `missed` names the first
    few that did not run.
    """

    status: Literal["covered"] = "covered"
    executable: int
    ran: int
    timed: int
    missed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NotCovered:
    """Watched lines of which nobody can say whether they ran, and why."""

    status: Literal["unknown"] = "unknown"
    reason: str


PathCoverage = Coverage | NotCovered


@dataclass(frozen=True, kw_only=True)
class SessionResult:
    """Everything one session measured: raw samples in order, outputs, machine, notes.

    `looks` are the numbers of forks after which the session was to look at its own numbers.
    `result_bytes` are the sizes of results that are one array, else 0.
    `outputs` has no entry for the base, `coverage` only entries for variants with watched lines.
    `costs` has entries only for variants that were set up.
    `precision` has entries for variants whose arrays differ from the base's within the tolerance.
    `varied` are nanoseconds of single calls by fork, each on input of which one element was changed before.
    """

    base: str
    aa_partner: str
    variants: Mapping[str, VariantResult]
    outputs: Mapping[str, Outcome]
    costs: Mapping[str, Costs]
    result_bytes: Mapping[str, int] = field(default_factory=dict)
    machine: Mapping[str, object]
    notes: tuple[str, ...]
    seed: int
    threshold: float
    looks: tuple[int, ...] = ()
    wall_s: float
    coverage: Mapping[str, PathCoverage] = field(default_factory=dict)
    varied: Mapping[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    precision: Mapping[str, Precision] = field(default_factory=dict)

    def record(self) -> dict[str, object]:
        """Return the session as plain values for JSON."""
        return asdict(self)


MOST_NAMES = 100
"""A record names no more failed tests than these."""


@dataclass(frozen=True, kw_only=True)
class SuiteResult:
    """What the test command of the case says: what passed on the base must pass on the candidate."""

    # Read by pydantic, for which this is a part of a record.
    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    status: Literal["pass", "fail", "error", "skipped"] = field(
        metadata={"description": "error: it could not be checked; skipped: it did not matter any more"}
    )
    reason: str
    message: str
    passed: int = field(default=0, metadata={"ge": 0, "description": "tests that pass on base and candidate"})
    failed: tuple[str, ...] = field(
        default=(),
        metadata={"description": f"tests that pass on the base and not on the candidate, at most {MOST_NAMES}"},
    )
