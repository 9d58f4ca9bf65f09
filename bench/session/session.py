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
from judge.bench.results import Changed, NotCovered, Outcome, PathCoverage, Phase, Same, SessionResult, Unknown
from judge.bench.session.budget import Budget
from judge.bench.session.cheat_checks import CHECKED_FORKS, CheatChecks
from judge.bench.session.command_run import AA_SUFFIX, LOOKS, CommandRun
from judge.bench.session.device_choice import hold_device
from judge.bench.session.inspection import EquivalenceCheck, equivalence, equivalence_notes, path_coverage, settle
from judge.bench.session.preparation import Prepared, prepare
from judge.bench.session.variant_run import RAISED, SampleShape, Setting, VariantRun

_WARMUP_ROUNDS = 1
_SOFT_SHARE = 0.85
_MAX_SEED = 2**32 - 1


def measure(
    variants: Sequence[Variant],
    options: Options,
    *,
    progress: Callable[[str], None] | None = None,
) -> SessionResult:
    """Time prepared trees side by side; the first one is the base, and is timed twice.

    A variant that crashes becomes a `Crashed` in the session. Raises a `BenchError` for what
    prevents any timing: options, device, benchmark file, interpreter.
    """
    started = time.monotonic()
    check_options(variants, options)
    benchmark = options.benchmark
    python = find_interpreter(options.python)
    containment = find_sandbox(python, wanted=options.sandbox)
    paths = resolve_import_paths(variants[0].tree, options.import_paths)
    folders = [variants[0].tree / path for path in paths]
    contract = None if isinstance(benchmark, Command) else _contract(benchmark, folders)
    tell = progress or (lambda text: None)
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="judge-bench-", ignore_cleanup_errors=True))
        folder = Path(name)
        ready = prepare(variants, options, python=python, containment=containment, folder=folder)
        device_choice = stack.enter_context(
            hold_device(options, contract, python=python, folder=folder, environment=os.environ, progress=tell)
        )
        core = stack.enter_context(hold_core()) if options.pin else None
        began = time.monotonic()
        if contract is None:
            runs = CommandRun(
                ready,
                options,
                python=python,
                containment=containment,
                paths=paths,
                core=core,
                device_choice=device_choice,
                folder=folder,
            )
            runs.all_runs(tell)
            return runs.result(time.monotonic() - started)
        setting = Setting(
            options=options,
            contract=contract,
            python=python,
            import_paths=paths,
            base_tree=ready.variants[0].tree.absolute(),
            core=core.number if core else None,
            device_choice=device_choice,
            budget=Budget(
                total_s=options.budget_s,
                ends_at=began + _SOFT_SHARE * options.budget_s,
                hard_end=began + options.budget_s,
            ),
            containment=containment,
        )
        session = _Session(ready, setting, folder, tell)
        session.all_forks()
        session.check_clocks()
        session.inspect()
        return session.result(core, time.monotonic() - started)


