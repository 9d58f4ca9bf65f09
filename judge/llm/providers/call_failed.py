"""The exception of a call that brought no reply."""

from __future__ import annotations

from judge.llm.reply import FATAL, Failure, FailureReason, is_transient


class CallFailed(Exception):
    """A call brought no reply.

    Attributes:
        reason: why, in our words.
        message: why, for people; holds no key.
        retry: whether the same call may well succeed later.
        retry_after_s: how long the server asks to wait, seconds; None if it does not say.
        billed: whether it may have been paid for: False no, None not known.
    """

    def __init__(
        self,
        reason: FailureReason,
        message: str,
        *,
        retry: bool,
        retry_after_s: float | None = None,
        billed: bool | None = None,
    ) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason: FailureReason = reason
        self.message = message
        self.retry = retry and reason not in FATAL
        self.retry_after_s = retry_after_s
        self.billed = billed

    @classmethod
    def of(cls, failure: Failure) -> CallFailed:
        """Make one of what a reader said of a reply that is none."""
        return cls(failure.reason, failure.message, retry=is_transient(failure.reason))

    @property
    def failure(self) -> Failure:
        """The reason and the message alone."""
        return Failure(reason=self.reason, message=self.message)
