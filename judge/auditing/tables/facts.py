"""What is so, whatever anybody claimed: patches, whether they apply and parse, what the human commits say, timings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from judge.auditing import measures
from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import Table
from judge.auditing.context import Context
from judge.inputs.runs.recorded_values import claim_from_status

ORDER = 25
_MAX_BATCHES = 5000
_ONLY_IF_ANY = frozenset(
    {
        "patch unreadable",
        "patch in files that were not given",
        "patch could not be checked",
        "... that could not be checked",
    }
)
_Row = tuple[str | int | float | None, ...]


class _Facts:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._runs = 0
        self._states: Counter[str] = Counter()
        self._facts: Counter[str] = Counter()
        self._batches: Counter[str] = Counter()

    def add(self, audited: AuditedRun) -> None:
        self._runs += 1
        run = audited.run
        self._states[run.patch_state] += 1
        applies = measures.applies(audited)
        if measures.has_patch(audited):
            self._facts["applies" if applies else "does not apply" if applies is False else "not checked"] += 1
        if applies:
            self._facts["broken"] += measures.parses(audited) is False
            self._facts["identical"] += measures.identical(audited) is True
        if applies is False and measures.has_patch(audited):
            batch = "/".join(name for name in (run.repo, run.agent, run.model, run.run) if name)
            if batch in self._batches or len(self._batches) < _MAX_BATCHES:
                self._batches[batch] += 1
            self._facts["other commit"] += measures.other_commit(audited)
        if run.evaluation:
            self._facts["evaluated"] += 1
            success = claim_from_status(run.evaluation.status) == "success"
            self._facts["phantom"] += success and measures.speedup(audited) is None
            self._facts["timed"] += measures.timed(audited)

    def result(self) -> Sequence[Table]:
        facts, content = self._facts, self._states["yes"]
        rows: list[_Row] = [
            ("runs", self._runs, None, ""),
            ("patch empty", self._states["empty"], self._runs, ""),
            ("patch missing", self._states["missing"], self._runs, ""),
            ("patch with content", content, self._runs, ""),
            ("patch unreadable", self._states["unreadable"], self._runs, ""),
            ("patch in files that were not given", self._states["unknown"], self._runs, ""),
        ]
        if facts["applies"] or facts["does not apply"]:
            rows += self._checked(content)
        if self._context.humans.keys:
            rows += self._humans()
        rows += [
            ("evaluations recorded", facts["evaluated"], self._runs, ""),
            ("... with a number", facts["timed"], facts["evaluated"], ""),
            ("... a success without a number: phantom", facts["phantom"], facts["evaluated"], ""),
            ("files that could not be read", len(self._context.unread), None, ""),
        ]
        return [
            Table(
                name="facts",
                title="Facts",
                columns=("fact", "count", "of", "detail"),
                rows=[row for row in rows if row[1] or row[0] not in _ONLY_IF_ANY],
            )
        ]

    def _checked(self, content: int) -> list[_Row]:
        facts = self._facts
        misfits = facts["does not apply"]
        largest = sorted(self._batches.items(), key=lambda item: (-item[1], item[0]))[:1]
        return [
            ("patch applies to the recorded base", facts["applies"], content, ""),
            ("... and leaves a file that does not parse", facts["broken"], facts["applies"], ""),
            ("... and is the human's own edit", facts["identical"], facts["applies"], "comments and local names aside"),
            ("patch does not apply", misfits, content, ""),
            ("... as it was made against another commit", facts["other commit"], misfits, "see its pre-image blobs"),
            *(("... most of these in one run", count, misfits, batch) for batch, count in largest),
            ("patch could not be checked", facts["not checked"], content, ""),
        ]

    def _humans(self) -> list[_Row]:
        humans = self._context.humans
        tasks = len(humans.keys)
        blocked = ", ".join(f"{task} by {code}" for task, code in sorted(humans.blocked.items())[:5])
        return [
            ("human commits", tasks, None, ""),
            ("... that apply to the recorded base", humans.applied, tasks, ""),
            ("... that parse", humans.parsed, tasks, ""),
            ("... that pass every blocking gate", humans.passed, tasks, blocked and f"blocked: {blocked}"),
            ("... that could not be checked", len(humans.unchecked), tasks, ""),
        ]


def collect(context: Context) -> _Facts:
    """Start gathering."""
    return _Facts(context)
