"""How much a judge's word is worth: against labels, against facts, against itself, and what it cost. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from judge.calibration.agreement import Agreement, Compared, agree
from judge.calibration.labels import LABEL_CATEGORIES, Label
from judge.core.judgement import Abstained, Errored, Judged, NotAsked, Vote
from judge.inputs.runs.judgement_file import JudgementIndex, RecordedJudgement
from judge.lib.proportions import Share, share
from judge.results.claims import ClaimRow, PatchFacts, check_claims, facts_of_record, tabulate, tabulate_own
from judge.results.judge_tally import JudgeTally, tally
from judge.results.record import VerdictRecord


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What the answers cost, US dollars.

    Attributes:
        known_usd: the sum where it is known.
        unknown: answers whose cost is not known; the others' is what the rest of this value is about.
        per_judgement: mean over all answers with a known cost, failed ones included.
        per_judged: the same money over those that are judgements; None as soon as one cost is not known.
    """

    known_usd: float
    unknown: int
    per_judgement: float | None
    per_judged: float | None


@dataclass(frozen=True, kw_only=True)
class VoteAgreement:
    """How far several answers to one question agree.

    Attributes:
        unanimous: of the candidates with several votes, those whose votes all are the same match.
        pairs: of all pairs of votes with a match, those with the same match.
        across_orders: the same, of pairs that read the two changes in different order.
    """

    unanimous: Share
    pairs: Share
    across_orders: Share


@dataclass(frozen=True, kw_only=True)
class RecordedCheck:
    """Judgements that another harness recorded, against the facts of the patches they were about.

    Attributes:
        judgements: how many there are.
        errored: those that never were an answer, by reason.
        abstained: those that decide nothing, by reason.
        stored_as_failed: of the errored, how many the file itself stores as a failed patch.
        as_stored: what a count of the file's fields gives, failed answers taken at face value.
        found: how many patches were found among the verdicts, by human commit and size.
        found_by_bytes: of these, how many by their size in bytes; the others by characters only.
        ambiguous: found more than once, with facts that differ; nothing is checked there.
        applies: patches found that apply; the next two are among them.
        parses: and leave every file parseable.
        shares_file: and touch a file that the human commit touches.
        answered: patches that apply and of which there is a real answer.
        claims: what the answers asserted, against the facts.
    """

    judge: str
    judgements: int
    errored: Mapping[str, int]
    abstained: Mapping[str, int]
    stored_as_failed: int
    as_stored: Mapping[str, Share]
    found: int
    found_by_bytes: int
    ambiguous: int
    applies: int
    parses: int
    shares_file: int
    answered: int
    claims: tuple[ClaimRow, ...]


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """All that can be said of the judge of a run.

    Attributes:
        judges: who spoke.
        tally: what became of it.
        coverage: judgements among all that it was asked.
        agreements: one for each field that the labels hold.
        without_verdict: labelled candidates that the run has no verdict of.
        votes: None where no candidate has several votes.
        flips: of the candidates judged again with comments and strings made neutral, those where another answer came.
        claims: what its answers asserted, against what code could check.
        recorded: what another harness recorded, where that was given.
    """

    judges: tuple[str, ...]
    tally: JudgeTally
    coverage: Share
    agreements: tuple[Agreement, ...]
    without_verdict: tuple[str, ...]
    cost: Cost
    votes: VoteAgreement | None
    flips: Share
    claims: tuple[ClaimRow, ...]
    recorded: RecordedCheck | None


def calibrate(
    records: Sequence[VerdictRecord], labels: Sequence[Label] = (), recorded: Sequence[RecordedJudgement] = ()
) -> Calibration:
    """Compare the judgements of a run with labels, facts and one another."""
    judgements = [record.judgement for record in records]
    answers = [judgement for judgement in judgements if not isinstance(judgement, NotAsked)]
    graded = {record.id: record for record in records}
    return Calibration(
        judges=tuple(sorted({answer.judge for answer in answers})),
        tally=tally(judgements),
        coverage=share(sum(isinstance(answer, Judged) for answer in answers), len(answers)),
        agreements=tuple(_agreements(graded, labels)),
        without_verdict=tuple(label.id for label in labels if label.id not in graded),
        cost=_cost(answers),
        votes=_votes(answers),
        flips=_flips(answers),
        claims=tabulate_own(judgements),
        recorded=check_recorded(recorded, records) if recorded else None,
    )


def _agreements(graded: Mapping[str, VerdictRecord], labels: Sequence[Label]) -> Iterable[Agreement]:
    logic = [_logic(graded.get(label.id), label.logic_match) for label in labels if label.logic_match is not None]
    if logic:
        classes = ("none", "partial", "full")
        yield agree(logic, field="logic_match", classes=classes, positive="full", ordered=True)
    category = [_category(graded.get(label.id), label.category) for label in labels if label.category is not None]
    if category:
        yield agree(category, field="category", classes=LABEL_CATEGORIES, positive="true_success", ordered=False)


def _logic(record: VerdictRecord | None, label: str) -> Compared:
    if record is None:
        return Compared(case="", label=label, answer=None, missing="no-verdict")
    match record.judgement:
        case Judged(logic_match=logic_match):
            return Compared(case=record.case.id, label=label, answer=logic_match)
        case Abstained():
            return Compared(case=record.case.id, label=label, answer=None, missing="abstained")
        case Errored():
            return Compared(case=record.case.id, label=label, answer=None, missing="error")
        case NotAsked():
            return Compared(case=record.case.id, label=label, answer=None, missing="not-asked")


