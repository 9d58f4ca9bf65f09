"""Owns one variant on its way through a session: its current process, samples and faults."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from judge.bench.analysis.clocks import DeviceReading, Reading, device_disagreement, disagreement, impossible
from judge.bench.contract import Contract
from judge.bench.options import Options, Variant
from judge.bench.process.sandbox import Containment, WorkerSandbox
from judge.bench.process.worker_process import WorkerFault, WorkerProcess, WorkerReply
from judge.bench.results import Changed, Costs, Crashed, Fork, Outcome, Phase, Ran, VariantResult
from judge.bench.session.budget import BASE_SHARE, Budget
from judge.bench.session.device_choice import DeviceChoice

# Where a change is placed that is an exception rather than a value.
RAISED = "experiment"
_SAMPLE_RESOLUTIONS = 200
PARTS = 8
"""How many short timings make a sample: long ones are all hit by what else runs, short ones are not."""
_NEAR = 10
_WIDENED_S = 10.0
VARY_NS = 4_000_000
"""Single calls on varied input take about this long in each process, and never fewer than two of them."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What all runs of a session share."""

    options: Options
    contract: Contract
    python: str
    import_paths: tuple[str, ...]
    base_tree: Path
    core: int | None
    device_choice: DeviceChoice
    budget: Budget
    containment: Containment

    def worker_sandbox(self, tree: Path) -> WorkerSandbox | None:
        """Return the sandbox of a worker that times the benchmark in a tree: it writes to neither."""
        return self.containment.for_worker(read=[tree], script=None if self.contract.module else self.contract.path)


@dataclass(frozen=True, kw_only=True)
class SampleShape:
    """How a sample is taken: parts, each of so many calls."""

    loops: int
    parts: int


@dataclass(frozen=True, kw_only=True)
class VariedCalls:
    """Single calls, each after one element of the input changed: times, first and last result, what ended it."""

    ns: tuple[int, ...]
    trees: tuple[object, ...]
    failed: str


