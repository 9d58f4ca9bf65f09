"""The timing engine: times prepared source trees side by side; knows nothing of patches."""

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
from judge.bench.errors import (
    BenchError,
    ContractError,
    DeviceError,
    InterpreterError,
    OptionsError,
)
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
    Unknown,
    VariantResult,
)
from judge.bench.session.new_lines import watch_new_lines
from judge.bench.session.preparation import is_native, native_changes
from judge.bench.session.session import measure
from judge.bench.suite.check import SuiteResult
from judge.bench.suite.run import SuiteCommand, SuiteRan, SuiteRun, SuiteStopped, run_suite

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
