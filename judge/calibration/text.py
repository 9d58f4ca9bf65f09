"""Puts a calibration in words, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from judge.calibration.agreement import Agreement, Kappa
from judge.calibration.calibration import Calibration, Cost, RecordedCheck, VoteAgreement
from judge.lib.proportions import Bounds, Share
from judge.lib.tables import column_lines
from judge.reports.wording import visible
from judge.results.claims import ClaimRow
from judge.results.judge_tally import money, tally_lines

_UNKNOWN = "not known"


def render(calibration: Calibration) -> str:
    """Return all of it as text that ends with a newline; intervals are 95 %."""
    blocks = [_answers(calibration), *(_agreement(agreement) for agreement in calibration.agreements)]
    if calibration.without_verdict:
        named = ", ".join(visible(name) for name in calibration.without_verdict[:5])
        more = len(calibration.without_verdict) - 5
        blocks.append([f"labelled, but without a verdict: {named}{f' and {more} more' if more > 0 else ''}"])
    if calibration.votes:
        blocks.append(_votes(calibration.votes))
    if calibration.claims:
        blocks.append(_claims("claims of these judgements against what was checked", calibration.claims))
    if calibration.recorded:
        blocks.append(_recorded(calibration.recorded))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _answers(calibration: Calibration) -> list[str]:
    lines = [
        f"judge: {', '.join(map(visible, calibration.judges)) or 'none was asked'}",
        *tally_lines(calibration.tally),
    ]
    if calibration.coverage.whole:
        lines.append(f"coverage: {_share(calibration.coverage)} of those it was asked about")
    if calibration.cost.per_judgement is not None:
        lines.append(_cost(calibration.cost))
    if calibration.flips.whole:
        lines.append(f"flipped when judged again with comments and strings made neutral: {_share(calibration.flips)}")
    return lines


def _cost(cost: Cost) -> str:
    each = money(cost.per_judgement) if cost.per_judgement is not None else _UNKNOWN
    judged = money(cost.per_judged) if cost.per_judged is not None else _UNKNOWN
    unknown = f"; of {cost.unknown} the cost is {_UNKNOWN}" if cost.unknown else ""
    return f"cost: {each} for each answer, {judged} for each judgement{unknown}"


def _agreement(agreement: Agreement) -> list[str]:
    missing = ", ".join(f"{why} {count}" for why, count in sorted(agreement.missing.items()))
    answered = agreement.accuracy.whole
    lines = [f"{agreement.field}: {agreement.labelled} labels, {answered} answered{f'; {missing}' if missing else ''}"]
    if agreement.bounds:
        lines.append(
            f"  right           {_share(agreement.accuracy)}; between {_percent(agreement.bounds.low)} and "
            f"{_percent(agreement.bounds.high)} of all asked, were what is missing wrong, or right"
        )
    lines.append(f"  kappa           {_kappa(agreement.kappa)}")
    if agreement.weighted:
        lines.append(f"  kappa, linear   {_kappa(agreement.weighted)}")
    if not answered:
        return lines
    positive = next(score for score in agreement.scores if score.name == agreement.positive)
    lines.append(
        f"  {agreement.positive!r} against all else: precision {_share(positive.precision)}, "
        f"recall {_share(positive.recall)}, specificity {_share(positive.specificity)}"
    )
    used = [n for n, score in enumerate(agreement.scores) if score.precision.whole or score.recall.whole]
    heading = ["label \\ judge", *(agreement.classes[n] for n in used), "precision", "recall"]
    rows = []
    for n in used:
        score = agreement.scores[n]
        rows.append(
            [score.name, *(str(agreement.confusion[n][m]) for m in used), _share(score.precision), _share(score.recall)]
        )
    return [*lines, *column_lines(heading, rows)]


def _votes(votes: VoteAgreement) -> list[str]:
    return [
        f"votes: unanimous {_share(votes.unanimous)}; pairs that agree {_share(votes.pairs)}"
        + (f"; in different order {_share(votes.across_orders)}" if votes.across_orders.whole else "")
    ]


def _claims(title: str, rows: Iterable[ClaimRow]) -> list[str]:
    heading = ["claim", "held against", "asserted", "not checkable", "wrong of the checked"]
    table = [[row.claim, row.fact, str(row.asserted), str(row.unchecked), _share(row.wrong)] for row in rows]
    return [title, *column_lines(heading, table)]


def _recorded(check: RecordedCheck) -> list[str]:
    only_chars = check.found - check.found_by_bytes
    as_stored = ", ".join(f"{name} {_percent(part.value or 0)}" for name, part in check.as_stored.items())
    lines = [
        f"recorded by another harness: {visible(check.judge)}, {check.judgements} judgements",
        f"  as its file counts them, failed answers included: {as_stored}",
        f"  no answer at all: {_reasons(check.errored)}; stored as failed patches: {check.stored_as_failed}",
        f"  answered, but decides nothing: {_reasons(check.abstained)}",
        f"  patches found by human commit and size: {check.found}"
        + (f" ({check.found_by_bytes} by bytes, {only_chars} more by characters)" if only_chars else "")
        + (f"; {check.ambiguous} ambiguous and not checked" if check.ambiguous else ""),
        f"  of these apply {check.applies}, parse {check.parses}, share a file with the human commit "
        f"{check.shares_file}",
        f"  apply and have a real answer: {check.answered}",
    ]
    return [*lines, *_claims("claims of the answers against the facts", check.claims)]


def _reasons(reasons: Mapping[str, int]) -> str:
    listed = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()))
    return f"{sum(reasons.values())} ({listed})" if reasons else "0"


def _kappa(estimate: Kappa) -> str:
    if estimate.value is None:
        return "not defined"
    span = _span(estimate.interval) if estimate.interval else f"no interval from {estimate.cases} cases"
    return f"{estimate.value:.2f} ({span})"


def _span(interval: Bounds) -> str:
    return f"{interval.low:.2f} to {interval.high:.2f}"


def _share(proportion: Share) -> str:
    if proportion.value is None or proportion.interval is None:
        return "0 of 0"
    low, high = (_percent(bound).removesuffix(" %") for bound in proportion.interval)
    return f"{proportion.part} of {proportion.whole} = {_percent(proportion.value)} ({low} to {high})"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"
