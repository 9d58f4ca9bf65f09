"""Opens the judges that `--judge SPEC` names: those in `backends/`, and the models of `llm/providers/`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol, cast

from judge.core.judgement import Judgement
from judge.core.question import Question
from judge.errors import UsageError
from judge.lib.digests import digest
from judge.lib.folder_scan import scan
from judge.llm.inquiry import Questionnaire
from judge.llm.options import JudgingOptions
from judge.llm.providers.discovery import all_providers
from judge.llm.providers.model import Model, open_model


class LocalJudge(Protocol):
    """A judge that works beside the gates, in their process: it answers, or makes the questions for models."""

    @property
    def identity(self) -> str:
        """What a stored judgement depends on besides the question: name, model, file content."""

    def judge(self, question: Question) -> Judgement | Questionnaire:
        """Answer, or say what models are to be asked; a failure of its own is `Errored`, never an exception."""


class Backend(Protocol):
    """Any judge that can be named: the form of its spec, a line of help, and how far its word goes."""

    SPEC: str
    HELP: str
    SCOPE: str


class LocalBackend(Backend, Protocol):
    """A module in `backends/`: a judge that needs no model."""

    def open_judge(self, argument: str, options: JudgingOptions) -> LocalJudge:
        """Open the judge with what stands after the colon of the spec.

        Raises:
            UsageError: the argument cannot be used.
        """


@dataclass(frozen=True, kw_only=True)
class JudgePanel:
    """The judges of one run.

    Attributes:
        local_judge: what each worker process opens for itself by `open_panel` and asks.
        models: whom its questions are put to; empty where it answers by itself.
        identity: what a stored judgement depends on besides the question.
    """

    local_judge: LocalJudge
    models: tuple[Model, ...]
    identity: str


@cache
def _local_backends() -> dict[str, LocalBackend]:
    modules = scan("judges.backends", needs=("SPEC", "HELP", "SCOPE", "open_judge"))
    return {backend.SPEC.partition(":")[0]: backend for backend in cast(list[LocalBackend], modules)}


@cache
def all_backends() -> dict[str, Backend]:
    """Return all judges by name, in the order of their names.

    Raises:
        RuntimeError: a file in `backends/` or a folder in `llm/providers/` is no judge; the message names it.
    """
    backends: dict[str, Backend] = {**_local_backends(), **all_providers()}
    return dict(sorted(backends.items()))


def scope_of(specs: Sequence[str]) -> str:
    """Return how far the word of the judges named by `specs` goes, for the reader of a report."""
    return "; ".join(dict.fromkeys(all_backends()[spec.partition(":")[0]].SCOPE for spec in specs))


def open_panel(specs: Sequence[str], options: JudgingOptions) -> JudgePanel:
    """Open the judges named by `specs`, each NAME or NAME:ARGUMENT: one that answers by itself, or a panel of models.

    Raises:
        UsageError: there is no such judge, its argument cannot be used, or they cannot sit together.
    """
    if len(set(specs)) != len(specs):
        raise UsageError(f"--judge {' '.join(specs)}: the same judge twice; use --votes for several answers of one")
    opened = [_open(spec, options) for spec in specs]
    models = tuple(judge for judge in opened if isinstance(judge, Model))
    alone = [judge for judge in opened if not isinstance(judge, Model)]
    if alone and len(opened) > 1:
        raise UsageError(f"--judge {' '.join(specs)}: only models (NAME:MODEL) can be asked together")
    if alone:
        return JudgePanel(local_judge=alone[0], models=(), identity=alone[0].identity)
    from judge.llm.questions.questioner import Questioner

    questioner = Questioner.open(_fitted(options, models))
    parts = [questioner.identity, *(model.identity for model in models), str(options.votes), str(options.effort)]
    parts.append(str(options.max_output_tokens))
    return JudgePanel(local_judge=questioner, models=models, identity=digest(parts))


def _fitted(options: JudgingOptions, models: Sequence[Model]) -> JudgingOptions:
    """One question must fit all models, so the one that reads least sets the length."""
    if options.context_tokens is not None:
        return options
    from judge.llm.calls.pricing import context_window

    windows = [window for model in models if (window := context_window(model)) is not None]
    return replace(options, context_tokens=min(windows)) if len(windows) == len(models) else options


def _open(spec: str, options: JudgingOptions) -> LocalJudge | Model:
    name, colon, argument = spec.partition(":")
    backend = all_backends().get(name)
    if backend is None:
        known = ", ".join(backend.SPEC for backend in all_backends().values())
        raise UsageError(f"--judge {spec!r}: no judge is called {name!r}; there are: {known}")
    if (":" in backend.SPEC) != bool(colon and argument):
        raise UsageError(f"--judge {spec!r}: write it as {backend.SPEC}")
    local = _local_backends().get(name)
    return local.open_judge(argument, options) if local else open_model(name, argument, options)
