"""The timing engine: times prepared source trees side by side; knows nothing of patches."""

from judge.bench.comparison import Broken, Comparison, Measured, compare, recovered
from judge.bench.contract import Contract, ContractProblem, check_contract
from judge.bench.devices import fingerprint
from judge.bench.errors import (
    BenchError,
    ContractError,
    DeviceError,
    InterpreterError,
    OptionsError,
)
from judge.bench.oddities import Oddity, oddities
from judge.bench.options import Options, Variant
from judge.bench.results import (
    Changed,
    Costs,
    Crashed,
    Fork,
    Outcome,
    Ran,
    Same,
    Session,
    Unknown,
    VariantResult,
)
from judge.bench.rounds import measure
from judge.bench.stats import Recovery, q_values

__all__ = [
    "BenchError",
    "Broken",
    "Changed",
    "Comparison",
    "Contract",
    "ContractError",
    "ContractProblem",
    "Costs",
    "Crashed",
    "DeviceError",
    "Fork",
    "InterpreterError",
    "Measured",
    "Oddity",
    "Options",
    "OptionsError",
    "Outcome",
    "Ran",
    "Recovery",
    "Same",
    "Session",
    "Unknown",
    "Variant",
    "VariantResult",
    "check_contract",
    "compare",
    "fingerprint",
    "measure",
    "oddities",
    "q_values",
    "recovered",
]
