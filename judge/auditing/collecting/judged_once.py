"""The recorded judgements of an audit, each once, whether they were given by themselves or came with runs."""

from __future__ import annotations

from collections.abc import Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.context import Context
from judge.core.judgement import Errored
from judge.inputs.runs.recorded_judgements import RecordedJudgement

Key = tuple[str, str, str, int]


def key_of(recorded: RecordedJudgement) -> Key:
    """Return what tells one recorded judgement from another."""
    return (recorded.run_id, recorded.item_id, recorded.commit, recorded.patch_size)


class Judged:
    """Every recorded judgement once."""

    def __init__(self, context: Context) -> None:
        """Start with those that were given by themselves."""
        self._all = {key_of(recorded): recorded for recorded in context.judgements}

    def add(self, audited: AuditedRun) -> None:
        """Take in those that came with a run."""
        for recorded in audited.run.judgements:
            self._all.setdefault(key_of(recorded), recorded)

    @property
    def all(self) -> Sequence[RecordedJudgement]:
        """All of them."""
        return list(self._all.values())

    @property
    def answered(self) -> Sequence[RecordedJudgement]:
        """Those in which the judge gave an answer."""
        return [recorded for recorded in self._all.values() if not isinstance(recorded.judgement, Errored)]
