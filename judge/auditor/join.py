"""Several descriptions of one run become one; recorded judgements find the runs they were made on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace

from judge.auditor.run import Run
from judge.recorded import RecordedJudgement

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


class Judgements:
    """Recorded judgements, to be found by the human commit and the size of the patch that was judged.

    The names that another harness gave its runs need not be those of the tree, so commit and size are all
    there is. A size is compared in characters first, as a judge's script counts the text that it read.
    """

    def __init__(self, recorded: Iterable[RecordedJudgement]) -> None:
        """Index `recorded`."""
        self.all = tuple(recorded)
        self._by_size: Mapping[int, list[RecordedJudgement]] = defaultdict(list)
        for judgement in self.all:
            self._by_size[judgement.patch_size].append(judgement)

    def of(self, human: str | None, patch: bytes) -> tuple[RecordedJudgement, ...]:
        """Return the judgements made on a patch for a human commit."""
        if human is None or not patch:
            return ()
        sizes = {len(patch.decode("utf-8", "replace")), len(patch)}
        found = (judgement for size in sorted(sizes) for judgement in self._by_size.get(size, ()))
        return tuple(judgement for judgement in found if human.startswith(judgement.commit))
