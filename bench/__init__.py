"""The timing engine: times prepared source trees side by side; knows nothing of patches."""

from judge.bench.comparison import Broken, Comparison, Measured, compare, recovered
from judge.bench.contract import (
    Benchmark,
    Command,
    Contract,
    ContractProblem,
    Function,
    check_contract,
    parse_benchmark,
)
from judge.bench.devices import fingerprint
from judge.bench.differences import watching
from judge.bench.errors import (
    BenchError,
    ContractError,
    DeviceError,
    InterpreterError,
    OptionsError,
)
from judge.bench.native import is_native, native_changes
from judge.bench.oddities import Oddity, oddities
from judge.bench.options import Options, Variant
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
    Session,
    Unknown,
    VariantResult,
)
from judge.bench.rounds import measure
from judge.bench.stats import Recovery, q_values
from judge.bench.suite import Suite, SuiteRan, SuiteRun, SuiteStopped, run_suite

__all__ = [
    "BenchError",
    "Benchmark",
    "Broken",
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
    "Oddity",
    "Options",
    "OptionsError",
    "Outcome",
    "PathCoverage",
    "Ran",
    "Recovery",
    "Same",
    "Session",
    "Suite",
    "SuiteRan",
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
    "oddities",
    "parse_benchmark",
    "q_values",
    "recovered",
    "run_suite",
    "watching",
]
