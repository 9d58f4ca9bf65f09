"""Owns the course of a session: forks of side-by-side workers that take turns, round by round."""

import os
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from judge.bench.analysis.comparison import Measured, compare
from judge.bench.analysis.outputs import combine_outcomes, compare_outputs
from judge.bench.contract import Command, Contract, ContractProblem, Function, check_contract, function_contract
from judge.bench.errors import ContractError
from judge.bench.options import (
    Options,
    Variant,
    check_options,
    find_interpreter,
    resolve_import_paths,
)
from judge.bench.process.cpu import Core, fingerprint, hold_core, idle_notes, load_average
from judge.bench.process.gpu import GpuWatch
from judge.bench.process.sandbox import find_sandbox
from judge.bench.process.worker_process import WorkerFault
from judge.bench.results import Changed, NotCovered, Outcome, PathCoverage, Phase, Same, Session, Unknown
from judge.bench.session.cheat_checks import CHECKED_FORKS, SameWork
from judge.bench.session.command_run import AA_SUFFIX, LOOKS, CommandRun
from judge.bench.session.device_choice import hold_place
from judge.bench.session.inspection import Check, equivalence, equivalence_notes, path_coverage, settle
from judge.bench.session.preparation import Prepared, prepare
from judge.bench.session.variant_run import RAISED, Budget, Lane, Setting, Shape

_WARMUP_ROUNDS = 1
_SOFT_SHARE = 0.85
_MAX_SEED = 2**32 - 1


def measure(
    variants: Sequence[Variant],
    options: Options,
    *,
    progress: Callable[[str], None] | None = None,
) -> Session:
    """Time prepared trees side by side; the first one is the base, and is timed twice.

    A variant that crashes becomes a `Crashed` in the session. Raises a `BenchError` for what
    prevents any timing: options, device, benchmark file, interpreter.
    """
    started = time.monotonic()
    check_options(variants, options)
    benchmark = options.benchmark
    python = find_interpreter(options.python)
    walls = find_sandbox(python, wanted=options.sandbox)
    paths = resolve_import_paths(variants[0].tree, options.import_paths)
    folders = [variants[0].tree / path for path in paths]
    contract = None if isinstance(benchmark, Command) else _contract(benchmark, folders)
    tell = progress or (lambda text: None)
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="judge-bench-", ignore_cleanup_errors=True))
        folder = Path(name)
        ready = prepare(variants, options, python=python, walls=walls, folder=folder)
        place = stack.enter_context(
            hold_place(options, contract, python=python, folder=folder, environment=os.environ, progress=tell)
        )
        core = stack.enter_context(hold_core()) if options.pin else None
        began = time.monotonic()
        if contract is None:
            runs = CommandRun(
                ready, options, python=python, walls=walls, paths=paths, core=core, place=place, folder=folder
            )
            runs.all_runs(tell)
            return runs.session(time.monotonic() - started)
        setting = Setting(
            options=options,
            contract=contract,
            python=python,
            import_paths=paths,
            base_tree=ready.variants[0].tree.absolute(),
            core=core.number if core else None,
            place=place,
            budget=Budget(
                total_s=options.budget_s,
                ends_at=began + _SOFT_SHARE * options.budget_s,
                hard_end=began + options.budget_s,
            ),
            walls=walls,
        )
        run = _Run(ready, setting, folder, tell)
        run.all_forks()
        run.check_clocks()
        run.inspect()
        return run.session(core, time.monotonic() - started)


