"""Owns sessions whose benchmark is a command that prints a metric: each sample is a process of its own."""

import json
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from judge.bench.analysis.comparison import Measured, compare
from judge.bench.contract import Command
from judge.bench.options import Options, Variant
from judge.bench.process.cpu import Core, fingerprint, idle_notes, load_average
from judge.bench.process.sandbox import Containment
from judge.bench.process.worker_process import INSPECTOR, WorkerFault, WorkerProcess
from judge.bench.results import Crashed, Fork, Ran, SessionResult, Unknown, VariantResult
from judge.bench.session.device_choice import DeviceChoice
from judge.bench.session.preparation import Prepared

AA_SUFFIX = " (A/A)"
# A session looks at its own numbers after these multiples of `forks`, and nowhere else.
LOOKS = (1, 2, 3, 4, 5)
_NOTE = "the metric {metric!r} is the command's own word ({better} is better): it was neither timed nor compared here"


class NoMetric(ValueError):
    """What a command printed holds no usable metric; the message says what is wrong."""


def read_metric(text: str, name: str) -> float:
    """Return a positive number from the last JSON object that a command printed; `name` may be dotted.

    Raises:
        NoMetric: there is no such object, or its value is no positive finite number.
    """
    printed: object = None
    for line in [text, *text.splitlines()[::-1]]:
        try:
            printed = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(printed, dict):
            break
    if not isinstance(printed, dict):
        raise NoMetric("it printed no JSON object, neither as a whole nor on a line of its own")
    value: object = printed
    for part in [name] if name in printed else name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise NoMetric(f"its JSON has no number {name!r}: it has {', '.join(map(repr, list(printed)[:8]))}")
    if not (math.isfinite(value) and value > 0):
        raise NoMetric(f"{name!r} is {value}: a ratio needs a number above 0")
    return float(value)


@dataclass(kw_only=True)
class _Side:
    """One variant: what its runs said, lower is better, or how one of them failed."""

    name: str
    variant: Variant
    crash: Crashed | None
    values: list[float] = field(default_factory=list)

    def variant_result(self) -> VariantResult:
        if self.crash:
            return self.crash
        if not self.values:
            return Crashed(phase="sample", kind="budget", message="the budget was spent before the first run")
        return Ran(forks=tuple(Fork(ns_per_call=((value,),), loops=1) for value in self.values), mutates_input=False)


class CommandRun:
    """The runs of one session, interleaved in random order; the base takes part twice.

    A metric of which more is better enters as its inverse, so that a ratio above 1 is always better.
    """

    def __init__(
        self,
        ready: Prepared,
        options: Options,
        *,
        python: str,
        containment: Containment,
        paths: tuple[str, ...],
        core: Core | None,
        device_choice: DeviceChoice,
        folder: Path,
    ) -> None:
        assert isinstance(options.benchmark, Command)
        self._command = options.benchmark
        self._options = options
        self._python = python
        self._containment = containment
        self._paths = paths
        self._core = core
        self._device_choice = device_choice
        self._folder = folder
        self._notes = ready.notes
        self._random = random.Random(options.seed)
        self._machine = fingerprint() | device_choice.facts()
        base = ready.variants[0]
        named = [(base.name, base), (base.name + AA_SUFFIX, base)]
        named += [(other.name, other) for other in ready.variants[1:]]
        self._sides = [
            _Side(name=name, variant=variant, crash=ready.crashes.get(variant.name)) for name, variant in named
        ]
        self._facts: dict[str, object] = {}

    def all_runs(self, progress: Callable[[str], None]) -> None:
        """Run until every comparison is clear at a planned look, the budget is spent or the base is broken."""
        looks = [self._options.forks * multiple for multiple in LOOKS]
        started, longest = time.monotonic(), 0.0
        for index in range(looks[-1]):
            if index in looks and self._is_clear():
                return
            opened = time.monotonic()
            if index and opened + longest - started > self._options.budget_s:
                return
            progress(f"run {index + 1} of {next(look for look in looks if index < look)}")
            for side in self._random.sample(self._sides, len(self._sides)):
                if not side.crash:
                    self._run(side, self._folder / f"{index}-{self._sides.index(side)}")
            longest = max(longest, time.monotonic() - opened)
            if any(side.crash for side in self._sides[:2]) or all(side.crash for side in self._sides[2:]):
                return

    def _run(self, side: _Side, home: Path) -> None:
        home.mkdir()
        options, tree = self._options, side.variant.tree.absolute()
        process = WorkerProcess(
            python=self._python, home=home, hash_seed=self._random.randint(0, 2**32 - 1),
            reply_limit=2 * options.output_bytes, script=INSPECTOR,
            sandbox=self._containment.for_worker(read=self._command_files(), write=[tree]),
            environment=self._device_choice.environment,
        )  # fmt: skip
        try:
            core = self._core.number if self._core else None
            self._facts = dict(
                process.hello(
                    timeout_s=options.setup_timeout_s,
                    memory=self._device_choice.memory(options.memory_bytes),
                    core=core,
                ).fields
            )
            output = process.ask(
                "command",
                timeout_s=options.call_timeout_s,
                argv=list(self._command.argv),
                cwd=str(tree),
                paths=[str(tree / path) for path in self._paths],
            ).fields
        except WorkerFault as fault:
            side.crash = Crashed(phase="experiment", kind=fault.kind, message=fault.message)
            return
        finally:
            process.close()
        if output.get("code") != 0:
            last = str(output.get("err") or output.get("out"))[-500:].strip()
            side.crash = Crashed(
                phase="experiment", kind="exit", message=f"the command left with status {output.get('code')}: {last}"
            )
            return
        try:
            value = read_metric(str(output.get("out")), self._command.metric)
        except NoMetric as fault:
            side.crash = Crashed(
                phase="experiment", kind="protocol", message=f"the command left with status 0: {fault}"
            )
            return
        side.values.append(value if self._command.better == "lower" else 1 / value)

    def _command_files(self) -> list[Path]:
        """Files that the command names by their whole path, such as a script outside of the trees."""
        named = [Path(word) for word in self._command.argv]
        return [path for path in named if path.is_absolute() and path.is_file()]

    def _is_clear(self) -> bool:
        result = self.result(0.0)
        comparisons = [compare(result, candidate=side.name, base=result.base) for side in self._sides[2:]]
        return not any(isinstance(each, Measured) and each.status == "inconclusive" for each in comparisons)

    def result(self, wall_s: float) -> SessionResult:
        """Return all that was measured."""
        note = _NOTE.format(metric=self._command.metric, better=self._command.better)
        machine = dict(self._machine, python=str(self._facts.get("python", "unknown")))
        machine["network"] = str(self._facts.get("network", "unknown"))
        machine["sandbox"] = self._containment.fact
        machine["timed_on_core"] = self._core.number if self._core else "any"
        return SessionResult(
            base=self._sides[0].name,
            aa_partner=self._sides[1].name,
            variants={side.name: side.variant_result() for side in self._sides},
            outputs={side.name: Unknown(reason="a command returns no result to compare") for side in self._sides[2:]},
            costs={},
            machine=machine,
            notes=(*idle_notes(self._machine, load_average()), *self._containment.notes, *self._notes, note),
            seed=self._options.seed,
            threshold=self._options.threshold,
            looks=tuple(self._options.forks * multiple for multiple in LOOKS),
            wall_s=wall_s,
        )
