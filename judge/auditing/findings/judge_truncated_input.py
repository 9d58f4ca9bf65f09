"""Finding judge-truncated-input."""

import re
from collections.abc import Iterator, Sequence

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import RunSet
from judge.auditing.collecting.collectors import UniqueJudgements, share
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.collecting.samples import EVALUATION, recorded_answer, sample
from judge.auditing.context import Context
from judge.auditing.stores.grouped_rows import GroupedRows
from judge.core.judgement import Errored
from judge.inputs.runs.judgement_file import JudgementKey, RecordedJudgement
from judge.static_checks.model.case import Candidate, UnreadablePatch, read_patch

AGREEING = 3
"""Patches that must be said to end at one and the same character. In the archive of ISO-Bench's judge 11 of 12
complaints about a line that breaks off point at character 5,000; no other place is named for more than two patches."""
_MOST_PLACES = 50

_BREAKS_OFF = re.compile(
    r"truncat|incomplete|ends with|ends mid|mid-line|cut off|trailing line|unfinished|dangling", re.IGNORECASE
)
_SENTENCE = re.compile(r"(?<=[.;])\s")
_QUOTED = re.compile(r"'([^'\n]{4,120})'|`([^`\n]{4,120})`|\"([^\"\n]{4,120})\"")


class _Collector:
    """Finds the character behind which the judge saw nothing: there it says that patches break off, and they go on."""

    def __init__(self, context: Context) -> None:
        self.judged = UniqueJudgements(context)
        self.places: dict[int, set[JudgementKey]] = {}
        self.complaints: set[JudgementKey] = set()
        self.rows = GroupedRows()

    def add(self, audited: AuditedRun) -> None:
        self.judged.add(audited)
        answered = [recorded for recorded in audited.run.judgements if not isinstance(recorded.judgement, Errored)]
        if not answered or (patch := _patch_text(audited)) is None:
            return
        self.rows.add("answered", audited, value=len(patch))
        for recorded in answered:
            for place in set(_breaks(recorded, patch)):
                self.places.setdefault(place, set()).add(recorded.key)
                self.complaints.add(recorded.key)

    def result(self) -> Sequence[Observation]:
        rows = next((rows for _, rows in self.rows.groups()), [])
        if not self.places:
            return ()
        limit, agreeing = max(self.places.items(), key=lambda item: (len(item[1]), -item[0]))
        if len(agreeing) < AGREEING or 2 * len(agreeing) < len(self.complaints):
            return ()
        runs = RunSet()
        for row in rows:
            if row.value > limit:
                runs.take(row.number, row.id)
        answered = self.judged.answered
        longer = sum(recorded.patch_size > limit for recorded in answered)
        message = (
            f"the judge saw {limit:,} characters of a patch and no more: {len(agreeing)} of {len(self.complaints)} "
            f"answers that blame a patch for breaking off quote it up to just there, where it goes on; "
            f"{share(longer, len(answered))} answers were given on longer patches"
        )
        details = {
            "characters": limit,
            "agreeing": len(agreeing),
            "complaints": len(self.complaints),
            "answers_on_longer": longer,
            "judgements_of_longer": sum(recorded.patch_size > limit for recorded in self.judged.all),
        }
        return [Observation(message=message, runs=runs, recovers=longer, details=details)]


def _patch_text(audited: AuditedRun) -> str | None:
    run = audited.run
    if run.patch is None:
        return None
    try:
        return read_patch(Candidate(id=run.id, case="", source=run.id, patch=run.patch)).decode("utf-8", "replace")
    except UnreadablePatch:
        return None


def _breaks(recorded: RecordedJudgement, patch: str) -> Iterator[int]:
    """Yield every place inside a line of the patch at which the answer says that the patch breaks off."""
    for text in (*recorded.stored.issues, recorded.stored.reasoning):
        for sentence in _SENTENCE.split(text):
            if _BREAKS_OFF.search(sentence):
                for groups in _QUOTED.findall(sentence):
                    yield from _ends(next(filter(None, groups)), patch)


def _ends(quote: str, patch: str) -> Iterator[int]:
    at = patch.find(quote)
    for _ in range(_MOST_PLACES):
        if at < 0:
            return
        end = at + len(quote)
        if end < len(patch) and patch[end] not in "\r\n":
            yield end
        at = patch.find(quote, at + 1)


def _complaint(item: str, quote: str) -> RecordedJudgement:
    evaluation = {**EVALUATION, "issues": (f"The patch is truncated: it ends with '{quote}'.",)}
    return recorded_answer(evaluation, item=item, size=45)


def _patch(line: str) -> bytes:
    return f"--- a/a.py\n+++ b/a.py\n@@ -1 +1,2 @@\n{line}\n".encode()


_LINES = {"a": "+one = first(12)", "b": "+two = other(34)", "c": "+six = third(56)"}

KIND = FindingKind(
    code="judge-truncated-input",
    title="The judge saw only the beginning of long patches",
    severity="block",
    why="A judge that is shown a cut patch takes the cut for the author's fault: a line that breaks off, a missing "
    "part, a syntax error. No answer on a patch longer than that counts.",
    mend="Send the whole patch, or judge it file by file; where something must be left out, say so in the question and "
    "let the answer count as partial.",
    bad=FindingExample(
        runs=tuple(
            sample(
                name, number=number, patch_state="yes", patch=_patch(line), judgements=(_complaint(name, line[:11]),)
            )
            for number, (name, line) in enumerate(_LINES.items())
        )
    ),
    good=FindingExample(
        runs=tuple(
            sample(name, number=number, patch_state="yes", patch=_patch(line), judgements=(_complaint(name, line),))
            for number, (name, line) in enumerate(_LINES.items())
        )
    ),
    collector=_Collector,
)
