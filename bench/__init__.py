"""The timing engine: times prepared source trees side by side; knows nothing of patches.

The names are loaded on first use, so that whoever needs one type does not load the whole engine.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judge.bench.analysis.comparison import Comparison, Measured, NotMeasured, compare, recovered
    from judge.bench.analysis.plausibility import PlausibilityFlag, plausibility_flags
    from judge.bench.analysis.stats import Recovery, q_values
    from judge.bench.contract import (
        Benchmark,
        Command,
        Contract,
        ContractProblem,
        Function,
        check_contract,
        parse_benchmark,
    )
    from judge.bench.errors import BenchError, ContractError, DeviceError, InterpreterError, OptionsError
    from judge.bench.options import Options, Variant
    from judge.bench.process.cpu import fingerprint
    from judge.bench.results import (
        Changed,
        Costs,
        Coverage,
        Crashed,
        Fork,
        NotCovered,
        Outcome,
        PathCoverage,
        Ran,
        Same,
        SessionResult,
        SuiteResult,
        Unknown,
        VariantResult,
    )
    from judge.bench.session.new_lines import watch_new_lines
    from judge.bench.session.preparation import is_native, native_changes
    from judge.bench.session.session import measure
    from judge.bench.suite.run import SuiteCommand, SuiteRan, SuiteRun, SuiteStopped, run_suite

_HOMES = {
    "BenchError": "judge.bench.errors",
    "Benchmark": "judge.bench.contract",
    "Changed": "judge.bench.results",
    "Command": "judge.bench.contract",
    "Comparison": "judge.bench.analysis.comparison",
    "Contract": "judge.bench.contract",
    "ContractError": "judge.bench.errors",
    "ContractProblem": "judge.bench.contract",
    "Costs": "judge.bench.results",
    "Coverage": "judge.bench.results",
    "Crashed": "judge.bench.results",
    "DeviceError": "judge.bench.errors",
    "Fork": "judge.bench.results",
    "Function": "judge.bench.contract",
    "InterpreterError": "judge.bench.errors",
    "Measured": "judge.bench.analysis.comparison",
    "NotCovered": "judge.bench.results",
    "NotMeasured": "judge.bench.analysis.comparison",
    "Options": "judge.bench.options",
    "OptionsError": "judge.bench.errors",
    "Outcome": "judge.bench.results",
    "PathCoverage": "judge.bench.results",
    "PlausibilityFlag": "judge.bench.analysis.plausibility",
    "Ran": "judge.bench.results",
    "Recovery": "judge.bench.analysis.stats",
    "Same": "judge.bench.results",
    "SessionResult": "judge.bench.results",
    "SuiteCommand": "judge.bench.suite.run",
    "SuiteRan": "judge.bench.suite.run",
    "SuiteResult": "judge.bench.results",
    "SuiteRun": "judge.bench.suite.run",
    "SuiteStopped": "judge.bench.suite.run",
    "Unknown": "judge.bench.results",
    "Variant": "judge.bench.options",
    "VariantResult": "judge.bench.results",
    "check_contract": "judge.bench.contract",
    "compare": "judge.bench.analysis.comparison",
    "fingerprint": "judge.bench.process.cpu",
    "is_native": "judge.bench.session.preparation",
    "measure": "judge.bench.session.session",
    "native_changes": "judge.bench.session.preparation",
    "parse_benchmark": "judge.bench.contract",
    "plausibility_flags": "judge.bench.analysis.plausibility",
    "q_values": "judge.bench.analysis.stats",
    "recovered": "judge.bench.analysis.comparison",
    "run_suite": "judge.bench.suite.run",
    "watch_new_lines": "judge.bench.session.new_lines",
}

__all__ = [
    "BenchError",
    "Benchmark",
    "Changed",
    "Command",
    "Comparison",
    "Contract",
    "ContractError",
    "ContractProblem",
    "Costs",
    "Coverage",
    "Crashed",
    "DeviceError",
    "Fork",
    "Function",
    "InterpreterError",
    "Measured",
    "NotCovered",
    "NotMeasured",
    "Options",
    "OptionsError",
    "Outcome",
    "PathCoverage",
    "PlausibilityFlag",
    "Ran",
    "Recovery",
    "Same",
    "SessionResult",
    "SuiteCommand",
    "SuiteRan",
    "SuiteResult",
    "SuiteRun",
    "SuiteStopped",
    "Unknown",
    "Variant",
    "VariantResult",
    "check_contract",
    "compare",
    "fingerprint",
    "is_native",
    "measure",
    "native_changes",
    "parse_benchmark",
    "plausibility_flags",
    "q_values",
    "recovered",
    "run_suite",
    "watch_new_lines",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'judge.bench' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
