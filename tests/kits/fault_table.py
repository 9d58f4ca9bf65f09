"""Every fault of a provider and what comes of it: the data of the test and, printed, the table in the README."""

from __future__ import annotations

from dataclasses import dataclass

from fake_replies import ABSENT, FAULTS

from judge.llm.providers.retry import QUESTIONS
from judge.llm.reply import FATAL, FailureReason


@dataclass(frozen=True, kw_only=True)
class Row:
    """One fault that stays, and what comes of it.

    Attributes:
        faults: names in the fake server that look alike to the caller; PROTOCOL/NAME where only in that protocol.
        what: the fault in words.
        reason: why there is no answer; None where there is one.
        calls: how often the model is called.
        stops: whether the whole run stops, since every other question would fail the same way.
    """

    faults: tuple[str, ...]
    what: str
    reason: FailureReason | None
    calls: int
    stops: bool

    @property
    def retries(self) -> str:
        """What is done about it, in words."""
        if self.reason in ("truncated", "empty-truncated"):
            return "1, with twice the limit"
        if self.calls == 1:
            return "0"
        return f"{self.calls - 1}, waiting longer each time" if self.calls == QUESTIONS.tries else f"{self.calls - 1}"

    @property
    def seen(self) -> str:
        """What the caller sees, in words."""
        if self.reason is None:
            return "`judged`"
        return "one message, exit code 2" if self.stops else f"`error`: `{self.reason}`"

    @property
    def verdict(self) -> str:
        """What becomes of the case."""
        return "as judged" if self.reason is None else "none yet" if self.stops else "`undetermined`"


def _row(what: str, *faults: str, reason: FailureReason | None, calls: int = 1, stops: bool = False) -> Row:
    return Row(faults=faults, what=what, reason=reason, calls=calls, stops=stops or reason in FATAL)


UNREACHED = _row(
    "connection refused or no such host, before any call has come through",
    reason="connection",
    calls=QUESTIONS.tries,
    stops=True,
)

ROWS: tuple[Row, ...] = (
    _row("token limit went into reasoning, no text", "reasoning-only", "reasoning-only-item",
         reason="empty-truncated", calls=2),
    _row("cut off by the token limit", "truncated", "cut-but-whole", reason="truncated", calls=2),
    _row("empty, though ended properly", "empty", "empty-item", "no-choices", reason="empty"),
    _row("refusal", "refusal", reason="refusal"),
    _row("content filter", "content-filter", reason="content-filter"),
    _row("a stop that is none of these", "pause", "unknown-stop", "openai-chat/no-choices", reason="failed"),
    _row("prose, fences or two answers instead of JSON; JSON cut short", "prose", "fenced", "two-answers",
         "truncated-end", reason="schema-invalid", calls=2),
    _row("another schema", "wrong-schema", "array", reason="schema-invalid", calls=2),
    _row("a value that is not on the menu", "wrong-enum", reason="value-invalid", calls=2),
    _row("units missing, double or unknown", "missing-unit", "extra-unit", "double-unit",
         reason="units-invalid", calls=2),
    _row("question longer than the model reads", "context", "context-stop", reason="context-exceeded"),
    _row("400, 413, 422", "400", "413", "422", reason="bad-request"),
    _row("429", "429", "429-retry-after", "429-retry-after-ms", reason="rate-limited", calls=QUESTIONS.tries),
    _row("429 that says not to come back", "429-stop", reason="rate-limited"),
    _row("529", "529", reason="overloaded", calls=QUESTIONS.tries),
    _row("500, 503, 409; a reply, or 200, that reports an error", "500", "503", "409", "failed", "error-200",
         reason="server-error", calls=QUESTIONS.tries),
    _row("time-out, 408", "hang", "408", reason="timeout", calls=QUESTIONS.tries),
    _row("connection reset or dropped half-way", "reset", "close", "reset-mid-body",
         reason="connection", calls=QUESTIONS.tries),
    _row("200 with HTML, half a reply or nothing", "html", "cut-json", "empty-body", "json-string",
         reason="not-an-api-response", calls=QUESTIONS.tries),
    UNREACHED,
    _row("invalid key", "401", "403", reason="invalid-key"),
    _row("unknown model", "404", "unknown-model", reason="unknown-model"),
    _row("no credit left", "quota", reason="quota"),
    _row("no word on what was used", "missing-usage", reason=None),
)  # fmt: skip


def row_of(fault: str, protocol: str) -> Row:
    """Return the row of a fault on a protocol."""
    rows = [row for name in (f"{protocol}/{fault}", fault) for row in ROWS if name in row.faults]
    return rows[0]


def cases() -> list[tuple[str, str]]:
    """Return every (protocol, fault) there is."""
    return [(protocol, fault) for protocol, absent in ABSENT.items() for fault in FAULTS if fault not in absent]


def markdown() -> str:
    """Return the table as it stands in the README."""
    lines = ["| fault | what you see | retries | verdict |", "| --- | --- | --- | --- |"]
    lines += [f"| {row.what} | {row.seen} | {row.retries} | {row.verdict} |" for row in ROWS]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
