"""Opens the judge that `--judge SPEC` names; the backends are found by scanning `providers/`."""

from __future__ import annotations

from functools import cache
from typing import Protocol, cast

from judge.errors import UsageError
from judge.judgement import Judgement
from judge.plugins import scan
from judge.question import Question


class Provider(Protocol):
    """A judge that is ready to be asked."""

    @property
    def identity(self) -> str:
        """What a stored judgement depends on besides the question: name, model, file content."""

    def judge(self, question: Question) -> Judgement:
        """Answer; a failure of the judge's own is an `Errored` answer, never an exception."""


class Backend(Protocol):
    """A module in `providers/`: the form of its spec, a line of help, how far its word goes, and how to open it."""

    SPEC: str
    HELP: str
    SCOPE: str

    def open_judge(self, argument: str) -> Provider:
        """Open the judge with what stands after the colon of the spec.

        Raises:
            UsageError: the argument cannot be used.
        """


@cache
def all_backends() -> dict[str, Backend]:
    """Return the backends by name.

    Raises:
        RuntimeError: a file in `providers/` does not import or is no backend; the message names it.
    """
    backends = [cast(Backend, module) for module in scan("providers", needs=("SPEC", "HELP", "SCOPE", "open_judge"))]
    return {backend.SPEC.partition(":")[0]: backend for backend in backends}


def scope_of(spec: str) -> str:
    """Return how far the word of the judge named by `spec` goes, for the reader of a report."""
    return all_backends()[spec.partition(":")[0]].SCOPE


def open_judge(spec: str) -> Provider:
    """Open the judge named by `spec`, NAME or NAME:ARGUMENT.

    Raises:
        UsageError: there is no such judge, or its argument cannot be used.
    """
    name, colon, argument = spec.partition(":")
    backend = all_backends().get(name)
    if backend is None:
        known = ", ".join(backend.SPEC for backend in all_backends().values())
        raise UsageError(f"--judge {spec!r}: no judge is called {name!r}; there are: {known}")
    if (":" in backend.SPEC) != bool(colon and argument):
        raise UsageError(f"--judge {spec!r}: write it as {backend.SPEC}")
    return backend.open_judge(argument)