class _Run:
    """The lanes of one session and the order in which they move."""

    def __init__(
        self,
        ready: Prepared,
        setting: Setting,
        folder: Path,
        progress: Callable[[str], None],
    ) -> None:
        self._setting = setting
        self._options = setting.options
        self._folder = folder
        self._progress = progress
        self._random = random.Random(self._options.seed)
        base, *rest = ready.variants
        partner = Variant(name=base.name + AA_SUFFIX, tree=base.tree)
        self._base = Lane(base, setting, is_base=True)
        self._partner = Lane(partner, setting, is_base=False)
        others = [Lane(variant, setting, is_base=False) for variant in rest]
        self._lanes = [self._base, self._partner, *others]
        self._others = others
        self._notes = ready.notes
        for lane in self._lanes:
            lane.crash = ready.crashes.get(lane.variant.name.removesuffix(AA_SUFFIX))
        self._machine = fingerprint() | setting.place.facts()
        self._gpu = GpuWatch(idle=setting.place.gpu)
        self._fresh = False
        self._overhead_s = 0.0
        self._results_s = 0.0
        self._checks: Mapping[str, Check] = {}
        self._check_fault = "the base gave no result"
        self._coverage: dict[str, PathCoverage] = {}
        self._same_work = SameWork(base=self._base, each=lambda step: self._each("experiment", step))

    def all_forks(self) -> None:
        """Run forks until the answer is clear, the budget is spent or the base is broken."""
        forks = self._options.forks
        looks = [forks * multiple for multiple in LOOKS]
        for index in range(looks[-1]):
            if index in looks and self._is_clear():
                return
            if index and self._setting.budget.left() < 1.5 * self._overhead_s:
                return
            wave = next(look for look in looks if index < look)
            self._progress(f"fork {index + 1} of {wave}")
            self._fork(index)
            if not (self._base.alive and self._partner.alive):
                return
            if self._others and not any(lane.alive for lane in self._others):
                return

    def check_clocks(self) -> None:
        """Refuse variants whose clock disagrees with ours, measured by the base's."""
        for lane in self._others:
            lane.check_clock(self._base)

    def inspect(self) -> None:
        """Look at what timing does not show, in processes that are not timed."""
        contract, base = self._setting.contract, self._base
        if contract.has_check_equivalence and base.pickles and not base.crash:
            try:
                asked = [self._partner, *(lane for lane in self._others if not lane.crash)]
                self._checks = equivalence(base, asked, base.variant, self._setting, self._folder / "check")
                self._check_fault = ""
            except WorkerFault as fault:
                self._check_fault = fault.message
        for number, lane in enumerate(self._others):
            if lane.variant.watched and not lane.crash:
                home = self._folder / f"lines-{number}"
                self._coverage[lane.name] = path_coverage(lane.variant, self._setting, home)

    def _fork(self, index: int) -> None:
        started = time.monotonic()
        try:
            self._open(index)
            fresh_seed = self._random.randint(0, _MAX_SEED)
            asked = time.monotonic()
            self._results("fresh input", fresh_seed)
            self._results_s = time.monotonic() - asked
            if index == 0:
                self._settle_shapes()
            opened = time.monotonic()
            self._rounds(index)
            closed = time.monotonic()
            self._gpu.look()
            self._same_work.last_timed()
            if index < CHECKED_FORKS:
                self._same_work.again(fresh_seed)
                self._same_work.vary(fresh_seed, fresh=self._fresh)
            self._results("timed input", None)
            self._each("sample", lambda lane: lane.finish_fork())
            self._overhead_s = time.monotonic() - started - (closed - opened)
            if index == 0:
                self._same_work.widened(fresh_seed)
        finally:
            for lane in self._lanes:
                lane.close()

    def _open(self, index: int) -> None:
        """Start all workers of a fork, with the same hash seed and the same data."""
        hash_seed = self._random.randint(0, _MAX_SEED)
        data_seed = self._random.randint(0, _MAX_SEED)
        for number, lane in enumerate(self._lanes):
            if lane.alive:
                lane.launch(self._folder / f"{index}-{number}", hash_seed)
        self._each("start", lambda lane: lane.greet())
        self._each("load", lambda lane: lane.load())
        self._each("setup", lambda lane: lane.setup(data_seed))
        if index == 0:
            self._each("experiment", lambda lane: lane.probe())
            # One rule for all: a variant timed on stale data would gain from its own side effect.
            self._fresh = any(lane.mutates or not lane.mutation_sure for lane in self._lanes)

    def _each(self, phase: Phase, step: Callable[[Lane], None]) -> None:
        """Let every lane take one step; the base goes first, and nothing goes on without it."""
        for lane in self._lanes:
            if lane.alive and self._base.alive:
                with lane.turn(phase):
                    step(lane)

    def _results(self, label: str, seed: int | None) -> None:
        trees: dict[str, object] = {}

        def ask(lane: Lane) -> None:
            tree = lane.result(seed)
            if lane is self._base:
                trees["base"] = tree
            else:
                found = compare_outputs(trees["base"], tree)
                lane.agree(label, found)
                if seed is not None:
                    self._same_work.keep(lane, trees["base"], tree, found)

        self._each("experiment", ask)

    def _settle_shapes(self) -> None:
        """Settle how samples are taken, once for all forks; the base's goes for all that are near it."""
        shape: Shape | None = None

        def ask(lane: Lane) -> None:
            nonlocal shape
            found = lane.calibrate(fresh=self._fresh, base=shape)
            shape = shape or found

        self._each("experiment", ask)

    def _rounds(self, index: int) -> None:
        """Take one sample of every lane per round, in random order."""
        first_wave = index < self._options.forks
        count = self._options.min_rounds if first_wave else self._options.max_rounds
        budget = self._setting.budget
        share = (index + 1) / self._options.forks if first_wave else 1.0
        stop_at = budget.ends_at - (1 - share) * _SOFT_SHARE * self._options.budget_s
        stop_at -= self._results_s
        for number in range(_WARMUP_ROUNDS + count):
            if number >= _WARMUP_ROUNDS + 1 and time.monotonic() > stop_at:
                return
            keep = number >= _WARMUP_ROUNDS
            for lane in self._random.sample(self._lanes, len(self._lanes)):
                if lane.alive and self._base.alive:
                    with lane.turn("sample"):
                        lane.sample(fresh=self._fresh, keep=keep)

    def _is_clear(self) -> bool:
        """Say whether every variant has a status; the interval of each look is at the level of that look."""
        session = self.session(None, 0.0)
        found = [compare(session, candidate=lane.name, base=session.base) for lane in self._others]
        return all(one.status != "inconclusive" for one in found if isinstance(one, Measured))

    def session(self, core: Core | None, wall_s: float) -> Session:
        """Return all that was measured."""
        walls = self._setting.walls
        notes = [
            *idle_notes(self._machine, load_average()),
            *walls.notes,
            *self._notes,
            *_contract_notes(self._setting.contract),
        ]
        notes += [self._setting.place.note] if self._setting.place.note else []
        notes += self._gpu.notes()
        if self._setting.contract.has_check_equivalence:
            notes += equivalence_notes(self._checks, self._partner.name, self._check_fault)
        notes += self._lane_notes()
        if core and not core.exclusive:
            notes.append("other sessions are timing on this core: the samples are noisier")
        facts = self._base.facts
        if str(facts.get("network", "open")).startswith("open"):
            notes.append(f"the network was not closed to the benchmark: {facts.get('network')}")
        machine = dict(self._machine, python=str(facts.get("python", "unknown")))
        machine |= self._gpu.facts()
        machine["network"] = str(facts.get("network", "unknown"))
        machine["sandbox"] = walls.fact
        machine["timed_on_core"] = core.number if core else "any"
        costs = {lane.name: lane.costs() for lane in self._lanes}
        return Session(
            base=self._base.name,
            aa_partner=self._partner.name,
            variants={lane.name: lane.outcome_of() for lane in self._lanes},
            outputs={lane.name: self._outputs(lane) for lane in self._others},
            costs={name: cost for name, cost in costs.items() if cost},
            result_bytes={lane.name: lane.result_bytes for lane in self._lanes},
            machine=machine,
            notes=tuple(notes),
            seed=self._options.seed,
            threshold=self._options.threshold,
            looks=tuple(self._options.forks * multiple for multiple in LOOKS),
            wall_s=wall_s,
            coverage=self._coverage,
            varied={lane.name: tuple(lane.varied) for lane in self._lanes},
            precision=self._same_work.precision,
        )

    def _outputs(self, lane: Lane) -> Outcome:
        """Combine a lane's comparisons; the base's own instability excuses a difference."""
        if not lane.outcomes and lane.crash:
            return Unknown(reason=f"it crashed before any output: {lane.crash.message}")
        if lane.late_mutation and not self._base.late_mutation:
            message = "later calls change the timed input, which the base leaves alone"
            return Changed(where="input", message=message)
        found = combine_outcomes(lane.outcomes)
        control = combine_outcomes(self._partner.outcomes)
        if isinstance(found, Changed) and isinstance(control, Changed) and found.where != RAISED:
            found = Unknown(
                reason=f"the base's own output differs between two runs at {control.where}: {control.message}"
            )
        return settle(found, self._checks.get(lane.name), control=self._checks.get(self._partner.name))

    def _lane_notes(self) -> list[str]:
        notes = []
        if self._fresh:
            changing = [lane.name for lane in self._lanes if lane.mutates]
            who = ", ".join(changing) or "none for sure, but the input is too large to check"
            notes.append(f"every call got fresh data, because calls change their input: {who}")
        if self._same_work.fault:
            notes.append(
                f"the input could not be varied, so a cache of results would not show: {self._same_work.fault}"
            )
        for name, coverage in self._coverage.items():
            if isinstance(coverage, NotCovered):
                notes.append(f"{name}: which of its added lines run is not known: {coverage.reason}")
            elif coverage.ran and not coverage.timed:
                notes.append(f"{name}: its added lines run in set-up only, which is not timed")
        for lane in self._lanes:
            if lane.threads > self._base.threads:
                more = lane.threads - self._base.threads
                notes.append(f"{lane.name} keeps {more} more threads running than the base")
        control = combine_outcomes(self._partner.outcomes) if self._partner.outcomes else None
        if control is not None and not isinstance(control, Same):
            notes.append("the base's own output is not the same in two runs of the base")
        return notes


def _contract(benchmark: Path | Function, folders: Sequence[Path]) -> Contract:
    if isinstance(benchmark, Function):
        return function_contract(benchmark, folders)
    contract = check_contract(benchmark)
    if isinstance(contract, ContractProblem):
        raise ContractError(str(contract))
    return contract


def _contract_notes(contract: Contract) -> list[str]:
    notes = []
    if contract.keep is not None:
        lines = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in contract.left_out)
        notes.append(
            "the benchmark times itself when imported, so only its imports, definitions and constants were loaded; "
            f"not run: line {lines}"
        )
    return notes
