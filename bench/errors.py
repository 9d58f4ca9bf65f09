"""Owns the errors that stop a session before anything can be measured.

    BenchError
    ├── OptionsError        an option or a variant that cannot be used
    ├── DeviceError         a device that cannot be timed on here
    ├── ContractError       the benchmark file does not define what is timed
    └── InterpreterError    the target's interpreter does not start

What goes wrong *inside* a variant is not an error but a result: see `results.Crashed`.
"""


class BenchError(Exception):
    """A session that cannot start: the message names the thing, the place and the next step."""


class OptionsError(BenchError):
    """An option or a variant that cannot be used."""


class DeviceError(BenchError):
    """A device that cannot be timed on here."""


class ContractError(BenchError):
    """A benchmark file that does not define what is to be timed."""


class InterpreterError(BenchError):
    """A target interpreter that cannot be started."""