class VariantRun:
    """One variant: asks its worker, keeps what it said, and crashes at most once."""

    def __init__(self, variant: Variant, setting: Setting, *, is_base: bool) -> None:
        self.name = variant.name
        self.variant = variant
        self.crash: Crashed | None = None
        self.out_of_time = False
        self.forks: list[Fork] = []
        self.readings: list[Reading] = []
        self.device_readings: list[DeviceReading] = []
        self.outcomes: list[Outcome] = []
        self.varied: list[tuple[float, ...]] = []
        self.pickles: dict[str, str | None] = {}
        self.mutates = False
        self.mutation_sure = True
        self.late_mutation = False
        self.threads = 1
        self.result_bytes = 0
        self.modules = 0
        self.facts: Mapping[str, object] = {}
        self._tree = variant.tree.absolute()
        self._setting = setting
        self._is_base = is_base
        self._process: WorkerProcess | None = None
        self._shape = SampleShape(loops=1, parts=1)
        self._pending: list[Reading] = []
        self._device_pending: list[DeviceReading] = []
        self._samples: list[tuple[float, ...]] = []
        self._resolution_ns = 1
        self._imports: list[float] = []
        self._setups: list[float] = []
        self._later_setups: list[float] = []

    @property
    def alive(self) -> bool:
        """Whether this variant still takes part."""
        return self.crash is None and not self.out_of_time

    @contextmanager
    def turn(self, phase: Phase) -> Iterator[None]:
        """Turn a fault of the worker into this run's crash, and stop the worker afterwards."""
        try:
            yield
            if self._process:
                self._process.pause()
        except WorkerFault as fault:
            self.close()
            if fault.kind == "budget" and self.forks:
                self.out_of_time = True
                return
            if fault.kind == "raised" and phase in ("experiment", "sample"):
                message = f"raised {fault.message}, which the base does not"
                self.outcomes.append(Changed(where=RAISED, message=message))
            kind, message, module = fault.kind, fault.message, fault.missing if fault.kind == "environment" else ""
            if phase == "start" and kind == "exit":
                kind = "environment"
                message = f"the worker needs Python 3.8 or newer, and under {self._setting.python!r} {message}"
            message = message.replace(f"{self._tree}/", "")  # the place of a tree means nothing to a reader
            self.crash = Crashed(phase=phase, kind=kind, message=message, module=module)

    def launch(self, home: Path, hash_seed: int) -> None:
        """Start a fresh worker for the next fork, and do not wait: all variants' start side by side."""
        home.mkdir()
        options = self._setting.options
        self._home, self._pending, self._device_pending, self._samples = home, [], [], []
        self._process = WorkerProcess(
            python=self._setting.python,
            home=home,
            hash_seed=hash_seed,
            reply_limit=2 * options.output_bytes,
            sandbox=self._setting.worker_sandbox(self._tree),
            environment=self._setting.device_choice.environment,
        )

    def greet(self) -> None:
        """Confine the worker that was started, and learn what it is."""
        assert self._process is not None
        options = self._setting.options
        allowed = self._allow("hello", options.setup_timeout_s)
        memory = self._setting.device_choice.memory(options.memory_bytes)
        hello = self._process.hello(timeout_s=allowed, memory=memory, core=self._setting.core)
        self.facts = hello.fields
        self._resolution_ns = hello.integer("resolution_ns")

    def load(self) -> None:
        """Import the benchmark with this variant's tree on the path."""
        setting = self._setting
        try:
            reply = self._ask(
                "load",
                setting.options.setup_timeout_s,
                tree=str(self._tree),
                paths=[str(self._tree / path) for path in setting.import_paths],
                benchmark=str(setting.contract.path.absolute()),
                **load_arguments(setting.contract, setting.device_choice),
                limit=setting.options.output_bytes,
            )
        except WorkerFault as fault:
            raise self._placed(fault) from None
        self._imports.append(reply.integer("import_ns") / 1e9)

    def setup(self, seed: int) -> None:
        """Make the data that will be timed."""
        try:
            reply = self._ask("setup", self._setting.options.setup_timeout_s, seed=seed)
        except WorkerFault as fault:
            raise self._placed(fault) from None
        self._setups.append(reply.integer("setup_ns") / 1e9)

    def probe(self) -> None:
        """Call once, and learn whether a call changes its input."""
        reply = self._call("probe")
        self.mutates, self.mutation_sure = reply.flag("mutates"), reply.flag("sure")

    def calibrate(self, *, fresh: bool, base: SampleShape | None) -> SampleShape:
        """Settle the shape of this variant's samples for the whole session: that of the base, where there is one.

        Two calls in a row are faster than one and one, by a percent and more, so a different number of calls
        would pass for a difference. Only a variant that is ten times as fast or slow has a number of its own.
        """
        sample_ns = self._setting.options.sample_s * 1e9
        most = base.parts if base else PARTS
        goal = max(round(sample_ns / most), _SAMPLE_RESOLUTIONS * self._resolution_ns)
        reply = self._call("calibrate", goal_ns=goal, fresh=fresh, parts=most)
        loops = max(1, reply.integer("loops"))
        fitting = max(1, min(most, round(sample_ns / max(reply.integer("ns"), 1))))
        self._shape = SampleShape(loops=loops, parts=base.parts if base else fitting)
        if base and base.loops / _NEAR <= loops <= base.loops * _NEAR:
            self._shape = base
        return self._shape

    def sample(self, *, fresh: bool, keep: bool) -> None:
        """Time one sample."""
        shape, limit_s = self._shape, self._setting.options.setup_timeout_s
        self._ask("prepare", limit_s, loops=shape.loops, fresh=fresh, parts=shape.parts)
        reply = self._call("sample")
        claimed = reply.integers("ns")
        device = None
        if self._setting.device_choice.device == "cuda":
            device = DeviceReading(
                event_ns=sum(claimed),
                host_ns=reply.integer("host_ns"),
                total_ns=reply.integer("total_ns"),
                calls=shape.loops * shape.parts,
            )
        reading = Reading(claimed_ns=device.total_ns if device else sum(claimed), wall_ns=reply.wall_ns)
        fault = impossible(reading) or (device.impossible() if device else "")
        if fault or len(claimed) != shape.parts or min(claimed) <= 0:
            raise WorkerFault("clock", fault or f"{shape.parts} times were asked for, the sample claims {claimed}")
        if keep:
            self._pending.append(reading)
            self._device_pending += [device] if device else []
            self._samples.append(tuple(ns / shape.loops for ns in claimed))

    def result(self, seed: int | None) -> object:
        """Return the serialised result on fresh input, or on the timed one for None."""
        reply = self._call("result", seed=seed, pickled=self._setting.contract.has_check_equivalence)
        pickled = reply.fields.get("pickled")
        # Of the first fork only: later ones have other data, and a variant may not reach them.
        label = "timed input" if seed is None else "fresh input"
        self.pickles.setdefault(label, pickled if isinstance(pickled, str) else None)
        if seed is None:
            self._later_setups.append(reply.integer("setup_ns") / 1e9)
        self.modules, self.threads = reply.integer("modules"), reply.integer("threads")
        if self.modules == 0:
            raise WorkerFault(
                "not_imported",
                f"the benchmark imports nothing from {str(self._tree)!r}, so timing it would not "
                "time this variant: check the import paths and what is installed",
            )
        if reply.flag("late_mutation"):
            self.outcomes.append(Changed(where="input", message="later calls change the timed input, the first not"))
        tree = reply.fields.get("tree")
        if isinstance(tree, list) and tree[0] == "array":
            self.result_bytes = len(tree[-1]) * 3 // 4  # base64
        return tree

    def kept(self) -> tuple[object, bool]:
        """Return the serialised result of the last call that was timed, and whether calls draw random numbers."""
        reply = self._call("kept")
        return reply.fields.get("tree"), reply.flag("drew")

    def again(self, seed: int) -> tuple[object, bool]:
        """Return the serialised second result on equal input, the first being written to, and whether they differ."""
        reply = self._call("again", seed=seed)
        return reply.fields.get("tree"), not reply.flag("steady")

    def vary(self, seed: int, *, fresh: bool, most: int) -> VariedCalls:
        """Time at most `most` single calls, each after a change of one element of the input."""
        limit_ns = VARY_NS if self._is_base else 100 * VARY_NS  # as many calls as the base, if that can be
        reply = self._call("vary", seed=seed, fresh=fresh, most=most, limit_ns=limit_ns)
        trees = reply.fields.get("trees")
        return VariedCalls(
            ns=reply.integers("ns"),
            trees=tuple(trees) if isinstance(trees, list) else (),
            failed=str(reply.fields.get("failed")),
        )

    def widened(self, seed: int) -> object:
        """Return the serialised result on fresh input in float64; None where there is none."""
        return self._ask("widened", _WIDENED_S, seed=seed).fields.get("tree")

    def agree(self, label: str, outcome: Outcome) -> None:
        """Keep how one result compares with the base's, and on which input."""
        if isinstance(outcome, Changed):
            outcome = replace(outcome, message=f"{outcome.message} (on the {label})")
        self.outcomes.append(outcome)

    def finish_fork(self) -> None:
        """Keep the samples of this fork."""
        if self._samples:
            self.forks.append(Fork(ns_per_call=tuple(self._samples), loops=self._shape.loops))
            self.readings += self._pending
            self.device_readings += self._device_pending

    def check_clock(self, base: "VariantRun") -> None:
        """Crash where this variant's own clock disagrees with the parent's."""
        fault = disagreement(base.readings, self.readings)
        fault = fault or device_disagreement(base.device_readings, self.device_readings)
        if fault and not self.crash:
            self.crash = Crashed(phase="sample", kind="clock", message=fault)

    def close(self) -> None:
        """Kill the worker of this fork and remove its folder."""
        if self._process:
            self._process.close()
            self._process = None
            shutil.rmtree(self._home, ignore_errors=True)

    def variant_result(self) -> VariantResult:
        """Return what became of this variant."""
        if self.crash:
            return self.crash
        if not self.forks:
            message = "the budget was spent before the first sample: give more time"
            return Crashed(phase="sample", kind="budget", message=message)
        return Ran(forks=tuple(self.forks), mutates_input=self.mutates)

    def costs(self) -> Costs | None:
        """Return what was spent on import and set-up, if the variant came that far."""
        if not self._imports or not self._setups:
            return None
        return Costs(
            import_s=median(self._imports), setup_s=median(self._setups), later_setups_s=tuple(self._later_setups)
        )

    def _call(self, op: str, **arguments: object) -> WorkerReply:
        try:
            return self._ask(op, self._setting.options.call_timeout_s, **arguments)
        except WorkerFault as fault:
            raise self._placed(fault) from None

    def _placed(self, fault: WorkerFault) -> WorkerFault:
        """Tell a module that the environment lacks from one that the tree should have had.

        The base's tree counts as well: a patch that deletes a module breaks itself, not the environment.
        """
        if not fault.missing:
            return fault
        top = fault.missing.partition(".")[0]
        for tree in (self._tree, self._setting.base_tree):
            for folder in (tree / path for path in self._setting.import_paths):
                if (folder / top).is_dir() or (folder / f"{top}.py").is_file():
                    return fault
        return WorkerFault(
            "environment",
            f"module {top!r} is not installed for {self._setting.python!r}: install it there ({fault.message})",
            missing=top,
        )

    def _allow(self, op: str, limit_s: float) -> float:
        allowed = self._setting.budget.allow(op, limit_s, is_base=self._is_base)
        if allowed <= 0:
            raise WorkerFault("budget", f"the session's budget was spent before {op!r}")
        return allowed

    def _ask(self, op: str, limit_s: float, **arguments: object) -> WorkerReply:
        assert self._process is not None
        budget, allowed = self._setting.budget, self._allow(op, limit_s)
        try:
            reply = self._process.ask(op, timeout_s=allowed, **arguments)
        except WorkerFault as fault:
            if fault.kind != "timeout" or allowed >= limit_s:
                raise
            base_s = budget.base_s.get(op)
            if self._is_base or base_s is None or base_s > BASE_SHARE * allowed:
                text = f"{fault.message}, the rest of the session's budget"
                raise WorkerFault("budget", text) from None
            text = f"{fault.message}; the base needed {base_s:.3g} s"
            raise WorkerFault("timeout", text) from None
        if self._is_base:
            seconds = reply.wall_ns / 1e9
            budget.base_s[op] = max(seconds, budget.base_s.get(op, 0.0))
        return reply


def load_arguments(contract: Contract, device_choice: DeviceChoice) -> dict[str, object]:
    """Return what a worker must know of the contract to load the benchmark, and on what it runs."""
    return {
        "device": device_choice.device,
        "function": contract.function,
        "module": contract.module,
        "has_setup": contract.has_setup,
        "takes_data": contract.takes_data,
        "keep": contract.keep,
        "data_names": contract.data_names,
        "filled_names": contract.filled_names,
        "modules": contract.modules,
    }
