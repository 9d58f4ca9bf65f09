"""What most collectors need: the runs that a test picks, grouped by a word, and each recorded judgement once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import Accumulator, RunSet
from judge.auditing.collecting.finding_kind import Observation
from judge.auditing.context import Context
from judge.core.judgement import Errored
from judge.inputs.runs.judgement_file import RecordedJudgement
from judge.inputs.runs.recorded_run import RecordedRun
from judge.inputs.runs.recorded_values import claim_from_status

MAX_GROUPS = 1000
"""Messages hold paths and numbers, so that their number is not bounded by anything; more are counted, not named."""


@dataclass(kw_only=True)
class Group:
    """The runs of one word, and how many of them have a patch but no number."""

    label: str
    runs: RunSet = field(default_factory=RunSet)
    recovers: int = 0


class Groups:
    """Runs by a word: a module, a message, a commit."""

    def __init__(self, most: int = MAX_GROUPS) -> None:
        """Start empty; of more than `most` words the runs are only counted."""
        self._groups: dict[str, Group] = {}
        self._most = most
        self.unnamed = 0

    def add(self, label: str, audited: AuditedRun) -> None:
        """Put a run in the group of a word."""
        group = self._groups.get(label)
        if group is None:
            if len(self._groups) >= self._most:
                self.unnamed += 1
                return
            group = self._groups[label] = Group(label=label)
        group.runs.add(audited)
        group.recovers += recoverable(audited.run)

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[Group]:
        """Yield the groups, the largest first, then by word."""
        return iter(sorted(self._groups.values(), key=lambda group: (-len(group.runs), group.label)))

    def count(self, label: str) -> int:
        """Return how many runs a word has."""
        return len(self._groups[label].runs) if label in self._groups else 0

    def table(self, name: str, most: int = 50) -> dict[str, object]:
        """Return the groups for `details`, the largest first; what is left out is counted."""
        groups = list(self)
        rest = sum(len(group.runs) for group in groups[most:]) + self.unnamed
        return {
            f"by_{name}": [
                {
                    name: group.label,
                    "runs": len(group.runs),
                    "recovers": group.recovers,
                    "examples": list(group.runs.examples),
                }
                for group in groups[:most]
            ],
            "runs_of_further": rest,
        }


class Picked:
    """The runs that a test picks out of those it is about."""

    def __init__(
        self,
        pick: Callable[[AuditedRun], str | None],
        conclude: Callable[[Picked], Sequence[Observation]],
        among: Callable[[AuditedRun], bool],
    ) -> None:
        """Start empty.

        Args:
            pick: returns the word of a run that is picked, None for one that is not.
            conclude: makes the findings; called only if a run was picked.
            among: which runs the test is about; the others are not counted.
        """
        self._pick = pick
        self._conclude = conclude
        self._among = among
        self.among = 0
        self.runs = RunSet()
        self.groups = Groups()
        self.recovers = 0

    def add(self, audited: AuditedRun) -> None:
        """Test one run."""
        if not self._among(audited):
            return
        self.among += 1
        word = self._pick(audited)
        if word is not None:
            self.runs.add(audited)
            self.groups.add(word, audited)
            self.recovers += recoverable(audited.run)

    def result(self) -> Sequence[Observation]:
        """Return what there is to say of the runs picked."""
        return self._conclude(self) if len(self.runs) else ()


def picking(
    pick: Callable[[AuditedRun], str | None],
    conclude: Callable[[Picked], Sequence[Observation]],
    among: Callable[[AuditedRun], bool] = lambda audited: True,
) -> Callable[[Context], Accumulator[Sequence[Observation]]]:
    """Return a collector of the runs that `pick` gives a word."""
    return lambda context: Picked(pick, conclude, among)


class UniqueJudgements:
    """The recorded judgements of an audit, each once, whether they were given by themselves or came with runs."""

    def __init__(self, context: Context) -> None:
        """Start with those that were given by themselves."""
        self._all = {recorded.key: recorded for recorded in context.judgements}

    def add(self, audited: AuditedRun) -> None:
        """Take in those that came with a run."""
        for recorded in audited.run.judgements:
            self._all.setdefault(recorded.key, recorded)

    @property
    def all(self) -> Sequence[RecordedJudgement]:
        """All of them."""
        return list(self._all.values())

    @property
    def answered(self) -> Sequence[RecordedJudgement]:
        """Those in which the judge gave an answer."""
        return [recorded for recorded in self._all.values() if not isinstance(recorded.judgement, Errored)]


def recoverable(run: RecordedRun) -> bool:
    """Whether a run has a patch to time and an evaluation without a speed-up: what mending a harness wins back."""
    return run.patch_state == "yes" and run.evaluation is not None and run.evaluation.known_speedup is None


def task_label(run: RecordedRun) -> str:
    """Name a run's task: repository and human commit, else what else tells it from others."""
    return f"{run.repo or ''} {run.human[:8] if run.human else run.item or run.id}".strip()


def describes_process(run: RecordedRun) -> bool:
    """Whether a run's record tells of the agent's process, and not only of what became of its patch."""
    known = (run.returncode, run.duration_s, run.steps, run.error, run.error_type, run.tokens_input, run.tokens_output)
    return (
        bool(run.logs) or any(value is not None for value in known) or claim_from_status(run.claimed_status) is not None
    )


def count(number: int, noun: str) -> str:
    """Say how many: `1 message`, `3 messages`, `3 patches`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{'es' if noun.endswith('ch') else 's'}"


def share(part: int, whole: int) -> str:
    """Say a part of a whole: `3 of 12 (25.0 %)`."""
    return f"{part} of {whole} ({part / whole:.1%})".replace("%", " %") if whole else f"{part} of {whole}"


def cut(text: str, most: int = 200) -> str:
    """Return text on one line, its end left out visibly if it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 4] + " ..."
