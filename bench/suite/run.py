"""Owns one run of a case's test command in a prepared tree: confined as the timed code is, and read without trust."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from judge.bench.options import Options, Variant, find_interpreter, resolve_import_paths
from judge.bench.process.sandbox import find_sandbox
from judge.bench.process.worker_process import INSPECTOR, WorkerFault, WorkerProcess
from judge.bench.results import FaultKind, Phase
from judge.bench.session.preparation import prepare
from judge.bench.suite.junit import NoResults, TestOutcome, TooManyResults, read_junit

PLACEHOLDER = "{junit}"
_OPERATORS = frozenset("();<>|&")
_TAIL = 400
_HASH_SEED = 1


@dataclass(frozen=True, kw_only=True)
class SuiteCommand:
    """A test command for the shell, run in the top of a tree; `{junit}` stands for the file to report to."""

    command: str
    timeout_s: float = 600.0

    @property
    def reports(self) -> bool:
        """Whether there will be a result for each test, or an exit code only."""
        return PLACEHOLDER in self.command or is_pytest(self.command)

    def text(self, junit: Path) -> str:
        """Return the command with the file to report to; pytest is told by itself."""
        if PLACEHOLDER in self.command:
            return self.command.replace(PLACEHOLDER, shlex.quote(str(junit)))
        return f"{self.command} --junitxml={shlex.quote(str(junit))}" if is_pytest(self.command) else self.command


@dataclass(frozen=True, kw_only=True)
class SuiteRan:
    """A test command that ended by itself.

    Attributes:
        exit_code: what it left with; negative is the signal that ended it.
        results: outcome by test; None where the command reports none, or `unread` says why they cannot be read.
        oversized: whether they are unread only because they are too large.
        seconds: how long it took by our clock.
        last: the end of what it wrote.
    """

    exit_code: int
    results: Mapping[str, TestOutcome] | None
    unread: str = ""
    oversized: bool = False
    seconds: float = 0.0
    last: str = field(default="", compare=False)

    def having(self, outcome: TestOutcome) -> frozenset[str]:
        """Return the tests with an outcome."""
        return frozenset(name for name, result in (self.results or {}).items() if result == outcome)

    @property
    def contradiction(self) -> str:
        """How exit code and results contradict each other; empty if they agree."""
        if self.results is None:
            return f"it left with status 0, and {self.unread}" if self.unread and self.exit_code == 0 else ""
        bad = len(self.having("failed") | self.having("error"))
        if self.exit_code == 0 and bad:
            return f"it left with status 0, and {bad} of its tests did not pass"
        if self.exit_code == 0 and not self.results:
            return "it left with status 0, and ran no test"
        if self.exit_code != 0 and self.results and not bad:
            return f"it left with status {self.exit_code}, and none of its tests failed"
        return ""


@dataclass(frozen=True, kw_only=True)
class SuiteStopped:
    """A test command that did not come to an end here, or could not be started."""

    phase: Phase
    kind: FaultKind
    message: str


SuiteRun = SuiteRan | SuiteStopped


def run_suite(suite: SuiteCommand, tree: Path, options: Options, *, base: Path, folder: Path) -> SuiteRun:
    """Run a test command in a copy of a tree, made and built in the empty `folder`; `base` is the base's tree.

    Raises:
        BenchError: the interpreter cannot be started, or the options do not fit the tree.
    """
    python = find_interpreter(options.python)
    containment = find_sandbox(python, wanted=options.sandbox)
    paths = resolve_import_paths(base, options.import_paths)
    variant = Variant(name="tested", tree=tree)
    ready = prepare([variant], options, python=python, containment=containment, folder=folder, base=base, copy=True)
    if crash := ready.crashes.get(variant.name):
        return SuiteStopped(phase="build", kind=crash.kind, message=crash.message)
    home, copy = folder / "home", ready.variants[0].tree
    home.mkdir()
    junit = home / "results.xml"
    process = WorkerProcess(
        python=python, home=home, hash_seed=_HASH_SEED, reply_limit=2 * options.output_bytes, script=INSPECTOR,
        sandbox=containment.for_worker(read=_named_files(suite.command), write=[copy]),
    )  # fmt: skip
    try:
        process.hello(timeout_s=options.setup_timeout_s, memory=options.memory_bytes, core=None)
        reply = process.ask(
            "command",
            timeout_s=suite.timeout_s,
            argv=["/bin/sh", "-c", suite.text(junit)],
            cwd=str(copy),
            paths=[str(copy / path) for path in paths],
        )
        code = reply.integer("code")
    except WorkerFault as fault:
        return SuiteStopped(phase="experiment", kind=fault.kind, message=fault.message)
    finally:
        process.close()
    output = f"{reply.fields.get('out')}\n{reply.fields.get('err')}".replace(f"{copy}{os.sep}", "").strip()
    results, unread, oversized = None, "", False
    if suite.reports:
        try:
            results = read_junit(junit)
        except NoResults as fault:
            unread, oversized = str(fault), isinstance(fault, TooManyResults)
    return SuiteRan(
        exit_code=code if code <= 128 else 128 - code,  # a shell says 128 + N of a signal N
        results=results, unread=unread, oversized=oversized, seconds=reply.wall_ns / 1e9, last=output[-_TAIL:],
    )  # fmt: skip


def is_pytest(command: str) -> bool:
    """Whether the last thing that a shell command runs is pytest, so that options may be added at its end."""
    words = _words(command)
    starts = [number + 1 for number, word in enumerate(words) if set(word) <= _OPERATORS]
    if starts and words[starts[-1] - 1] not in ("&&", ";", "||"):
        return False
    words = words[starts[-1] if starts else 0 :]
    while words and "=" in words[0].partition("/")[0]:
        words = words[1:]
    names = [PurePosixPath(word).name for word in words[:3]]
    if names[:1] and names[0].startswith("python"):
        return words[1:3] == ["-m", "pytest"]
    return names[:1] in (["pytest"], ["py.test"])


def _named_files(command: str) -> list[Path]:
    """Return the files outside of the tree that a command names by their whole path."""
    return [path for path in map(Path, _words(command)) if path.is_absolute() and path.is_file()]


def _words(command: str) -> list[str]:
    try:
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        return list(lexer)
    except ValueError:
        return []
