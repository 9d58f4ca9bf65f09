"""Reads judgements that another harness stored, and says what each is worth; a failed judge is no failed patch.

The layout is a JSON list, one entry for each commit, of `{commit, evaluated_attempts: [{run_id, item_id, status,
patch_size, evaluation}]}`; the evaluations have the flat yes/no schema of early patch judges.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from judge.core.judgement import Abstained, Errored
from judge.errors import UsageError

_EMPTY = "No JSON found in response:"
_FAILED = ("Could not evaluate", "Evaluation error")

SHORTEST_COMMIT = 7
"""Fewer digits than git's own abbreviation name no commit."""


class LegacyEvaluation(BaseModel):
    """The flat schema: facts and opinions asked in one breath, and a verdict on top."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    syntax_correct: bool
    files_match: bool
    optimization_logic_match: bool
    is_complete: bool
    is_template_code: bool
    quality_score: float
    issues: tuple[str, ...]
    reasoning: str
    true_success: bool


class _Attempt(BaseModel):
    model_config = ConfigDict(frozen=True)

    run_id: str
    item_id: str
    status: str
    patch_size: int
    evaluation: LegacyEvaluation


class _Commit(BaseModel):
    model_config = ConfigDict(frozen=True)

    commit: str
    total_attempts: int = 0
    human_files: tuple[str, ...]
    evaluated_attempts: tuple[_Attempt, ...]


JudgementKey = tuple[str, str, str, int]


@dataclass(frozen=True, kw_only=True)
class RecordedJudgement:
    """What a stored evaluation is worth.

    Attributes:
        run_id: the run as its harness named it.
        item_id: the task of the run.
        commit: the human commit, as abbreviated in the file.
        status: what the harness recorded for the run.
        patch_size: size of the judged patch in characters.
        judgement: `Errored` where the judge never answered; `Abstained` where it answered without the
            human change before it, so that its word on the logic decides nothing.
        claims: what an answer asserted, by name of the claim; empty if there was no answer.
        stored: the evaluation as it stands in the file.
    """

    run_id: str
    item_id: str
    commit: str
    status: str
    patch_size: int
    judgement: Errored | Abstained
    claims: Mapping[str, bool] = field(default_factory=dict)
    stored: LegacyEvaluation

    @property
    def key(self) -> JudgementKey:
        """What tells it from another one."""
        return (self.run_id, self.item_id, self.commit, self.patch_size)


class JudgementIndex:
    """Recorded judgements, to be found by the human commit and the size of the judged patch.

    The names that a harness gave its runs mean nothing elsewhere, so commit and size are all there is. Of one
    patch there may be several judgements: agents at times leave the same patch twice.
    """

    def __init__(self, recorded: Iterable[RecordedJudgement]) -> None:
        """Index `recorded`."""
        self.all = tuple(recorded)
        self._by_size: dict[int, list[RecordedJudgement]] = defaultdict(list)
        for judgement in self.all:
            self._by_size[judgement.patch_size].append(judgement)

    def find(self, human: str | None, *, size_bytes: int, size_chars: int) -> tuple[RecordedJudgement, ...]:
        """Return the judgements of a patch of this size for this human commit; harnesses count either."""
        if human is None:
            return ()
        return tuple(
            judgement
            for length in sorted({size_bytes, size_chars})
            for judgement in self._by_size.get(length, ())
            if same_commit(human, judgement.commit)
        )


def same_commit(left: str, right: str) -> bool:
    """Whether two commit ids, either of them possibly cut short, name one commit."""
    length = min(len(left), len(right))
    return length >= SHORTEST_COMMIT and left[:length].lower() == right[:length].lower()


@dataclass(frozen=True, kw_only=True)
class JudgementScope:
    """What a file of evaluations is about: its commits, their attempts, and what the judge was not shown."""

    commits: int
    attempts: int
    without_human: int


def read_scope(path: Path) -> JudgementScope:
    """Read what such a file is about.

    Raises:
        UsageError: see `read_recorded_judgements`.
    """
    commits = _read(path)
    return JudgementScope(
        commits=len(commits),
        attempts=sum(commit.total_attempts for commit in commits),
        without_human=sum(not commit.human_files for commit in commits),
    )


def is_judgement_file(content: bytes) -> bool:
    """Whether a file looks like such a list, from its first bytes."""
    return content.lstrip()[:1] == b"[" and b'"evaluated_attempts"' in content[: 1 << 16]


def read_recorded_judgements(path: Path, *, judge: str = "gpt-5 (recorded)") -> tuple[RecordedJudgement, ...]:
    """Read such a file.

    Raises:
        UsageError: it cannot be read or has another layout; the message names the place.
    """
    return tuple(_weigh(commit, attempt, judge) for commit in _read(path) for attempt in commit.evaluated_attempts)


def _read(path: Path) -> tuple[_Commit, ...]:
    try:
        return TypeAdapter(tuple[_Commit, ...]).validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}: no list of recorded evaluations: {place}: {first['msg']}") from error


def _weigh(commit: _Commit, attempt: _Attempt, judge: str) -> RecordedJudgement:
    evaluation = attempt.evaluation
    failed = evaluation.reasoning.startswith(_FAILED)
    judgement: Errored | Abstained
    if failed:
        empty = _EMPTY in evaluation.reasoning and not evaluation.reasoning.partition(_EMPTY)[2].strip()
        judgement = Errored(
            judge=judge,
            scope="recorded answer",
            reason="empty" if empty else "unreadable-reply",
            message="the model's reply was empty" if empty else f"no answer was stored: {evaluation.reasoning}",
        )
    else:
        judgement = Abstained(
            judge=judge,
            scope="recorded answer",
            reason="no-ground-truth" if not commit.human_files else "flat-schema",
            message="the judge was shown no human change, so its word on the logic is no comparison"
            if not commit.human_files
            else "the answer names no units of the human change",
        )
    claims = (
        {} if failed else {name: value for name, value in evaluation.model_dump().items() if isinstance(value, bool)}
    )
    return RecordedJudgement(
        run_id=attempt.run_id,
        item_id=attempt.item_id,
        commit=commit.commit,
        status=attempt.status,
        patch_size=attempt.patch_size,
        judgement=judgement,
        claims=claims,
        stored=evaluation,
    )