class _Session:
    """The runs of one session and the order in which they move."""

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
        self._base = VariantRun(base, setting, is_base=True)
        self._partner = VariantRun(partner, setting, is_base=False)
        others = [VariantRun(variant, setting, is_base=False) for variant in rest]
        self._runs = [self._base, self._partner, *others]
        self._others = others
        self._notes = ready.notes
        for run in self._runs:
            run.crash = ready.crashes.get(run.variant.name.removesuffix(AA_SUFFIX))
        self._machine = fingerprint() | setting.device_choice.facts()
        self._gpu = GpuWatch(idle=setting.device_choice.gpu)
        self._fresh = False
        self._overhead_s = 0.0
        self._results_s = 0.0
        self._checks: Mapping[str, EquivalenceCheck] = {}
        self._check_fault = "the base gave no result"
        self._coverage: dict[str, PathCoverage] = {}
        self._cheat_checks = CheatChecks(base=self._base, each=lambda step: self._each("experiment", step))

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
            if self._others and not any(run.alive for run in self._others):
                return

    def check_clocks(self) -> None:
        """Refuse variants whose clock disagrees with ours, measured by the base's."""
        for run in self._others:
            run.check_clock(self._base)

    def inspect(self) -> None:
        """Look at what timing does not show, in processes that are not timed."""
        contract, base = self._setting.contract, self._base
        if contract.has_check_equivalence and base.pickles and not base.crash:
            try:
                compared = [self._partner, *(run for run in self._others if not run.crash)]
                self._checks = equivalence(base, compared, base.variant, self._setting, self._folder / "check")
                self._check_fault = ""
            except WorkerFault as fault:
                self._check_fault = fault.message
        for number, run in enumerate(self._others):
            if run.variant.watched and not run.crash:
                home = self._folder / f"lines-{number}"
                self._coverage[run.name] = path_coverage(run.variant, self._setting, home)

    def _fork(self, index: int) -> None:
        started = time.monotonic()
        try:
            self._open(index)
            fresh_seed = self._random.randint(0, _MAX_SEED)
            called = time.monotonic()
            self._results("fresh input", fresh_seed)
            self._results_s = time.monotonic() - called
            if index == 0:
                self._settle_shapes()
            opened = time.monotonic()
            self._rounds(index)
            closed = time.monotonic()
            self._gpu.look()
            self._cheat_checks.last_timed()
            if index < CHECKED_FORKS:
                self._cheat_checks.again(fresh_seed)
                self._cheat_checks.vary(fresh_seed, fresh=self._fresh)
            self._results("timed input", None)
            self._each("sample", lambda run: run.finish_fork())
            self._overhead_s = time.monotonic() - started - (closed - opened)
            if index == 0:
                self._cheat_checks.widened(fresh_seed)
        finally:
            for run in self._runs:
                run.close()

    def _open(self, index: int) -> None:
        """Start all workers of a fork, with the same hash seed and the same data."""
        hash_seed = self._random.randint(0, _MAX_SEED)
        data_seed = self._random.randint(0, _MAX_SEED)
        for number, run in enumerate(self._runs):
            if run.alive:
                run.launch(self._folder / f"{index}-{number}", hash_seed)
        self._each("start", lambda run: run.greet())
        self._each("load", lambda run: run.load())
        self._each("setup", lambda run: run.setup(data_seed))
        if index == 0:
            self._each("experiment", lambda run: run.probe())
            # One rule for all: a variant timed on stale data would gain from its own side effect.
            self._fresh = any(run.mutates or not run.mutation_sure for run in self._runs)

    def _each(self, phase: Phase, step: Callable[[VariantRun], None]) -> None:
        """Let every run take one step; the base goes first, and nothing goes on without it."""
        for run in self._runs:
            if run.alive and self._base.alive:
                with run.turn(phase):
                    step(run)

    def _results(self, label: str, seed: int | None) -> None:
        trees: dict[str, object] = {}

        def ask(run: VariantRun) -> None:
            tree = run.result(seed)
            if run is self._base:
                trees["base"] = tree
            else:
                outcome = compare_outputs(trees["base"], tree)
                run.agree(label, outcome)
                if seed is not None:
                    self._cheat_checks.keep(run, trees["base"], tree, outcome)

        self._each("experiment", ask)

    def _settle_shapes(self) -> None:
        """Settle how samples are taken, once for all forks; the base's goes for all that are near it."""
        shape: SampleShape | None = None

        def ask(run: VariantRun) -> None:
            nonlocal shape
            own = run.calibrate(fresh=self._fresh, base=shape)
            shape = shape or own

        self._each("experiment", ask)

    def _rounds(self, index: int) -> None:
        """Take one sample of every run per round, in random order."""
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
            for run in self._random.sample(self._runs, len(self._runs)):
                if run.alive and self._base.alive:
                    with run.turn("sample"):
                        run.sample(fresh=self._fresh, keep=keep)

    def _is_clear(self) -> bool:
        """Say whether every variant has a status; the interval of each look is at the level of that look."""
        result = self.result(None, 0.0)
        comparisons = [compare(result, candidate=run.name, base=result.base) for run in self._others]
        return not any(isinstance(each, Measured) and each.status == "inconclusive" for each in comparisons)

    def result(self, core: Core | None, wall_s: float) -> SessionResult:
        """Return all that was measured."""
        containment = self._setting.containment
        notes = [*idle_notes(self._machine, load_average()), *containment.notes, *self._notes]
        notes += _contract_notes(self._setting.contract)
        notes += [self._setting.device_choice.note] if self._setting.device_choice.note else []
        notes += self._gpu.notes()
        if self._setting.contract.has_check_equivalence:
            notes += equivalence_notes(self._checks, self._partner.name, self._check_fault)
        notes += self._variant_notes()
        if core and not core.exclusive:
            notes.append("other sessions are timing on this core: the samples are noisier")
        facts = self._base.facts
        if str(facts.get("network", "open")).startswith("open"):
            notes.append(f"the network was not closed to the benchmark: {facts.get('network')}")
        machine = dict(self._machine, python=str(facts.get("python", "unknown")))
        machine |= self._gpu.facts()
        machine["network"] = str(facts.get("network", "unknown"))
        machine["sandbox"] = containment.fact
        machine["timed_on_core"] = core.number if core else "any"
        costs = {run.name: run.costs() for run in self._runs}
        return SessionResult(
            base=self._base.name,
            aa_partner=self._partner.name,
            variants={run.name: run.variant_result() for run in self._runs},
            outputs={run.name: self._outputs(run) for run in self._others},
            costs={name: cost for name, cost in costs.items() if cost},
            result_bytes={run.name: run.result_bytes for run in self._runs},
            machine=machine,
            notes=tuple(notes),
            seed=self._options.seed,
            threshold=self._options.threshold,
            looks=tuple(self._options.forks * multiple for multiple in LOOKS),
            wall_s=wall_s,
            coverage=self._coverage,
            varied={run.name: tuple(run.varied) for run in self._runs},
            precision=self._cheat_checks.precision,
        )

    def _outputs(self, run: VariantRun) -> Outcome:
        """Combine a run's comparisons; the base's own instability excuses a difference."""
        if not run.outcomes and run.crash:
            return Unknown(reason=f"it crashed before any output: {run.crash.message}")
        if run.late_mutation and not self._base.late_mutation:
            message = "later calls change the timed input, which the base leaves alone"
            return Changed(where="input", message=message)
        outcome = combine_outcomes(run.outcomes)
        control = combine_outcomes(self._partner.outcomes)
        if isinstance(outcome, Changed) and isinstance(control, Changed) and outcome.where != RAISED:
            outcome = Unknown(
                reason=f"the base's own output differs between two runs at {control.where}: {control.message}"
            )
        return settle(outcome, self._checks.get(run.name), control=self._checks.get(self._partner.name))

    def _variant_notes(self) -> list[str]:
        notes = []
        if self._fresh:
            changing = [run.name for run in self._runs if run.mutates]
            who = ", ".join(changing) or "none for sure, but the input is too large to check"
            notes.append(f"every call got fresh data, because calls change their input: {who}")
        if self._cheat_checks.fault:
            notes.append(
                f"the input could not be varied, so a cache of results would not show: {self._cheat_checks.fault}"
            )
        for name, coverage in self._coverage.items():
            if isinstance(coverage, NotCovered):
                notes.append(f"{name}: which of its added lines run is not known: {coverage.reason}")
            elif coverage.ran and not coverage.timed:
                notes.append(f"{name}: its added lines run in set-up only, which is not timed")
        for run in self._runs:
            if run.threads > self._base.threads:
                more = run.threads - self._base.threads
                notes.append(f"{run.name} keeps {more} more threads running than the base")
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
