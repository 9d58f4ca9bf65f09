"""Several descriptions of one run become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from judge.auditor.run import Run

_KEPT = frozenset({"key", "id", "layout"})
_UNITED = frozenset({"sources", "logs", "judgements"})
_STATES = ("yes", "empty", "unreadable", "missing", "unknown")


def join(descriptions: Sequence[Run]) -> Run:
    """Join the descriptions of one run: the first one's word counts, the others fill in what it does not say.

    The description that knows the patch itself comes first: it stands closest to what the agent left.
    """
    first, *others = sorted(descriptions, key=lambda run: (_STATES.index(run.patch_state), run.layout))
    if not others:
        return first
    changes: dict[str, object] = {}
    for other in others:
        for name in (field.name for field in fields(Run)):
            mine, theirs = changes.get(name, getattr(first, name)), getattr(other, name)
            if name in _UNITED:
                changes[name] = tuple(dict.fromkeys((*mine, *theirs)))
            elif name == "config":
                changes[name] = {**theirs, **mine}
            elif name not in _KEPT and mine is None and theirs is not None:
                changes[name] = theirs
    return replace(first, **changes)  # type: ignore[arg-type]  # the values come from the same fields
