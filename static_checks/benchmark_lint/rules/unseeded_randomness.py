"""Lint rule unseeded-randomness."""

import re
from collections.abc import Iterable

from judge.static_checks.benchmark_lint.lint_rule import LintHit, LintRule
from judge.static_checks.benchmark_lint.script import Script

_SEEDS = frozenset({"seed", "manual_seed", "manual_seed_all", "set_seed", "seed_everything", "seed_all"})
_GLOBAL = re.compile(
    r"random\.(random|randint|randrange|uniform|gauss|choice|choices|shuffle|sample|getrandbits|betavariate)"
    r"|numpy\.random\.(?!default_rng|Generator|RandomState|SeedSequence|seed)\w+"
    r"|torch\.(rand|randn|randint|randperm|rand_like|randn_like|randint_like|normal|bernoulli|multinomial)"
)
_OWN = frozenset({"random.Random", "numpy.random.default_rng", "numpy.random.RandomState"})
_SYSTEM = frozenset({"os.urandom", "random.SystemRandom", "uuid.uuid4"})


def check(script: Script) -> Iterable[LintHit]:
    """Find the first use of a global generator that nothing seeds, and every generator made without a seed."""
    calls = list(script.calls())
    seeded = any(name.rpartition(".")[2] in _SEEDS for _, name in calls)
    first = next((call for call, name in calls if _GLOBAL.fullmatch(name)), None)
    if first is not None and not seeded:
        yield LintHit(first, "draws random data that nothing seeds; seed it at the start of setup()")
    for call, name in calls:
        if (name in _OWN and not call.args) or name in _SYSTEM:
            yield LintHit(call, f"{name} without a seed gives other data in each process; pass a seed")


RULE = LintRule(
    code="unseeded-randomness",
    summary="The benchmark's data is random and not seeded.",
    why="Other data on each side is another amount of work on each side, and outputs cannot be compared. We seed the "
    "global generators of random, numpy and torch alike on all sides, but nobody else who runs the script does, "
    "and generators of its own we cannot reach.",
    bad="""\
import numpy as np
from package import work

def setup():
    return np.random.default_rng().normal(size=1000)

def experiment(data):
    return work(data)
""",
    good="""\
import numpy as np
from package import work

def setup():
    return np.random.default_rng(42).normal(size=1000)

def experiment(data):
    return work(data)
""",
    check=check,
)
