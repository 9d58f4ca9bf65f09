"""How a record is put in a few words, the same in every report."""

from __future__ import annotations

from judge.core.judgement import Abstained, Errored, Judged, NotAsked
from judge.core.timing import Broken, NotTimed, Timed
from judge.core.verdict import SPEED_WORDS
from judge.results.record import VerdictRecord


def visible(text: str) -> str:
    """Return text on one line with nothing a terminal or reader would act on: controls become escapes."""
    return "".join(char if char.isprintable() else _escape(char) for char in " ".join(text.split()))


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def figure(value: float) -> str:
    """Return a number with the digits that say something: `0.0341`, `12.5`, `1,260`."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


_STAGES = ("logic-", "judge-", "timing-", "outputs-", "tests-")


def cause(record: VerdictRecord) -> str:
    """Return in one line why the verdict is what it is: the cause, not its consequences."""
    return visible(_cause(record))


def _cause(record: VerdictRecord) -> str:
    on_gates = [reason.message for reason in record.reasons if not reason.code.startswith(_STAGES)]
    on_outputs = [reason.message for reason in record.reasons if reason.code.startswith(("outputs-", "tests-"))]
    on_logic = [reason.message for reason in record.reasons if reason.code.startswith(("logic-", "judge-"))]
    on_speed = [reason.message for reason in record.reasons if reason.code.startswith("timing-")]
    if on_gates:
        return on_gates[0]
    if isinstance(record.timing, Broken):
        return on_speed[0]
    if on_outputs:
        return on_outputs[0]
    if record.true_success or record.verdict in ("partial_success", "lucky_win"):
        return "; ".join(on_logic)
    if isinstance(record.timing, Timed):
        same = ", same outputs" if record.timing.status == "improved" else ""
        on_speed = [SPEED_WORDS[record.timing.status] + same]
    if isinstance(record.judgement, Abstained):
        on_logic = [record.judgement.message]
    return "; ".join([*on_speed, *on_logic, *warnings(record)])


def case_fault(record: VerdictRecord) -> str:
    """Return why the case of a candidate cannot be graded at all, which is no matter of the candidate; else empty."""
    return next((visible(reason.message) for reason in record.reasons if reason.code == "apply-case"), "")


def warnings(record: VerdictRecord) -> list[str]:
    """Return the rules that warn of something a reader should look at, as one remark or none."""
    warned = (f for gate in record.gates.values() for f in gate.findings if f.severity == "warn")
    codes = list(dict.fromkeys(finding.code for finding in warned))
    return [f"see {', '.join(codes)}"] if codes else []


def logic(record: VerdictRecord) -> str:
    """Return what the judge said, in a word."""
    match record.judgement:
        case Judged(logic_match=match):
            return {"full": "match", "partial": "partial", "none": "mismatch"}[match]
        case Abstained():
            return "not judged"
        case Errored():
            return "judge error"
        case NotAsked():
            return "-"


def ratio(speedup: float, ci: tuple[float, float] | None) -> str:
    """Return a speed-up with its interval; only a recorded one may have none."""
    return f"{speedup:.2f}x [{ci[0]:.2f}, {ci[1]:.2f}]" if ci else f"{speedup:.2f}x (recorded)"


def human_share(record: VerdictRecord) -> str:
    """Return the share of the human's gain with its interval; empty where it is not known."""
    timing = record.timing
    if not isinstance(timing, Timed) or timing.recovered is None:
        return ""
    interval = f" [{timing.recovered_ci[0]:.0%}, {timing.recovered_ci[1]:.0%}]" if timing.recovered_ci else ""
    return f"{timing.recovered:.0%}{interval}"


def speed(record: VerdictRecord) -> str:
    """Return the speed-up with its interval, or why there is none, in a word."""
    match record.timing:
        case Timed(speedup=speedup, ci=interval):
            return ratio(speedup, interval)
        case Broken():
            return "crashed"
        case NotTimed(status="error"):
            return "timing error"
        case NotTimed():
            return "-"


def outputs(record: VerdictRecord) -> str:
    """Return whether the outputs stayed the same."""
    return record.timing.outputs if isinstance(record.timing, Timed | Broken) else "-"
