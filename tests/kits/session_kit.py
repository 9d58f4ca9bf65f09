"""Sessions made up of chosen numbers, for the tests of what is concluded from them."""

from __future__ import annotations

from judge.bench import Fork, Ran, SessionResult


def ran(*, ns: float, rounds: int = 5, forks: int = 12, rare: float = 1.0) -> Ran:
    """Make a variant of steady calls, of which one part in eight is `rare` times as long."""
    spread = [1 + 0.0005 * ((7 * n) % 5 - 2) for n in range(rounds)]
    fork = [tuple(ns * f * (rare if part == 7 else 1) for part in range(8)) for f in spread]
    tilts = [1 + 0.001 * ((5 * n) % 7 - 3) for n in range(forks)]
    made = (Fork(ns_per_call=tuple(tuple(t * tilt for t in parts) for parts in fork), loops=1) for tilt in tilts)
    return Ran(forks=tuple(made), mutates_input=False)


def session(candidate: Ran, *, base_ns: float = 50_000, human: Ran | None = None) -> SessionResult:
    """Make a session of a base, its copy, a candidate and perhaps the human side; `replace` changes the rest."""
    variants = {"base": ran(ns=base_ns), "base (A/A)": ran(ns=base_ns), "candidate": candidate}
    return SessionResult(
        base="base",
        aa_partner="base (A/A)",
        variants=variants | ({"human": human} if human else {}),
        outputs={},
        costs={},
        machine={"device": "cpu"},
        notes=(),
        seed=1,
        threshold=1.01,
        wall_s=1.0,
    )
