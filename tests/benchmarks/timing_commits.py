"""Five real performance commits of two libraries: the interval of each, and of its reverse.

    python tests/benchmarks/timing_commits.py --sqlparse PATH --tomli PATH

The paths are git repositories (bare ones will do): github.com/andialbrecht/sqlparse and
github.com/hukkin/tomli. The reverse is measured in a session of its own, so the product of the two
ratios says how well both agree: 1 if they mirror each other exactly.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from judge.bench import Comparison, Measured, Options, Same, SessionResult, Variant, compare, fingerprint, measure
from judge.commands.bench import prepared

SQL = """
import sqlparse
def setup():
    columns = ", ".join("t%d.column_%d AS c%d" % (n % 3, n, n) for n in range(12))
    return "SELECT " + columns + " FROM t0 JOIN t1 ON t0.id = t1.id WHERE t0.a IN (1, 2) AND (t1.b = 'x' OR t2.c < 5)"
def experiment(sql):
    return [str(statement) for statement in sqlparse.parse(sql)]
"""
TOML = """
import tomli
def setup():
    lines = ['title = "a document"', "enabled = true"]
    for n in range(15):
        lines += ["[section.part%d]" % n, "count = %d" % n, 'name = "value %d"' % n, "ratio = %d.25" % n]
        lines += ['list = ["one", "two", "three"]', "when = 1979-05-27T07:32:00Z", "inner = { x = 1, y = 'b' }"]
    return "\\n".join(lines) + "\\n"
def experiment(text):
    return tomli.loads(text)
"""


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A human performance commit, and what to time it by."""

    library: str
    revision: str
    title: str
    benchmark: str


COMMITS = (
    Commit(library="sqlparse", revision="012c9f1", title="Optimize sqlparse.utils.imt()", benchmark=SQL),
    Commit(library="sqlparse", revision="a3e19f1", title="Don't make slice copies in _token_matching()", benchmark=SQL),
    Commit(library="tomli", revision="809a8ae", title="Slightly speed up common cases", benchmark=TOML),
    Commit(library="tomli", revision="05fafa5", title="Defer two error checks", benchmark=TOML),
    Commit(library="tomli", revision="1852743", title="Move src and pos out of State", benchmark=TOML),
)


def timed(
    folder: Path, repo: Path, base: str, candidate: str, commit: Commit, seconds: float
) -> tuple[SessionResult, Comparison]:
    """Time two revisions."""
    benchmark = folder / "benchmark.py"
    benchmark.write_text(commit.benchmark, encoding="utf-8")
    with prepared(base, [candidate], repo) as variants:
        named = [Variant(name=name, tree=v.tree) for name, v in zip(("base", "candidate"), variants, strict=True)]
        session = measure(named, Options(benchmark=benchmark, budget_s=seconds))
    return session, compare(session)


def shown(comparison: Comparison) -> str:
    if not isinstance(comparison, Measured):
        return comparison.reason
    return f"{comparison.speedup:.3f} [{comparison.ci[0]:.3f}, {comparison.ci[1]:.3f}] {comparison.status}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sqlparse", type=Path, required=True)
    parser.add_argument("--tomli", type=Path, required=True)
    parser.add_argument("--budget", type=float, default=40.0, help="most seconds for each session")
    repos = vars(options := parser.parse_args())
    print(f"{fingerprint().get('cpu')}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    broken = 0
    for commit in COMMITS:
        with tempfile.TemporaryDirectory() as name:
            before = f"{commit.revision}^"
            session, human = timed(Path(name), repos[commit.library], before, commit.revision, commit, options.budget)
            _, reverse = timed(Path(name), repos[commit.library], commit.revision, before, commit, options.budget)
        same = isinstance(session.outputs.get("candidate"), Same)
        print(f"{commit.library} {commit.revision[:7]} {commit.title}")
        print(f"  human    {shown(human)}; outputs {'same' if same else 'NOT SHOWN SAME'}")
        print(f"  reversed {shown(reverse)}")
        if isinstance(human, Measured) and isinstance(reverse, Measured):
            product = human.speedup * reverse.speedup
            half = math.hypot(*(math.log(side.ci[1] / side.ci[0]) / 2 for side in (human, reverse)))
            print(f"  product  {product:.3f} (1 within {math.expm1(half):.3f})", flush=True)
        else:
            broken += 1
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
