"""The errors of the package, as one tree; each message names the thing, the place and the next step.

JudgeError
├── UsageError     the arguments do not make sense together      exit code 2
├── InputError     a named input cannot be used                  exit code 2 alone, 3 beside graded ones
├── OutputError    the output folder cannot be written or is in use   exit code 2
└── JudgeUnusable  the model cannot be asked at all: key, name, credit   exit code 2; what is done is kept
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the shell is told."""

    DONE = 0
    NOT_TRUE = 1
    USAGE = 2
    IN_PART = 3
    BUG = 70
    INTERRUPTED = 130


class JudgeError(Exception):
    """Base of every error that is the user's to mend."""


class UsageError(JudgeError):
    """The arguments do not make sense together."""


class InputError(JudgeError):
    """An input that was named cannot be used."""


class OutputError(JudgeError):
    """The output folder cannot be written, or another run is writing it."""


class JudgeUnusable(JudgeError):
    """The model cannot be asked at all (key, name or credit), so that no further question makes sense."""
