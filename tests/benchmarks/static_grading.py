"""Measures the static gates on real patches: speed cold and resumed, memory, and the usual way in the same run.

Grades the 615 non-empty patches of the corpus with `judge.grade`, all gates on, judge and timing off,
and then does to every tenth of them what harnesses do for each patch: `git worktree add`, `git apply`,
parse the touched Python files, `git worktree remove`. The worktrees hang on temporary shared clones
(made before the clock starts); the source repositories are only read.

    python tests/benchmarks/static_grading.py              # about three minutes on two cores
    python tests/benchmarks/static_grading.py --every 1    # the usual way on all patches: ten minutes

Needs the corpus and its two repositories; `tests/kits/corpus_kit.py` says where they are looked for.
"""

from __future__ import annotations

import argparse
import ast
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import libcst
from rich.console import Console
from rich.table import Table

from judge.inputs.batch import Defaults
from judge.pipeline import GradeOptions, grade

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kits"))
from corpus_kit import Corpus, CorpusAbsent, CorpusRun, find_corpus

GIT_TIMEOUT_S = 300.0
SAMPLE_S = 0.05
CLOCK = time.perf_counter


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: what was done to how many patches, how long it took in all, and the processors' time."""

    name: str
    patches: int
    seconds: float
    cpu: float = 0.0

    @property
    def each_ms(self) -> float:
        return 1e3 * self.seconds / self.patches


@dataclass(kw_only=True)
class Usual:
    """Seconds spent on each step of the usual way, over all patches of the sample."""

    patches: int = 0
    worktree: float = 0.0
    apply: float = 0.0
    builtin: float = 0.0
    libcst: float = 0.0

    @property
    def rows(self) -> list[Row]:
        steps = (
            ("  git worktree", self.worktree),
            ("  git apply", self.apply),
            ("  ast.parse", self.builtin),
            ("  libcst", self.libcst),
            ("usual, ast", self.worktree + self.apply + self.builtin),
            ("usual, libcst", self.worktree + self.apply + self.libcst),
        )
        return [Row(name=name, patches=self.patches, seconds=seconds) for name, seconds in steps]


