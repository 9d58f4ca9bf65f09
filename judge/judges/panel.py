"""Opens the judges that `--judge SPEC` names; the backends are found by scanning `providers/`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Protocol, cast

from judge.core.judgement import Judgement
from judge.core.question import Question
from judge.errors import UsageError
from judge.lib.digests import digest
from judge.lib.folder_scan import scan
from judge.llm.inquiry import Questionnaire
from judge.llm.options import JudgingOptions

if TYPE_CHECKING:
    from judge.llm.providers.model import Model


class Provider(Protocol):
    """A judge that works beside the gates, in their process: it answers, or makes the questions for models."""

    @property
    def identity(self) -> str:
        """What a stored judgement depends on besides the question: name, model, file content."""

    def judge(self, question: Question) -> Judgement | Questionnaire:
        """Answer, or say what models are to be asked; a failure of its own is `Errored`, never an exception."""


class Backend(Protocol):
    """A module in `providers/`: the form of its spec, a line of help, how far its word goes, and how to open it."""

    SPEC: str
    HELP: str
    SCOPE: str

    def open_judge(self, argument: str, options: JudgingOptions) -> Provider | Model:
        """Open the judge with what stands after the colon of the spec.

        Raises:
            UsageError: the argument cannot be used, or a key is missing.
        """


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The judges of one run.

    Attributes:
        provider: what each worker process opens for itself by `open_bench` and asks.
        models: whom its questions are put to; empty where it answers by itself.
        identity: what a stored judgement depends on besides the question.
    """

    provider: Provider
    models: tuple[Model, ...]
    identity: str


@cache
def all_backends() -> dict[str, Backend]:
    """Return the backends by name.

    Raises:
        RuntimeError: a file in `providers/` does not import or is no backend; the message names it.
    """
    backends = [
        cast(Backend, module) for module in scan("judges.backends", needs=("SPEC", "HELP", "SCOPE", "open_judge"))
    ]
    return {backend.SPEC.partition(":")[0]: backend for backend in backends}


def scope_of(specs: Sequence[str]) -> str:
    """Return how far the word of the judges named by `specs` goes, for the reader of a report."""
    return "; ".join(dict.fromkeys(all_backends()[spec.partition(":")[0]].SCOPE for spec in specs))


def open_bench(specs: Sequence[str], options: JudgingOptions) -> Bench:
    """Open the judges named by `specs`, each NAME or NAME:ARGUMENT: one that answers by itself, or a panel of models.

    Raises:
        UsageError: there is no such judge, its argument cannot be used, or they cannot sit together.
    """
    if len(set(specs)) != len(specs):
        raise UsageError(f"--judge {' '.join(specs)}: the same judge twice; use --votes for several answers of one")
    opened = [_open(spec, options) for spec in specs]
    alone = [judge for judge in opened if hasattr(judge, "judge")]
    if alone and len(opened) > 1:
        raise UsageError(f"--judge {' '.join(specs)}: only models (NAME:MODEL) can be asked together")
    if alone:
        return Bench(provider=cast(Provider, alone[0]), models=(), identity=cast(Provider, alone[0]).identity)
    from judge.llm.questions.questioner import Questioner

    models = cast("tuple[Model, ...]", tuple(opened))
    questioner = Questioner.open(_fitted(options, models))
    parts = [questioner.identity, *(model.identity for model in models), str(options.votes), str(options.effort)]
    parts.append(str(options.max_output_tokens))
    return Bench(provider=questioner, models=models, identity=digest(parts))


def _fitted(options: JudgingOptions, models: Sequence[Model]) -> JudgingOptions:
    """One question must fit all models, so the one that reads least sets the length."""
    if options.context_tokens is not None:
        return options
    from judge.llm.calls.money import context_window

    windows = [window for model in models if (window := context_window(model)) is not None]
    return replace(options, context_tokens=min(windows)) if len(windows) == len(models) else options


def _open(spec: str, options: JudgingOptions) -> Provider | Model:
    name, colon, argument = spec.partition(":")
    backend = all_backends().get(name)
    if backend is None:
        known = ", ".join(backend.SPEC for backend in all_backends().values())
        raise UsageError(f"--judge {spec!r}: no judge is called {name!r}; there are: {known}")
    if (":" in backend.SPEC) != bool(colon and argument):
        raise UsageError(f"--judge {spec!r}: write it as {backend.SPEC}")
    return backend.open_judge(argument, options)
