"""Several descriptions of one run become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from judge.inputs.runs.recorded_run import Evaluation, RecordedRun

_KEPT = frozenset({"key", "id", "layout"})
_NAMED = 10
_UNITED = frozenset({"sources", "logs", "judgements"})
_STATES = ("yes", "empty", "unreadable", "missing", "unknown")


def join(descriptions: Sequence[RecordedRun]) -> RecordedRun:
    """Join the descriptions of one run: the first one's word counts, the others fill in what it does not say.

    The description that knows the patch itself comes first: it stands closest to what the agent left. Of
    several evaluations the first with a number counts, and `config["evaluations"]` names them all.
    """
    first, *others = sorted(descriptions, key=lambda run: (_STATES.index(run.patch_state), run.layout))
    if not others:
        return first
    changes: dict[str, Any] = {}
    for other in others:
        for name in (field.name for field in fields(RecordedRun)):
            mine, theirs = changes.get(name, getattr(first, name)), getattr(other, name)
            if name in _UNITED:
                changes[name] = tuple(dict.fromkeys((*mine, *theirs)))
            elif name == "config":
                changes[name] = {**theirs, **mine}
            elif name not in _KEPT and mine is None and theirs is not None:
                changes[name] = theirs
    evaluations = [run.evaluation for run in (first, *others) if run.evaluation]
    if len(evaluations) > 1:
        changes["evaluation"] = max(evaluations, key=lambda evaluation: evaluation.known_speedup is not None)
        changes["config"]["evaluations"] = _all_words(evaluations)
    return replace(first, **changes)


def _all_words(evaluations: Sequence[Evaluation]) -> str:
    words = []
    for evaluation in evaluations[:_NAMED]:
        ratio = evaluation.known_speedup
        words.append(f"{evaluation.status}{f' {ratio:.2f}x' if ratio is not None else ''} ({evaluation.source})")
    more = f"; {len(evaluations) - _NAMED} more" if len(evaluations) > _NAMED else ""
    return f"{len(evaluations)}: {'; '.join(words)}{more}"
