"""Stage three: prepares base, human and candidate as source trees and has them timed side by side."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from judge.bench import (
    BenchError,
    Benchmark,
    Changed,
    Comparison,
    Coverage,
    Function,
    Measured,
    NotMeasured,
    Same,
    SessionResult,
    SuiteResult,
    Unknown,
    Variant,
    compare,
    is_native,
    measure,
    parse_benchmark,
    plausibility_flags,
    recovered,
)
from judge.bench import Options as BenchOptions
from judge.bench.options import Device
from judge.core.noise import noise
from judge.core.timing import Broken, NotTimed, Outputs, Timed, Timing
from judge.stages.patched_files import PatchedFiles
from judge.stages.suites import Sides, Suites
from judge.stages.trees import lay_over, write_base
from judge.static_checks.checker import CaseError, Checker, PreparedCase
from judge.static_checks.model.case import Case
from judge.static_checks.repo.git import GitError
from judge.static_checks.repo.tree import WrittenFile

# Kinds of fault that say the candidate could not be timed here, not that it is wrong.
_NOT_ITS_FAULT = frozenset({"environment", "budget", "protocol", "clock", "not_imported"})


@dataclass(frozen=True, kw_only=True)
class TimingOptions:
    """What the flags say about timing."""

    python: Path | None = None
    device: Device = "auto"


class TimingStage(AbstractContextManager["TimingStage"]):
    """Times candidates one after the other; nothing else should run on the machine meanwhile."""

    def __init__(self, options: TimingOptions) -> None:
        """Keep trees of one case at a time in a temporary folder."""
        self._options = options
        self._checker = Checker(rules=())
        self._folder = Path(tempfile.mkdtemp(prefix="judge-trees-"))
        self._exported: Case | None = None
        self._suites = Suites()

    def close(self) -> None:
        """Delete the trees."""
        self._checker.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __exit__(self, *_: object) -> None:
        self.close()

    def time(self, case: Case, patched: PatchedFiles) -> Timing:
        """Time one candidate against the base and the human side of its case; never raises for what they do."""
        may_build = bool(case.timing.get("build"))
        if not may_build and (native := _native(patched.files)):
            return NotTimed(
                status="skipped",
                reason="native-without-build",
                message=f"it changes {native}, which must be compiled first, and the case names no `build`",
            )
        try:
            prepared = self._checker.prepare(case)
            human = prepared.human.after.written() if prepared.human is not None else None
            unbuilt = _native(human) if human is not None and not may_build else ""
            if unbuilt:
                human = None
            variants = self._export(case, prepared, human, patched)
            options = self._bench_options(case)
            session = measure(variants, options)
        except BenchError as error:
            return NotTimed(status="error", reason="benchmark", message=str(error))
        except (CaseError, GitError) as error:
            return NotTimed(status="error", reason="trees", message=str(error))
        except OSError as error:
            return NotTimed(status="error", reason="trees", message=f"the source trees could not be prepared: {error}")
        timing = timing_of(session, has_human=human is not None, changed_lines=patched.changed_lines)
        if unbuilt and isinstance(timing, Timed):
            void = f"the human side was not timed: it changes {unbuilt}, and the case names no `build`"
            timing = timing.model_copy(update={"human_message": void})
        if isinstance(timing, Broken):  # the place in a temporary folder means nothing to a reader
            timing = timing.model_copy(update={"message": timing.message.replace(f"{self._folder}/candidate/", "")})
        if case.tests is None:
            return timing
        sides = Sides(base=self._folder / "base", human=human, candidate=patched.files)
        return timing.model_copy(update={"tests": self._tested(case, timing, sides, options)})

    def _tested(self, case: Case, timing: Timing, sides: Sides, options: BenchOptions) -> SuiteResult:
        """Run the tests where they can still tell something."""
        if not isinstance(timing, NotTimed) and timing.outputs == "changed":
            return SuiteResult(status="skipped", reason="outputs", message="not run: its outputs changed")
        if isinstance(timing, Broken):
            return SuiteResult(status="skipped", reason="broken", message="not run: it broke the benchmark")
        return self._suites.test(case, sides, options)

    def _bench_options(self, case: Case) -> BenchOptions:
        given: dict[str, object] = dict(case.timing)
        function, command, metric, better = (
            given.pop(key, None) for key in ("function", "command", "metric", "better")
        )
        given.pop("tests_timeout_s", None)  # not a matter of timing
        benchmark: Benchmark
        if command is not None:
            direction: Literal["lower", "higher"] = "higher" if better == "higher" else "lower"
            benchmark = parse_benchmark(str(command), metric=str(metric), better=direction)
        elif function is not None:
            module, _, name = str(function).partition(":")
            benchmark = Function(module=module, name=name)
        else:
            assert case.benchmark is not None, "the pipeline times only cases with a benchmark"
            benchmark = case.benchmark
        if self._options.python is not None:
            given["python"] = self._options.python
        return BenchOptions(benchmark=benchmark, device=self._options.device, **given)  # type: ignore[arg-type]  # checked by TimingTable

    def _export(
        self,
        case: Case,
        prepared: PreparedCase,
        human_files: Mapping[str, WrittenFile | None] | None,
        patched: PatchedFiles,
    ) -> list[Variant]:
        """Write the trees; base and human stay for the next candidate of the case."""
        base, human, candidate = (self._folder / name for name in ("base", "human", "candidate"))
        if self._exported != case:
            for folder in (base, human):
                shutil.rmtree(folder, ignore_errors=True)
            write_base(prepared, base)
            if human_files is not None:
                lay_over(base, human, human_files)
            self._exported = case
        shutil.rmtree(candidate, ignore_errors=True)
        lay_over(base, candidate, patched.files)
        variants = [Variant(name="base", tree=base)]
        if human_files is not None:
            variants.append(Variant(name="human", tree=human))
        return [*variants, Variant(name="candidate", tree=candidate, watched=patched.watched)]


def _native(files: Iterable[str]) -> str:
    """Name the first native file that a patch touches, and how many more; empty if none."""
    native = sorted(path for path in files if is_native(path))
    return f"{native[0]} and {len(native) - 1} more" if len(native) > 1 else "".join(native)


def timing_of(session: SessionResult, *, has_human: bool, changed_lines: int | None = None) -> Timing:
    """Turn a session into the timing of its variant `candidate`; `changed_lines` is the size of its patch."""
    device = str(session.machine.get("device", "cpu"))
    comparison = compare(session)
    outputs, message = _outputs(session)
    if isinstance(comparison, NotMeasured):
        if comparison.side == "base" or comparison.kind in _NOT_ITS_FAULT:
            disturbed = noise(session.notes) if comparison.kind == "budget" else ()
            return NotTimed(
                status="error",
                reason=f"{comparison.side}-{comparison.kind.replace('_', '-')}",
                message="; ".join([comparison.reason, *disturbed]),
            )
        # The base returned a result where the candidate did not: another behaviour, unless it was only too slow
        # or never came so far.
        unseen = comparison.kind == "timeout" or comparison.phase == "build"
        changed: Outputs = "unknown" if unseen else "changed"
        return Broken(
            reason=f"candidate-{comparison.kind.replace('_', '-')}",
            message=comparison.reason,
            outputs=changed,
            device=device,
        )
    human = compare(session, candidate="human") if has_human else None
    known = human if isinstance(human, Measured) else None
    share = recovered(session) if has_human else None
    return Timed(
        status=comparison.status,
        speedup=comparison.speedup,
        ci=comparison.ci,
        baseline_ms=comparison.baseline_ms,
        candidate_ms=comparison.candidate_ms,
        human_speedup=known.speedup if known else None,
        human_ci=known.ci if known else None,
        recovered=share.share if share else None,
        recovered_ci=(share.low, share.high) if share else None,
        human_message=_why_void(human) if share is None else "",
        p_value=comparison.p_value,
        needed=comparison.needed,
        oddities=tuple(flag.message for flag in plausibility_flags(session, comparison, changed_lines=changed_lines)),
        outputs=outputs,
        outputs_message=message,
        path_coverage=_covered(session),
        device=device,
        rounds=comparison.rounds,
        floor=comparison.floor,
        notes=session.notes,
    )


def _outputs(session: SessionResult) -> tuple[Outputs, str]:
    match session.outputs.get("candidate"):
        case Same(how=how):
            return "same", how
        case Changed(where=where, message=message):
            return "changed", f"{where}: {message}" if where else message
        case Unknown(reason=reason):
            return "unknown", reason
        case None:
            return "unknown", "the candidate returned nothing to compare"


def _covered(session: SessionResult) -> float | None:
    coverage = session.coverage.get("candidate")
    return coverage.ran / coverage.executable if isinstance(coverage, Coverage) else None


def _why_void(human: Comparison | None) -> str:
    """Say why there is no share of the human's gain; a human side without a gain here voids it."""
    match human:
        case None:
            return ""
        case Measured(status="improved"):
            return "too few processes to bound the share of the human's gain"
        case Measured():
            return f"human shows no gain here ({human.reason})"
        case _:
            return f"the human side was not timed: {human.reason}"