def _category(record: VerdictRecord | None, label: str) -> Compared:
    """An undetermined verdict is no answer, whichever stage left it open."""
    if record is None:
        return Compared(case="", label=label, answer=None, missing="no-verdict")
    if record.verdict == "undetermined":
        return Compared(
            case=record.case.id, label=label, answer=None, missing="error" if record.ungraded else "abstained"
        )
    return Compared(case=record.case.id, label=label, answer=record.verdict)


def _cost(answers: Sequence[Judged | Abstained | Errored]) -> Cost:
    """Answers without a count of tokens were not bought: the offline judge, an old file."""
    bought = [answer for answer in answers if answer.tokens is not None or answer.cost_usd is not None]
    known = [answer.cost_usd for answer in bought if answer.cost_usd is not None]
    judged = sum(isinstance(answer, Judged) for answer in bought)
    complete = len(known) == len(bought)
    return Cost(
        known_usd=sum(known),
        unknown=len(bought) - len(known),
        per_judgement=sum(known) / len(known) if known else None,
        per_judged=sum(known) / judged if complete and judged else None,
    )


def _votes(answers: Sequence[Judged | Abstained | Errored]) -> VoteAgreement | None:
    ballots = [answer.votes for answer in answers if len(answer.votes) > 1]
    if not ballots:
        return None
    pairs = [pair for votes in ballots for pair in combinations([v for v in votes if v.logic_match is not None], 2)]
    crossed = [(left, right) for left, right in pairs if left.order != right.order]
    return VoteAgreement(
        unanimous=share(sum(_unanimous(votes) for votes in ballots), len(ballots)),
        pairs=_same(pairs),
        across_orders=_same(crossed),
    )


def _unanimous(votes: Sequence[Vote]) -> bool:
    matches = {vote.logic_match for vote in votes}
    return len(matches) == 1 and None not in matches


def _same(pairs: Sequence[tuple[Vote, Vote]]) -> Share:
    return share(sum(left.logic_match == right.logic_match for left, right in pairs), len(pairs))


def _flips(answers: Sequence[Judged | Abstained | Errored]) -> Share:
    code_sets = [{finding.code for finding in answer.findings} for answer in answers]
    again = [codes for codes in code_sets if "judge-injection-signs" in codes]
    return share(sum("judge-injection-flip" in codes for codes in again), len(again))


def check_recorded(recorded: Sequence[RecordedJudgement], records: Iterable[VerdictRecord]) -> RecordedCheck:
    """Find the judged patches again among graded ones, and hold the answers against their facts."""
    hits = _find(recorded, records)
    facts: list[PatchFacts | None] = []
    ambiguous = 0
    for matches in hits:
        kinds = {facts_of_record(record) for record in matches}
        ambiguous += len(kinds) > 1
        facts.append(kinds.pop() if len(kinds) == 1 else None)
    errored = Counter(entry.judgement.reason for entry in recorded if isinstance(entry.judgement, Errored))
    applied = [fact for fact in facts if fact is not None and fact.applies]
    both = list(zip(recorded, facts, strict=True))
    return RecordedCheck(
        judge=", ".join(sorted({entry.judgement.judge for entry in recorded})),
        judgements=len(recorded),
        errored=errored,
        abstained=Counter(entry.judgement.reason for entry in recorded if isinstance(entry.judgement, Abstained)),
        stored_as_failed=sum(
            isinstance(entry.judgement, Errored) and not entry.stored.true_success for entry in recorded
        ),
        as_stored=_as_stored(recorded),
        found=sum(bool(matches) for matches in hits),
        found_by_bytes=sum(
            any(record.patch_bytes == entry.patch_size for record in matches)
            for entry, matches in zip(recorded, hits, strict=True)
        ),
        ambiguous=ambiguous,
        applies=len(applied),
        parses=sum(fact.parses is True for fact in applied),
        shares_file=sum(fact.shares_file is True for fact in applied),
        answered=sum(bool(entry.claims and fact and fact.applies) for entry, fact in both),
        claims=tabulate(claim for entry, fact in both for claim in check_claims(entry.claims, fact)),
    )


def _as_stored(recorded: Sequence[RecordedJudgement]) -> Mapping[str, Share]:
    stored = [entry.stored for entry in recorded]
    counts = {
        "syntax errors": sum(not evaluation.syntax_correct for evaluation in stored),
        "template code": sum(evaluation.is_template_code for evaluation in stored),
        "wrong files": sum(not evaluation.files_match for evaluation in stored),
        "true success": sum(evaluation.true_success for evaluation in stored),
    }
    return {name: share(count, len(stored)) for name, count in counts.items()}


def _find(recorded: Sequence[RecordedJudgement], records: Iterable[VerdictRecord]) -> list[list[VerdictRecord]]:
    """Return the graded patches that each judgement may be about."""
    index = JudgementIndex(recorded)
    hits: dict[int, list[VerdictRecord]] = {id(entry): [] for entry in recorded}
    for record in records:
        if record.patch_bytes is None:
            continue
        chars = record.patch_bytes if record.patch_chars is None else record.patch_chars
        for entry in index.find(record.case.human, size_bytes=record.patch_bytes, size_chars=chars):
            hits[id(entry)].append(record)
    return [hits[id(entry)] for entry in recorded]
