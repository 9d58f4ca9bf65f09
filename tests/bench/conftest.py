"""Builds small source trees and times them with quick options."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import pytest
from timing_kit import BENCHMARK, Bench, undisturbed

from judge.bench import Benchmark, Options, SessionResult, Variant, measure

NOTHING_MATTERS = 1e14
"""A threshold within which any ratio is neutral."""


@pytest.fixture
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
    """Return a function that times library sources, by variant name, with quick options.

    In a test marked `one_look` no difference matters, so that a session is over when it looks at its numbers first.
    """
    one_look = {"threshold": NOTHING_MATTERS} if request.node.get_closest_marker("one_look") else {}

    def run(
        sources: Mapping[str, str],
        *,
        benchmark: str = BENCHMARK,
        progress: Callable[[str], None] | None = None,
        watched: Mapping[str, frozenset[int]] | None = None,
        benchmark_is: Benchmark | None = None,
        but_for: Collection[str] = (),
        **changes: object,
    ) -> SessionResult:
        variants = []
        for name, source in sources.items():
            tree = tmp_path / "trees" / name
            tree.mkdir(parents=True, exist_ok=True)
            (tree / "library.py").write_text(source, encoding="utf-8")
            lines = watched if watched and name == "candidate" else {}
            variants.append(Variant(name=name, tree=tree, watched=lines))
        path = tmp_path / "benchmark.py"
        path.write_text(benchmark, encoding="utf-8")
        values: dict[str, object] = {
            "benchmark": benchmark_is or path,
            "forks": 2,
            "min_rounds": 6,
            "max_rounds": 6,
            "sample_s": 0.001,
            "seed": 7,
            "budget_s": 60.0,  # beside busy neighbours; a session with so few forks ends long before
        }
        options = Options(**(values | one_look | changes))  # type: ignore[arg-type]  # quick keyword sets
        return undisturbed(lambda: measure(variants, options, progress=progress), but_for=but_for)

    return run