@dataclass
class Memory:
    """Samples the resident memory of this process and all below it while it is open.

    The sum counts pages that processes share more than once, so it errs on the high side.
    """

    sum_mib: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(10)

    def _watch(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE")
        while not self._stop.wait(SAMPLE_S):
            pages = sum(_resident(pid) for pid in _family(os.getpid()))
            self.sum_mib = max(self.sum_mib, pages * page / 2**20)


def _family(pid: int) -> list[int]:
    try:
        lists = [file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [pid, *(found for text in lists for child in text.split() for found in _family(int(child)))]


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0


def grade_all(corpus: Corpus, predictions: Path, out: Path, jobs: int, name: str, resumed: int) -> Row:
    """Grade the prediction file as `judge grade` does and check that all was graded, or resumed, as planned."""
    options = GradeOptions(judge="none", time="none", out=out, jobs=jobs)
    start, cpu = CLOCK(), _cpu_seconds()
    result = grade([predictions], options, Defaults(repos=dict(corpus.repos)))
    seconds, cpu = CLOCK() - start, _cpu_seconds() - cpu
    assert not result.faults and result.resumed == resumed, (result.faults[:3], result.resumed)
    assert not any(record.ungraded for record in result.records)
    return Row(name=name, patches=len(result.records), seconds=seconds, cpu=cpu)


def _cpu_seconds() -> float:
    """Processor time of this process and the ended ones below it, which a busy machine disturbs less than the clock."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def usual_way(corpus: Corpus, runs: Sequence[CorpusRun], folder: Path) -> Usual:
    """Give each patch a worktree of its own, apply it there, and parse the Python files it touches."""
    clones = {name: folder / name for name in corpus.repos}
    for name, source in corpus.repos.items():
        _git("clone", "--quiet", "--shared", "--bare", str(source), str(clones[name]))
    spent = Usual(patches=len(runs))
    for run in runs:
        _usual_way(
            spent, run, (corpus.patch_text(run) or "").encode(), f"--git-dir={clones[run.repo]}", folder / "tree"
        )
    return spent


def _usual_way(spent: Usual, run: CorpusRun, patch: bytes, git_dir: str, tree: Path) -> None:
    with _stopwatch(spent, "worktree"):
        _git(git_dir, "worktree", "add", "-q", "--detach", str(tree), run.base)
    with _stopwatch(spent, "apply"):
        _git("-C", str(tree), "apply", "-", stdin=patch, check=False)
    files = [tree / path for path in sorted(run.files) if path.endswith(".py")]
    texts = [file.read_bytes() for file in files if file.is_file()]
    with _stopwatch(spent, "builtin"):
        for text in texts:
            with suppress(SyntaxError):
                ast.parse(text)
    with _stopwatch(spent, "libcst"):
        for text in texts:
            with suppress(libcst.ParserSyntaxError):
                libcst.parse_module(text)
    with _stopwatch(spent, "worktree"):
        _git(git_dir, "worktree", "remove", "--force", str(tree))


@contextmanager
def _stopwatch(spent: Usual, step: str) -> Iterator[None]:
    start = CLOCK()
    yield
    setattr(spent, step, getattr(spent, step) + CLOCK() - start)


def _git(*args: str, stdin: bytes = b"", check: bool = True) -> None:
    subprocess.run(["git", *args], input=stdin, capture_output=True, check=check, timeout=GIT_TIMEOUT_S)


def _memory_lines(sum_mib: float) -> list[str]:
    own, below = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return [
        f"peak memory: {sum_mib:.0f} MiB for all processes together (resident, sampled every {SAMPLE_S * 1e3:.0f} ms), "
        f"{own:.0f} MiB for the command itself, {below:.0f} MiB for the largest process below it"
    ]


def _print(rows: Sequence[Row], usual: Sequence[Row], notes: Sequence[str]) -> None:
    table = Table(title="Static grading of real patches")
    table.add_column("")
    ratios = [f"times {row.name}" for row in usual[-2:]]
    for heading in ("patches", "seconds", "ms per patch", "CPU ms", "patches per s", *ratios):
        table.add_column(heading, justify="right")
    for row in (*rows, *usual):
        faster = [f"{base.each_ms / row.each_ms:,.1f}" for base in usual[-2:]] if row in rows else []
        cpu = f"{1e3 * row.cpu / row.patches:.1f}" if row.cpu else ""
        figures = (f"{row.seconds:.2f}", f"{row.each_ms:.1f}", cpu, f"{1e3 / row.each_ms:.1f}")
        table.add_row(row.name, str(row.patches), *figures, *faster)
    console = Console(width=120)
    console.print(table)
    for note in notes:
        console.print(note, highlight=False)


def main() -> int:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--every", type=int, default=10, help="do the usual way on every Nth patch; 0 leaves it out")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worker processes of the parallel run")
    arguments = parser.parse_args()
    try:
        corpus = find_corpus()
    except CorpusAbsent as absent:
        parser.error(str(absent))
    runs = [run for run in corpus.runs if run.patch == "yes"]
    with tempfile.TemporaryDirectory(prefix="judge-bench-") as name:
        folder = Path(name)
        predictions = folder / "patches.jsonl"
        corpus.write_predictions(predictions, lambda run: run.patch == "yes")
        with Memory() as memory:
            rows = [grade_all(corpus, predictions, folder / "one", 1, "judge, 1 job", 0)]
            if arguments.jobs > 1:
                many = f"judge, {arguments.jobs} jobs"
                rows.append(grade_all(corpus, predictions, folder / "many", arguments.jobs, many, 0))
            rows.append(grade_all(corpus, predictions, folder / "one", 1, "judge, re-run", len(runs)))
        notes = _memory_lines(memory.sum_mib)
        usual = usual_way(corpus, runs[:: arguments.every], folder).rows if arguments.every else []
    _print(rows, usual, notes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
