"""Owns the passes beside the timing: which added lines a benchmark runs, and what its `check_equivalence` says."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from judge.bench.options import Variant
from judge.bench.process.worker_process import INSPECTOR, WorkerFault, WorkerProcess
from judge.bench.results import Changed, Coverage, NotCovered, Outcome, PathCoverage, Same, Unknown
from judge.bench.session.variant_run import Setting, VariantRun, load_arguments

_LEAST_S = 5.0


@dataclass(frozen=True, kw_only=True)
class EquivalenceCheck:
    """What `check_equivalence` said of a variant's results against the base's; None: they could not be read."""

    equivalent: bool | None
    message: str = ""

    @property
    def word(self) -> str:
        """The answer in one word."""
        return {True: "yes", False: "no", None: "unknown"}[self.equivalent]


def path_coverage(variant: Variant, setting: Setting, home: Path) -> PathCoverage:
    """Run the benchmark once under a tracer, in a process that is not timed, and count the watched lines that ran."""

    def watch(process: WorkerProcess) -> None:
        files = {path: sorted(lines) for path, lines in variant.watched.items()}
        process.ask("watch", timeout_s=_limit_s(setting), tree=str(variant.tree.absolute()), files=files)

    try:
        with _inspector(variant, setting, home, before_load=watch) as process:
            fields = process.ask("inspect", timeout_s=_limit_s(setting), seed=setting.options.seed).fields
    except WorkerFault as fault:
        return NotCovered(reason=f"the pass that traces lines failed: {fault.message}")
    counts = [fields.get(name) for name in ("executable", "ran", "timed")]
    missed = fields.get("missed")
    if not all(isinstance(count, int) for count in counts) or not isinstance(missed, list):
        return NotCovered(reason="the pass that traces lines gave no counts")
    executable, ran, timed = (int(str(count)) for count in counts)
    if executable == 0:
        return NotCovered(reason="no added line holds code that could run")
    if ran == 0 and fields.get("kept") is not True:
        return NotCovered(reason="the benchmark or the code it runs switched the tracer off")
    if ran == 0 and fields.get("spawned") is not False:
        return NotCovered(reason="none of the added lines ran in this process, and the benchmark starts others")
    return Coverage(executable=executable, ran=ran, timed=timed, missed=tuple(map(str, missed)))


def equivalence(
    base: VariantRun, others: list[VariantRun], tree: Variant, setting: Setting, home: Path
) -> Mapping[str, EquivalenceCheck]:
    """Ask the benchmark's `check_equivalence` in a process of its own, with the base's code loaded.

    Raises:
        WorkerFault: the check could not be asked at all.
    """
    checks: dict[str, EquivalenceCheck] = {}
    with _inspector(tree, setting, home) as process:
        for run in others:
            for label, reference in base.pickles.items():
                current = run.pickles.get(label)
                if reference is None or current is None:
                    continue
                fields = process.ask(
                    "equivalent",
                    timeout_s=_limit_s(setting),
                    current=current,
                    reference=reference,
                    reference_first=setting.contract.reference_first,
                ).fields
                answer = fields.get("equivalent")
                known = answer if isinstance(answer, bool) else None
                check = EquivalenceCheck(equivalent=known, message=f"{fields.get('message')} ({label})")
                if run.name not in checks or checks[run.name].equivalent:
                    checks[run.name] = check
    return checks


def settle(outcome: Outcome, check: EquivalenceCheck | None, *, control: EquivalenceCheck | None) -> Outcome:
    """Let `check_equivalence` veto outputs that look the same, and decide about those that nobody else can compare.

    It never excuses a difference that was seen, and without a base that is equivalent to itself it says nothing.
    """
    if check is None or control is None or not control.equivalent:
        return outcome
    if check.equivalent is False and not isinstance(outcome, Changed):
        return Changed(where="check_equivalence", message=f"the benchmark's own check says no: {check.message}")
    if isinstance(outcome, Unknown) and check.equivalent:
        return Same(how="check_equivalence")
    return outcome


def equivalence_notes(checks: Mapping[str, EquivalenceCheck], partner: str, fault: str) -> list[str]:
    """Say what became of the check."""
    if fault:
        return [f"check_equivalence of the benchmark could not be run: {fault}"]
    control = checks.get(partner)
    if control is None:
        return ["check_equivalence of the benchmark was not run: the result cannot be pickled, or is too large"]
    if not control.equivalent:
        return [f"check_equivalence of the benchmark was not used: it refuses two runs of the base: {control.message}"]
    answers = ", ".join(f"{name}: {check.word}" for name, check in checks.items())
    return [f"check_equivalence of the benchmark was run ({answers})"]


@contextmanager
def _inspector(
    variant: Variant, setting: Setting, home: Path, *, before_load: Callable[[WorkerProcess], None] | None = None
) -> Iterator[WorkerProcess]:
    home.mkdir()
    options = setting.options
    process = WorkerProcess(
        python=setting.python, home=home, hash_seed=1, reply_limit=2 * options.output_bytes, script=INSPECTOR,
        sandbox=setting.worker_sandbox(variant.tree.absolute()), environment=setting.device_choice.environment,
    )  # fmt: skip
    try:
        memory = setting.device_choice.memory(options.memory_bytes)
        process.hello(timeout_s=options.setup_timeout_s, memory=memory, core=setting.core)
        if before_load:
            before_load(process)
        process.ask(
            "load",
            timeout_s=_limit_s(setting),
            tree=str(variant.tree.absolute()),
            paths=[str(variant.tree.absolute() / path) for path in setting.import_paths],
            benchmark=str(setting.contract.path.absolute()),
            limit=options.output_bytes,
            **load_arguments(setting.contract, setting.device_choice),
        )
        yield process
    finally:
        process.close()


def _limit_s(setting: Setting) -> float:
    """A pass that is not timed may take half the session's budget more for each of its steps."""
    return min(setting.options.call_timeout_s, max(_LEAST_S, setting.options.budget_s / 2))
