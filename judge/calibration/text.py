"""Puts a calibration in words, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from judge.calibration.agreement import Agreement, Kappa
from judge.calibration.calibration import Calibration, Cost, RecordedCheck, VoteAgreement
from judge.lib.proportions import Interval, Share
from judge.reports.wording import visible
from judge.results.claims import ClaimRow
from judge.results.judge_tally import money, tally_lines

_UNKNOWN = "not known"


def render(found: Calibration) -> str:
    """Return all of it as text that ends with a newline; intervals are 95 %."""
    blocks = [_answers(found), *(_agreement(one) for one in found.agreements)]
    if found.without_verdict:
        named = ", ".join(visible(name) for name in found.without_verdict[:5])
        more = len(found.without_verdict) - 5
        blocks.append([f"labelled, but without a verdict: {named}{f' and {more} more' if more > 0 else ''}"])
    if found.votes:
        blocks.append(_votes(found.votes))
    if found.claims:
        blocks.append(_claims("claims of these judgements against what was checked", found.claims))
    if found.recorded:
        blocks.append(_recorded(found.recorded))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _answers(found: Calibration) -> list[str]:
    lines = [f"judge: {', '.join(map(visible, found.judges)) or 'none was asked'}", *tally_lines(found.tally)]
    if found.coverage.whole:
        lines.append(f"coverage: {_share(found.coverage)} of those it was asked about")
    if found.cost.per_judgement is not None:
        lines.append(_cost(found.cost))
    if found.flips.whole:
        lines.append(f"flipped when judged again with comments and strings made neutral: {_share(found.flips)}")
    return lines


def _cost(cost: Cost) -> str:
    each = money(cost.per_judgement) if cost.per_judgement is not None else _UNKNOWN
    judged = money(cost.per_judged) if cost.per_judged is not None else _UNKNOWN
    unknown = f"; of {cost.unknown} the cost is {_UNKNOWN}" if cost.unknown else ""
    return f"cost: {each} for each answer, {judged} for each judgement{unknown}"


def _agreement(found: Agreement) -> list[str]:
    missing = ", ".join(f"{why} {count}" for why, count in sorted(found.missing.items()))
    answered = found.accuracy.whole
    lines = [f"{found.field}: {found.labelled} labels, {answered} answered{f'; {missing}' if missing else ''}"]
    if found.bounds:
        lines.append(
            f"  right           {_share(found.accuracy)}; between {_percent(found.bounds.low)} and "
            f"{_percent(found.bounds.high)} of all asked, were what is missing wrong, or right"
        )
    lines.append(f"  kappa           {_kappa(found.kappa)}")
    if found.weighted:
        lines.append(f"  kappa, linear   {_kappa(found.weighted)}")
    if not answered:
        return lines
    positive = next(score for score in found.scores if score.name == found.positive)
    lines.append(
        f"  {found.positive!r} against all else: precision {_share(positive.precision)}, "
        f"recall {_share(positive.recall)}, specificity {_share(positive.specificity)}"
    )
    used = [n for n, score in enumerate(found.scores) if score.precision.whole or score.recall.whole]
    rows = [["label \\ judge", *(found.classes[n] for n in used), "precision", "recall"]]
    for n in used:
        score = found.scores[n]
        rows.append(
            [score.name, *(str(found.confusion[n][m]) for m in used), _share(score.precision), _share(score.recall)]
        )
    return [*lines, *_aligned(rows)]


def _votes(found: VoteAgreement) -> list[str]:
    return [
        f"votes: unanimous {_share(found.unanimous)}; pairs that agree {_share(found.pairs)}"
        + (f"; in different order {_share(found.across_orders)}" if found.across_orders.whole else "")
    ]


def _claims(title: str, rows: Iterable[ClaimRow]) -> list[str]:
    table = [["claim", "held against", "asserted", "not checkable", "wrong of the checked"]]
    table += [[row.claim, row.fact, str(row.asserted), str(row.unchecked), _share(row.wrong)] for row in rows]
    return [title, *_aligned(table)]


def _recorded(found: RecordedCheck) -> list[str]:
    only_chars = found.found - found.found_by_bytes
    as_stored = ", ".join(f"{name} {_percent(part.value or 0)}" for name, part in found.as_stored.items())
    lines = [
        f"recorded by another harness: {visible(found.judge)}, {found.judgements} judgements",
        f"  as its file counts them, failed answers included: {as_stored}",
        f"  no answer at all: {_reasons(found.errored)}; stored as failed patches: {found.stored_as_failed}",
        f"  answered, but decides nothing: {_reasons(found.abstained)}",
        f"  patches found by human commit and size: {found.found}"
        + (f" ({found.found_by_bytes} by bytes, {only_chars} more by characters)" if only_chars else "")
        + (f"; {found.ambiguous} ambiguous and not checked" if found.ambiguous else ""),
        f"  of these apply {found.applies}, parse {found.parses}, share a file with the human commit "
        f"{found.shares_file}",
        f"  apply and have a real answer: {found.answered}",
    ]
    return [*lines, *_claims("claims of the answers against the facts", found.claims)]


def _reasons(reasons: Mapping[str, int]) -> str:
    listed = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()))
    return f"{sum(reasons.values())} ({listed})" if reasons else "0"


def _kappa(found: Kappa) -> str:
    if found.value is None:
        return "not defined"
    span = _span(found.interval) if found.interval else f"no interval from {found.cases} cases"
    return f"{found.value:.2f} ({span})"


def _span(interval: Interval) -> str:
    return f"{interval.low:.2f} to {interval.high:.2f}"


def _share(found: Share) -> str:
    if found.value is None or found.interval is None:
        return "0 of 0"
    low, high = (_percent(bound).removesuffix(" %") for bound in found.interval)
    return f"{found.part} of {found.whole} = {_percent(found.value)} ({low} to {high})"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        yield ("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
