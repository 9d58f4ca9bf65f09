"""Opens the judge that `--judge SPEC` names; the backends are found by scanning `providers/`."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from judge.errors import UsageError
from judge.judgement import Judgement
from judge.question import Question


class Provider(Protocol):
    """A judge that is ready to be asked."""

    @property
    def identity(self) -> str:
        """What a stored judgement depends on besides the question: name, model, file content."""

    def judge(self, question: Question) -> Judgement:
        """Answer; a failure of the judge's own is an `Errored` answer, never an exception."""


class Backend(Protocol):
    """A module in `providers/`: the form of its spec, one line of help, and how to open it."""

    SPEC: str
    HELP: str

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
    found: dict[str, Backend] = {}
    for file in sorted(Path(__file__).with_name("providers").glob("[!_]*.py")):
        try:
            module = importlib.import_module(f"judge.providers.{file.stem}")
        except Exception as error:
            raise RuntimeError(f"{file}: does not import: {type(error).__name__}: {error}") from error
        if not all(hasattr(module, name) for name in ("SPEC", "HELP", "open_judge")):
            raise RuntimeError(f"{file}: a judge backend defines SPEC, HELP and open_judge")
        backend = cast(Backend, module)
        found[backend.SPEC.partition(":")[0]] = backend
    return found


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
